namespace Difference.Runner;

/// <summary>What a server answered, as far as a client can see it.</summary>
internal sealed record Answer
{
    /// <summary>Status of each interim answer (100, 103) before the last one.</summary>
    public IReadOnlyList<int> Interim { get; init; } = [];

    /// <summary>0 where the connection ended without an answer.</summary>
    public int Status { get; init; }

    public string Reason { get; init; } = "";

    /// <summary>Every header line, the names in lower case, in the order of arrival.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public byte[] Body { get; init; } = [];

    public IReadOnlyList<(string Name, string Value)> Trailers { get; init; } = [];

    /// <summary>False where the body broke off before its announced end.</summary>
    public bool IsComplete { get; init; } = true;

    /// <summary>Whether another request on the same connection was answered; null where the protocol does not ask that.</summary>
    public bool? StaysOpen { get; init; }
}
