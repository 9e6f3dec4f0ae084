namespace PipeServer.Fuzz;

/// <summary>What the reference parser makes of the bytes at the start of a stream.</summary>
/// <param name="Outcome">Whether there is a request, no request, or not yet either.</param>
internal sealed record ReferenceRequest(ReferenceOutcome Outcome)
{
    public static readonly ReferenceRequest Refused = new(ReferenceOutcome.Refused);
    public static readonly ReferenceRequest Incomplete = new(ReferenceOutcome.Incomplete);

    /// <summary>Everything that the head says, as text to compare.</summary>
    public string Meaning { get; init; } = "";

    public string Method { get; init; } = "";

    public int HeadLength { get; init; }

    /// <summary>Head and body.</summary>
    public int Length { get; init; }

    public bool KeepAlive { get; init; }

    public bool IsChunked { get; init; }

    public long ContentLength { get; init; }

    /// <summary>The status that the head gets without a handler: 400 or 417 for what is well-framed but wrong, or 0.</summary>
    public int OwnStatus { get; init; }

    /// <summary>What became of the body, when the head is complete.</summary>
    public ReferenceOutcome BodyOutcome { get; init; }

    /// <summary>The decoded body, as Latin-1.</summary>
    public string Body { get; init; } = "";

    /// <summary>The trailer lines that are not discarded.</summary>
    public string Trailers { get; init; } = "";
}
