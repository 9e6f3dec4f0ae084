using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using PipeServer.Http;
using PipeServer.Routing;
using PipeServer.Server;
using PipeServer.WebSockets;

namespace PipeServer;

/// <summary>
/// One request. Valid until the handler has ended: then the object serves other requests, of other clients too. Strings are made only when
/// asked for. Not thread-safe.
/// </summary>
public sealed class HttpRequest
{
    private const int LongestShownTarget = 512;

    private readonly RequestHead _head;
    private readonly Exchange _exchange;
    private readonly ITrailerSource _trailerSource;

    // Made when a handler asks.
    private HeaderCollection? _trailers;
    private RouteValues? _routeValues;
    private QueryCollection? _query;
    private RequestCookies? _cookies;

    internal HttpRequest(Exchange exchange, PipeReader body, ITrailerSource trailers)
    {
        _exchange = exchange;
        _head = exchange.Head;
        _trailerSource = trailers;
        Body = body;
        Headers = new HeaderCollection(_head.Fields, response: null);
    }

    /// <summary>The method as it was sent: <c>GET</c>, <c>POST</c>, … Methods are case-sensitive.</summary>
    public string Method => _head.Method == RequestMethod.Other ? OtherMethod() : RequestMethods.Name(_head.Method);

    /// <summary>
    /// Host and port that are asked for, as they were sent: the authority of an absolute target, which goes before the Host field and
    /// replaces its value (RFC 9112 §3.2.2), else the Host field; empty where a client of HTTP/1.0 names none.
    /// </summary>
    public string Host => Encoding.ASCII.GetString(_head.Host);

    /// <summary>The same as bytes, valid until the handler has ended.</summary>
    public ReadOnlySpan<byte> HostBytes => _head.Host;

    /// <summary>The request target as it was sent.</summary>
    public string Target => Encoding.ASCII.GetString(_head.TargetBytes);

    /// <summary>
    /// The path: percent-decoded once, dot segments removed, always starting with a slash. A slash that was sent encoded
    /// stays <c>%2F</c>, because it separates nothing, and bytes that are not UTF-8 stay encoded too (<c>%FF</c>): this is a text to show and
    /// to compare. Where two paths must never be one, go by <see cref="RawPath"/> or <see cref="PathBytes"/>.
    /// </summary>
    public string Path => RequestPath.ToText(_head.Path, slash: "%2F");

    /// <summary>
    /// The same path percent-encoded, whatever bytes it has, for links, keys, and names of files that are not UTF-8: one spelling for each
    /// path, hexadecimal digits in upper case, and nothing encoded that may stand as it is (RFC 3986 §3.3, §6.2.2). Decoded, it is
    /// <see cref="PathBytes"/>, but for an encoded slash, which is <c>%2F</c>. For the path as it was sent see <see cref="Target"/>.
    /// </summary>
    public string RawPath => RequestPath.ToEscaped(_head.Path);

    /// <summary>
    /// The decoded path as bytes, which need not be UTF-8; valid until the handler has ended, for handlers that must not allocate. A slash
    /// that was sent encoded is a zero byte here.
    /// </summary>
    public ReadOnlySpan<byte> PathBytes => _head.Path;

    /// <summary>The query without its question mark, as it was sent; empty when there is none.</summary>
    public string QueryString => Encoding.ASCII.GetString(_head.Query);

    /// <summary>The same as bytes, valid until the handler has ended.</summary>
    public ReadOnlySpan<byte> QueryBytes => _head.Query;

    /// <summary>The query's pairs, decoded: they can hold any character, line ends and NUL included.</summary>
    public QueryCollection Query => _query ??= new QueryCollection(_head);

    /// <summary>1.0 or 1.1. Later minor versions are served, and shown, as 1.1.</summary>
    public Version Version => _head.MinorVersion == 0 ? HttpVersion.Version10 : HttpVersion.Version11;

    /// <summary>The header fields.</summary>
    public HeaderCollection Headers { get; }

    /// <summary>
    /// The fields that came behind a chunked body (RFC 9112 §7.1.2): complete once <see cref="Body"/> has been read to its
    /// end, empty for every other body. Those that frame, route or authenticate a request are discarded (RFC 9110 §6.5.1).
    /// </summary>
    public HeaderCollection Trailers => _trailers ??= new HeaderCollection(_trailerSource.Trailers, response: null);

    /// <summary>What the route's parameters matched.</summary>
    public RouteValues RouteValues => _routeValues ??= new RouteValues(this, _head);

    /// <summary>The cookies that the client has sent.</summary>
    public RequestCookies Cookies => _cookies ??= new RequestCookies(_head.Fields);

    /// <summary>The body's length in bytes where the client named one; null for a chunked body, and when there is no body.</summary>
    public long? ContentLength => _head.Framing.HasContentLength ? _head.Framing.ContentLength : null;

    /// <summary>
    /// The body. Reading it sends <c>100 Continue</c> where the client waits for that. What the handler leaves unread is
    /// discarded.
    /// </summary>
    /// <remarks>
    /// Its reads throw <see cref="BadHttpRequestException"/> for a body that is malformed, over
    /// <see cref="HttpServerOptions.MaxRequestBodyBytes"/>, too slow or cut short, and <see cref="IOException"/> when the
    /// connection is gone.
    /// </remarks>
    public PipeReader Body { get; }

