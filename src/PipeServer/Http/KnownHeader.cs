namespace PipeServer.Http;

/// <summary>The header fields whose meaning the server itself acts on.</summary>
internal enum KnownHeader : byte
{
    Other,
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    Expect,
    Date,
    Server,
    ContentType,

    /// <summary><c>Content_Length</c> or <c>Transfer_Encoding</c>: a gateway behind us may read it as the field with a hyphen.</summary>
    Lookalike,
}
