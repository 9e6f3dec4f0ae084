namespace PipeServer.Fuzz.WebSockets;

/// <summary>What <see cref="Inflater"/> makes of a message.</summary>
internal enum InflateResult
{
    /// <summary>It is whole and right.</summary>
    Done,

    /// <summary>No decoder may take it.</summary>
    Corrupt,

    /// <summary>It ends within a block, or reaches back farther than was agreed on: decoders may notice or not.</summary>
    Doubtful,

    /// <summary>It is longer than may be.</summary>
    TooLong,
}
