namespace Difference.Runner;

/// <summary>A difference of some requests that stays: what it shows in, and why.</summary>
/// <param name="Requests">The requests' names; each must show it.</param>
/// <param name="What">All that differs, as a <see cref="Finding"/> says it. Where it is the status, the rest of the answer follows from that.</param>
/// <param name="Reason">Why PipeServer does otherwise.</param>
internal sealed record KnownDifference(IReadOnlyList<string> Requests, IReadOnlyList<string> What, string Reason)
{
    /// <summary>Over which versions it shows: 1, 2, or 0 for both.</summary>
    public int Version { get; init; }

    public bool Covers(string request, int version) => (Version == 0 || Version == version) && Requests.Contains(request);
}
