using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// What <see cref="HttpRequest"/> asks of a body beside its bytes. Few bodies have fields behind them, and few handlers ask: what holds those is made
/// when one does.
/// </summary>
internal interface IRequestBody
{
    /// <summary>The fields behind the body of the request in progress (RFC 9112 §7.1.2); none before it is read to its end.</summary>
    HeaderFields Trailers { get; }

    /// <summary>True when every byte of the body has been read, so that its trailers are here; also where there is no body.</summary>
    bool IsFullyRead { get; }

    /// <summary>True once the handler has asked for the body's bytes: what it is read by cannot be changed any more.</summary>
    bool IsTouched { get; }
}
