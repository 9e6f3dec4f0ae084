using System.Net.WebSockets;
using PipeServer.WebSockets;

namespace PipeServer;

/// <summary>
/// How a WebSocket is accepted: <see cref="HttpRequest.AcceptWebSocketAsync"/>. Make one object at start and use it for all requests: it is checked when
/// it is first used, and may be used by many threads; it is not to be changed from then on.
/// </summary>
public sealed class WebSocketAcceptOptions
{
    private WebSocketRules? _rules;

    /// <summary>
    /// The sub-protocols that the application speaks, the one it likes best first (RFC 6455 §1.9): tokens, each once. The first of these that a client
    /// offers is chosen; a client that offers none of them is connected without one, and closes the connection if it cannot do without.
    /// </summary>
    public IReadOnlyList<string> SubProtocols { get; set => Set(out field, value); } = [];

    /// <summary>
    /// The origins whose pages may connect, as browsers send them: <c>https://example.org</c>, <c>http://localhost:8080</c>, or <c>null</c> for pages that
    /// have none. Empty for all. A client that sends no Origin is no browser's page, and is not asked (RFC 6455 §10.2).
    /// </summary>
    public IReadOnlyList<string> AllowedOrigins { get; set => Set(out field, value); } = [];

    /// <summary>
    /// permessage-deflate (RFC 7692) as the framework has it; null, the default, for none: it costs each connection up to 300 KB, and a secret in a message
    /// beside text that an attacker chooses may be guessed by the message's length.
    /// </summary>
    public WebSocketDeflateOptions? Deflate { get; set => Set(out field, value); }

    /// <summary>The longest message in bytes, decompressed; a longer one ends the connection with 1009. 1 MiB unless set; at least 1.</summary>
    public long MaxMessageBytes { get; set => Set(out field, value); } = 1024 * 1024;

    /// <summary>
    /// A client that has been silent for so long is sent a ping. 30 seconds unless set; <see cref="Timeout.InfiniteTimeSpan"/> for never. As all of
    /// these times, it is kept to a beat of a quarter of a second.
    /// </summary>
    public TimeSpan KeepAliveInterval { get; set => Set(out field, value); } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A client that has not answered a ping for so long is cut off. 20 seconds unless set; <see cref="Timeout.InfiniteTimeSpan"/> for never. Only while
    /// the application receives: else nobody would see an answer.
    /// </summary>
    public TimeSpan KeepAliveTimeout { get; set => Set(out field, value); } = TimeSpan.FromSeconds(20);

    /// <summary>A client that has sent no message for so long is sent a close frame with 1001. Never, unless set.</summary>
    public TimeSpan IdleTimeout { get; set => Set(out field, value); } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How long a client that was sent a close frame may take to answer it before it is cut off. 5 seconds unless set; in a drain it has until the end of
    /// the grace period.
    /// </summary>
    public TimeSpan CloseTimeout { get; set => Set(out field, value); } = TimeSpan.FromSeconds(5);

    /// <summary>The same as it is used, checked.</summary>
    /// <exception cref="ArgumentException">A value is not one that can be used.</exception>
    internal WebSocketRules Rules => _rules ??= new WebSocketRules(this);

    private void Set<T>(out T field, T value)
    {
        field = value;
        _rules = null;
    }
}