    /// <summary>
    /// The client's address, where the transport knows one. Behind trusted proxies it is the one that they name
    /// (<see cref="HttpServerOptions.ForwardedHeader"/>), with port 0 where they do not tell the port.
    /// </summary>
    public EndPoint? RemoteEndPoint => _exchange.IsCarried ? _exchange.RemoteEndPoint : null;

    /// <summary>
    /// <c>https</c> where the client has asked over TLS, else <c>http</c>; whatever scheme a target names. Where a trusted proxy says by what its own
    /// client has asked (<see cref="HttpServerOptions.ForwardedHeader"/>), that goes before it.
    /// </summary>
    public string Scheme => IsHttps ? "https" : "http";

    /// <summary>True where <see cref="Scheme"/> is <c>https</c>.</summary>
    public bool IsHttps => _exchange.IsCarried && _exchange.IsHttps;

    /// <summary>What the TLS handshake of the connection has agreed on; null where the connection is not encrypted.</summary>
    public TlsConnectionInfo? Tls => Connection?.Tls;

    /// <summary>Cancelled when the client is gone or the server's grace period has ended: stop now, nobody reads the answer.</summary>
    public CancellationToken Aborted => Connection?.Aborted ?? CancellationToken.None;

    /// <summary>Cancelled when the server starts to stop: finish what you have. Streams without an end should end here.</summary>
    public CancellationToken Draining => Connection?.Draining ?? CancellationToken.None;

    /// <summary>What handlers and filters keep for the rest of the request. Forgotten with it.</summary>
    public IDictionary<object, object?> Items => _exchange.Extras.Items ??= [];

    /// <summary>
    /// Reads the body to its end and makes a value of it, which must be JSON in UTF-8 (RFC 8259). The metadata decide on depth, comments, unknown and duplicate
    /// properties, and on what must be there.
    /// </summary>
    /// <remarks>
    /// The body is held in memory until it is complete, and parsed where it lies: one that has arrived with its request costs nothing but the value. A byte
    /// order mark is passed over. A handler that lets the exception pass has its client answered with its status and a line of text, which names the place by
    /// properties that the type has, line and byte, and nothing that the client has sent.
    /// </remarks>
    /// <param name="typeInfo">The metadata of a source-generated context.</param>
    /// <param name="maxBytes">
    /// The most bytes to read; null for 1 MiB. More than the server takes (<see cref="HttpServerOptions.MaxRequestBodyBytes"/>) is never read.
    /// </param>
    /// <param name="cancellationToken">Ends the wait for the client.</param>
    /// <exception cref="ArgumentOutOfRangeException">The most bytes are not positive.</exception>
    /// <exception cref="BadHttpRequestException">
    /// 400: the body is malformed, empty, does not fit the type, has something behind the value, or is <c>null</c> where the type is not a <see
    /// cref="Nullable{T}"/>;
    /// 413: it is too large; 415: Content-Type is neither <c>application/json</c> nor a type with the suffix <c>+json</c>, names another charset than UTF-8, or
    /// the body is compressed; and what else reading it throws, see <see cref="Body"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public ValueTask<T> ReadJsonAsync<T>(JsonTypeInfo<T> typeInfo, long? maxBytes = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBytes ?? JsonBody.DefaultMaxBytes, nameof(maxBytes));
        return JsonBody.ReadAsync(this, typeInfo, maxBytes ?? JsonBody.DefaultMaxBytes, cancellationToken);
    }

    /// <summary>Accepts the WebSocket that the client has asked for (RFC 6455). The connection ends when the handler does.</summary>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="BadHttpRequestException">
    /// The request is no handshake, or one that is refused. A handler that lets it pass has its client answered as the standard says: 400, 403, 426.
    /// </exception>
    public ValueTask<WebSocket> AcceptWebSocketAsync(WebSocketAcceptOptions? options = null) =>
        WebSocketHandshake.AcceptAsync(this, _exchange.Response, options ?? new WebSocketAcceptOptions());

    /// <summary>
    /// The method and the target as it was sent, for logs: nothing in it is decoded, so nothing in it can forge a line. What is longer than
    /// 512 characters is cut.
    /// </summary>
    public override string ToString()
    {
        var target = _head.TargetBytes;
        return target.Length <= LongestShownTarget
            ? $"{Method} {Encoding.ASCII.GetString(target)}"
            : $"{Method} {Encoding.ASCII.GetString(target[..LongestShownTarget])}…";
    }

    /// <summary>What it is the request of.</summary>
    internal Exchange Exchange => _exchange;

    /// <summary>The pattern of the route that the request has taken; null where it has none.</summary>
    internal RoutePattern? Route
    {
        get;
        set
        {
            // Mostly the same one as for the connection's last request, and then there is nothing for the collector to be told.
            if (field != value)
            {
                field = value;
            }
        }
    }

    // Null for a handler that has kept the request beyond its end, as long as nobody else has got it.
    private Connection? Connection => _exchange.IsCarried ? _exchange.Connection : null;

    // Apart, so that the usual ones cost little.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private string OtherMethod() => Encoding.ASCII.GetString(_head.MethodBytes);
}
