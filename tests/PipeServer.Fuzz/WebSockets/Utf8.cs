namespace PipeServer.Fuzz.WebSockets;

/// <summary>What bytes are as UTF-8 (RFC 3629), found out the naive way.</summary>
internal enum Utf8
{
    /// <summary>A text.</summary>
    Whole,

    /// <summary>A text, and the beginning of a character.</summary>
    Half,

    /// <summary>No text begins so.</summary>
    Wrong,
}
