namespace Difference.Runner;

/// <summary>A difference that is meant to be: what it shows in, and why it stays.</summary>
/// <param name="Request">The request's name, or its beginning and a '*': then every request of such a name must show it.</param>
/// <param name="What">All that differs, as a <see cref="Finding"/> says it.</param>
/// <param name="Reason">Why PipeServer does otherwise.</param>
internal sealed record KnownDifference(string Request, IReadOnlyList<string> What, string Reason)
{
    /// <summary>Over which versions it shows: 1, 2, or 0 for both.</summary>
    public int Version { get; init; }

    public bool Covers(string request, int version) =>
        (Version == 0 || Version == version) && (Request[^1] == '*' ? request.StartsWith(Request[..^1], StringComparison.Ordinal) : request == Request);
}
