namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>What may become of one stream.</summary>
internal sealed class StreamExpectation
{
    /// <summary>A complete good answer has to come, unless the connection ends before, as it may.</summary>
    public bool MustBeAnswered { get; set; }

    /// <summary>It has to be reset, or refused by an answer, unless the connection ends before, as it may.</summary>
    public bool MustBeRefused { get; set; }

    /// <summary>The good answer's body; null where nobody can know it, or where no good answer may come.</summary>
    public byte[]? Body { get; set; }

    /// <summary>The good answer may come.</summary>
    public bool MayBeGood { get; set; }

    /// <summary>An error of the client's may be answered, or one that says that the server lacks something.</summary>
    public bool MayBeRefused { get; set; }

    /// <summary>The request is a HEAD.</summary>
    public bool IsHead { get; set; }

    /// <summary>The codes that it may be reset with.</summary>
    public HashSet<int> ResetCodes { get; } = [];
}
