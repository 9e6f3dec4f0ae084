using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>A body behind which fields can come. Few requests have any, and few handlers ask: what holds them is made when one does.</summary>
internal interface ITrailerSource
{
    /// <summary>The fields behind the body of the request in progress (RFC 9112 §7.1.2); none before it is read to its end.</summary>
    HeaderFields Trailers { get; }
}
