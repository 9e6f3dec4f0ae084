namespace PipeServer.Fuzz.WebSockets;

/// <summary>What <see cref="Inflater"/> makes of a message.</summary>
internal enum InflateResult
{
    /// <summary>It is whole and right.</summary>
    Done,

    /// <summary>No decoder may take it.</summary>
    Corrupt,

    /// <summary>
    /// It reaches back farther than was agreed on: decoders may notice or not. Or a block says that it is the stream's last (RFC 7692
    /// §7.2.3.4), which the framework's decompressor does not go beyond.
    /// </summary>
    Doubtful,

    /// <summary>It ends within a block.</summary>
    Unfinished,

    /// <summary>It is longer than may be.</summary>
    TooLong,
}
