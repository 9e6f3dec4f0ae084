namespace PipeServer.Http.Hpack;

/// <summary>What has become of a header block.</summary>
internal enum HeadStatus : byte
{
    /// <summary>It is a head, or a trailer section, as RFC 9113 §8.2 and §8.3 want it.</summary>
    Complete,

    /// <summary>
    /// It cannot be decoded, or stands for so much that nobody goes on with it, and the state of the decoder is lost: COMPRESSION_ERROR of the connection
    /// (RFC 9113 §4.3).
    /// </summary>
    CompressionError,

    /// <summary>It was decoded, and is malformed (RFC 9113 §8.1.1): PROTOCOL_ERROR of its stream.</summary>
    Malformed,

    /// <summary>It was decoded, and is longer than the server takes: answered with 431.</summary>
    TooLarge,
}
