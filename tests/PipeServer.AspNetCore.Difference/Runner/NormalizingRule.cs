using System.Text.RegularExpressions;

namespace Difference.Runner;

/// <summary>What differs between any two answers, also of one server, and what stands in its place when answers are compared.</summary>
/// <param name="Name">What it is, for the reader of a failure.</param>
/// <param name="Pattern">Where it is found.</param>
/// <param name="Replacement">What is compared instead.</param>
internal sealed record NormalizingRule(string Name, Regex Pattern, string Replacement);
