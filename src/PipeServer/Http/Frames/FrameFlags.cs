namespace PipeServer.Http.Frames;

/// <summary>The flags of frames (RFC 9113 §6).</summary>
[Flags]
internal enum FrameFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>
    /// Of DATA and HEADERS: the sender has no more for this stream. Of SETTINGS and PING: the same was received, see <see cref="FrameHeader.Ack"/>.
    /// </summary>
    EndStream = 1,

    /// <summary>Of HEADERS and CONTINUATION: the header block ends here.</summary>
    EndHeaders = 4,

    /// <summary>Of DATA and HEADERS: there is padding.</summary>
    Padded = 8,

    /// <summary>Of HEADERS: five bytes of priority, which nobody follows any more.</summary>
    Priority = 32,
}
