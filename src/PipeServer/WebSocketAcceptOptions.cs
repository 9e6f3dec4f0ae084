using System.Net.WebSockets;

namespace PipeServer;

/// <summary>How a WebSocket is accepted: <see cref="HttpRequest.AcceptWebSocketAsync"/>. Make one object at start and use it for all requests; it is not changed by them.</summary>
public sealed class WebSocketAcceptOptions
{
    /// <summary>The sub-protocols that the application speaks, the one it likes best first (RFC 6455 §1.9). Of those that a client offers, the first of these is chosen.</summary>
    public IReadOnlyList<string> SubProtocols { get; set; } = [];

    /// <summary>
    /// The origins whose pages may connect, as browsers send them: <c>https://example.org</c>, <c>http://localhost:8080</c>. Empty for all. A client
    /// that sends no Origin is no browser's page, and is not asked (RFC 6455 §10.2).
    /// </summary>
    public IReadOnlyList<string> AllowedOrigins { get; set; } = [];

    /// <summary>permessage-deflate (RFC 7692) as the framework has it; null, the default, for none: it costs memory for each connection, see there.</summary>
    public WebSocketDeflateOptions? Deflate { get; set; }

    /// <summary>The longest message in bytes, decompressed; a longer one ends the connection with 1009. 1 MiB unless set.</summary>
    public long MaxMessageBytes { get; set; } = 1024 * 1024;

    /// <summary>A client that has been silent for so long is sent a ping. 30 seconds unless set; <see cref="Timeout.InfiniteTimeSpan"/> for never.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A client that has not answered a ping for so long is cut off. 20 seconds unless set.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>A client that has sent no message for so long is sent a close frame with 1001. Never, unless set.</summary>
    public TimeSpan IdleTimeout { get; set; } = Timeout.InfiniteTimeSpan;
}
