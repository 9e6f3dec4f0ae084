using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>
/// The client wants to speak another protocol on the request's stream of HTTP/2 (RFC 8441). The middleware for WebSockets looks here too; what it then sets
/// as the request's feature accepts by <see cref="Http2WebSocket"/>, because the server has WebSockets of its own there.
/// </summary>
internal sealed class ExtendedConnect(ResponseFeatures features) : IHttpExtendedConnectFeature
{
    private bool _isAccepted;

    public bool IsExtendedConnect => true;

    public string? Protocol { get; } = features.Request.ConnectProtocol;

    public async ValueTask<Stream> AcceptAsync()
    {
        if (_isAccepted)
        {
            throw new InvalidOperationException("The stream has been accepted already.");
        }

        _isAccepted = true;
        await features.BeginSwitchAsync(StatusCodes.Status200OK).ConfigureAwait(false);
        return new DuplexPipeStream(await features.Request.AcceptConnectAsync().ConfigureAwait(false), features);
    }
}
