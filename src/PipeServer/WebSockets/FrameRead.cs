namespace PipeServer.WebSockets;

/// <summary>What <see cref="FrameReader"/> has found.</summary>
internal enum FrameRead
{
    /// <summary>Nothing to tell before more bytes come.</summary>
    NeedsMore,

    /// <summary>Bytes of a message, or its end.</summary>
    Data,

    /// <summary>The client's close frame.</summary>
    Close,

    /// <summary>The client has broken a rule: <see cref="FrameReader.Violation"/>.</summary>
    Violation,
}
