namespace PipeServer.Http;

/// <summary>Why a request is refused. What each means on the wire is in <see cref="RequestErrors"/>.</summary>
internal enum RequestError : byte
{
    None,

    // The request line
    TooManyEmptyLines,
    BareLineFeed,
    BareCarriageReturn,
    BadRequestLine,
    BadMethod,
    BadTarget,
    TargetTooLong,
    BadVersion,
    UnsupportedVersion,

    // The field section
    LeadingWhiteSpace,
    MissingColon,
    BadFieldName,
    BadFieldValue,
    LookalikeField,
    TooManyFields,
    HeadTooLarge,

    // Host
    MissingHost,
    SeveralHosts,
    BadHost,

    // Framing
    BadContentLength,
    SeveralContentLengths,
    ContentLengthWithTransferEncoding,
    TransferEncodingInHttp10,
    BadTransferEncoding,
    UnknownTransferCoding,
    BodyTooLarge,
    BadChunkSize,
    BadChunkExtension,
    ChunkExtensionsTooLong,
    BadChunkEnd,
    BadTrailer,
    TrailersTooLarge,
    UnexpectedEnd,

    // HTTP/2: the stream is reset
    BadPseudoHeader,
    ConnectionSpecificField,
    ContentLengthMismatch,

    // Well-framed requests that cannot be served: the connection stays usable
    BadPercentEncoding,
    PathAboveRoot,
    UnknownMethod,
    UnsupportedExpectation,
    TooManyRequests,
    NotFound,
    MethodNotAllowed,

    // Handshakes of WebSockets, which their handlers refuse
    UpgradeRequired,
    BadWebSocketHandshake,
    OriginNotAllowed,

    // The server's side
    HeadTimeout,
    BodyTimeout,
    HandlerFault,
    QueueFull,
    QueueTimeout,
    TooManyConnections,
    TooManyHandshakes,
    PlainHttp,
    Misdirected,
}
