using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>A WebSocket over HTTP/2: the middleware decides whether it is one, and the server accepts it.</summary>
internal sealed class Http2WebSocket(IHttpWebSocketFeature middleware, ResponseFeatures features) : IHttpWebSocketFeature
{
    public bool IsWebSocketRequest => middleware.IsWebSocketRequest;

    public async Task<WebSocket> AcceptAsync(WebSocketAcceptContext context)
    {
        if (!IsWebSocketRequest)
        {
            throw new InvalidOperationException("Not a WebSocket request.");
        }

        var options = new WebSocketAcceptOptions
        {
            SubProtocols = context.SubProtocol is { } subProtocol ? [subProtocol] : [],
            MaxMessageBytes = long.MaxValue, // the application reads a message part by part, as over HTTP/1.1
        };
        if (context.KeepAliveInterval is { } interval)
        {
            options.KeepAliveInterval = interval == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : interval;
        }

        if (context.KeepAliveTimeout is { } timeout)
        {
            options.KeepAliveTimeout = timeout;
        }

        if (context.DangerousEnableCompression)
        {
            options.Deflate = new WebSocketDeflateOptions
            {
                ServerContextTakeover = !context.DisableServerContextTakeover,
                ServerMaxWindowBits = context.ServerMaxWindowBits,
            };
        }

        await features.BeginSwitchAsync(StatusCodes.Status200OK).ConfigureAwait(false);
        return await features.Request.AcceptWebSocketAsync(options).ConfigureAwait(false);
    }
}
