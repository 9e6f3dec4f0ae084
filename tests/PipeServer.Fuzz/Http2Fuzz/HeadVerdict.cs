namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>What a server may think of a request's head.</summary>
internal enum HeadVerdict
{
    /// <summary>It is right, and everybody sees it.</summary>
    Right,

    /// <summary>It is malformed (RFC 9113 §8.1.1), and everybody has to see it.</summary>
    Malformed,

    /// <summary>Servers differ, or have limits of their own.</summary>
    Doubtful,
}
