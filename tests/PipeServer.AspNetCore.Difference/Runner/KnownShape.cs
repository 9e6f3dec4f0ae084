namespace Difference.Runner;

/// <summary>A difference of many requests that is meant to be, told by how the two answers look.</summary>
/// <param name="Witness">The request that must show it over HTTP/1.1; where it does not, the shape is out of date.</param>
/// <param name="Applies">Whether the answers of Kestrel and of PipeServer, in this order, have the shape.</param>
/// <param name="What">All that may differ then, as findings say it.</param>
/// <param name="Reason">Why PipeServer does otherwise.</param>
internal sealed record KnownShape(string Witness, Func<Answer, Answer, bool> Applies, IReadOnlyList<string> What, string Reason);
