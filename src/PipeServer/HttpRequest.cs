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
    private const uint Cancel = 8; // RFC 9113 §7: the stream is not wanted any more

    private readonly RequestHead _head;
    private readonly Exchange _exchange;
    private readonly IRequestBody _body;

    // Made when a handler asks.
    private HeaderCollection? _trailers;
    private RouteValues? _routeValues;
    private QueryCollection? _query;
    private RequestCookies? _cookies;

    internal HttpRequest(Exchange exchange, PipeReader reader, IRequestBody body)
    {
        _exchange = exchange;
        _head = exchange.Head;
        _body = body;
        Body = reader;
        Headers = new HeaderCollection(_head.Fields, response: null);
    }

    /// <summary>
    /// The method as it was sent: <c>GET</c>, <c>POST</c>, … Methods are case-sensitive. A WebSocket of HTTP/2 is asked for by <c>CONNECT</c> (RFC 8441), which
    /// routes take for a <c>GET</c>.
    /// </summary>
    public string Method => _head.Method == RequestMethod.Other ? OtherMethod() : RequestMethods.Name(_head.Method);

    /// <summary>The same as bytes, valid until the handler has ended, as all bytes of a request are.</summary>
    public ReadOnlySpan<byte> MethodBytes => _head.MethodBytes;

    /// <summary>
    /// Host and port that are asked for, as they were sent: the authority of an absolute target, which goes before the Host field and
    /// replaces its value (RFC 9112 §3.2.2), else the Host field; empty where a client of HTTP/1.0 names none.
    /// </summary>
    public string Host => Encoding.ASCII.GetString(_head.Host);

    /// <summary>The same as bytes, valid until the handler has ended.</summary>
    public ReadOnlySpan<byte> HostBytes => _head.Host;

    /// <summary>The request target as it was sent.</summary>
    public string Target => Encoding.ASCII.GetString(_head.TargetBytes);

    /// <summary>The same as bytes, valid until the handler has ended.</summary>
    public ReadOnlySpan<byte> TargetBytes => _head.TargetBytes;

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

    /// <summary>1.0, 1.1 or 2.0. Later minor versions of HTTP/1 are served, and shown, as 1.1.</summary>
    public Version Version => _head.IsHttp2 ? HttpVersion.Version20 : _head.IsHttp10 ? HttpVersion.Version10 : HttpVersion.Version11;

    /// <summary>
    /// The digit behind the point of <see cref="Version"/>, for handlers that must not allocate: 0 or 1 of HTTP/1; 0 of every version after it, which
    /// have none (RFC 9110 §2.5).
    /// </summary>
    public int MinorVersion => _head.MinorVersion;

    /// <summary>The header fields.</summary>
    public HeaderCollection Headers { get; }

    /// <summary>
    /// The fields that came behind a chunked body (RFC 9112 §7.1.2): complete once <see cref="Body"/> has been read to its
    /// end, empty for every other body. Those that frame, route or authenticate a request are discarded (RFC 9110 §6.5.1).
    /// </summary>
    public HeaderCollection Trailers => _trailers ??= new HeaderCollection(_body.Trailers, response: null);

    /// <summary>
    /// True once <see cref="Trailers"/> is complete: the body has been read to its end. For a request without a body at once, and for a body that can
    /// have no trailers no later than for others.
    /// </summary>
    public bool AreTrailersAvailable => _exchange.IsCarried && _body.IsFullyRead;

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
    /// <see cref="MaxBodyBytes"/>, too slow or cut short, and <see cref="IOException"/> when the
    /// connection is gone.
    /// </remarks>
    public PipeReader Body { get; }

    /// <summary>
    /// What the body may have at most, in bytes; null: no limit. Default: <see cref="HttpServerOptions.MaxRequestBodyBytes"/>. Can be set until the body is
    /// first read: the reads of a longer one throw <see cref="BadHttpRequestException"/> with status 413, by the length that the client has named before any
    /// of it is read. What the handler leaves unread breaks no limit that it has lowered.
    /// </summary>
    /// <remarks>
    /// A request whose length is over the server's limit is refused before its handler is called: of its route only a function that chooses where the handler
    /// runs is asked before, and may raise the limit. A handler itself can raise it for a body in chunks, whose length nobody names.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <exception cref="InvalidOperationException">The body is being read.</exception>
    public long? MaxBodyBytes
    {
        get => _exchange.IsCarried && _exchange.MaxBodyBytes is < long.MaxValue and var limit ? limit : null;
        set
        {
            if (value is { } limit)
            {
                ArgumentOutOfRangeException.ThrowIfNegative(limit, nameof(value));
            }

            if (MayChangeBody())
            {
                _exchange.Extras.MaxBodyBytes = value ?? long.MaxValue;
            }
        }
    }

    /// <summary>
    /// The least rate, in bytes a second, at which the body must come: a read of one that is slower, once five seconds of waiting for it are over, throws
    /// <see cref="BadHttpRequestException"/> with status 408. 0: any. Default: the server's <see cref="HttpServerOptions.MinDataRate"/>. Can be set until the
    /// body is first read; <see cref="HttpServerOptions.RequestBodyTimeout"/> holds all the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    /// <exception cref="InvalidOperationException">The body is being read.</exception>
    public int MinBodyDataRate
    {
        get => _exchange.IsCarried ? _exchange.MinBodyDataRate : 0;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (MayChangeBody())
            {
                _exchange.Extras.MinBodyDataRate = value;
            }
        }
    }

    /// <summary>
    /// The client's address, where the transport knows one. Behind trusted proxies it is the one that they name
    /// (<see cref="HttpServerOptions.ForwardedHeader"/>), with port 0 where they do not tell the port.
    /// </summary>
    public EndPoint? RemoteEndPoint => _exchange.IsCarried ? _exchange.RemoteEndPoint : null;

    /// <summary>
    /// The address that the client has connected to, where the transport knows one: of a connection with a PROXY header, the one that its proxy names.
    /// It costs a system call when it is first asked for on a connection.
    /// </summary>
    public EndPoint? LocalEndPoint => Connection?.LocalEndPoint;

    /// <summary>The number of the connection that carries the request: from 1 on, in the order of the accepts; 0 once the handler has ended.</summary>
    public long ConnectionId => Connection?.Id ?? 0;

    /// <summary>
    /// What handlers keep for as long as the client's connection lasts: null on a new one, and the same for each of its requests, those that run beside
    /// each other too. Forgotten when the connection ends; to dispose of it is its owner's business (<see cref="Aborted"/> need not be cancelled by then).
    /// Only one is kept: a framework wraps it.
    /// </summary>
    /// <remarks>What is set once the handler has ended is not kept.</remarks>
    public object? PersistentState
    {
        get => Connection?.PersistentState;
        set
        {
            if (Connection is { } connection)
            {
                connection.PersistentState = value;
            }
        }
    }

    /// <summary>Keeps this as the <see cref="PersistentState"/>, unless there is one: of requests of a connection that do so at once, one wins.</summary>
    /// <param name="state">What to keep.</param>
    /// <returns>What is kept now: this, or what was there before. Once the handler has ended always this, and it is not kept.</returns>
    public object AddPersistentState(object state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Connection?.AddPersistentState(state) ?? state;
    }

    /// <summary>
    /// <c>https</c> where the client has asked over TLS, else <c>http</c>; whatever scheme a target names. Where a trusted proxy says by what its own
    /// client has asked (<see cref="HttpServerOptions.ForwardedHeader"/>), that goes before it.
    /// </summary>
    public string Scheme => IsHttps ? "https" : "http";

    /// <summary>True where <see cref="Scheme"/> is <c>https</c>.</summary>
    public bool IsHttps => _exchange.IsCarried && _exchange.IsHttps;

    /// <summary>What the TLS handshake of the connection has agreed on; null where the connection is not encrypted.</summary>
    public TlsConnectionInfo? Tls => Connection?.Tls;

    /// <summary>
    /// Cancelled when the client is gone, the server's grace period has ended, or the request was aborted (<see cref="Abort()"/>): stop now, nobody reads the
    /// answer.
    /// </summary>
    public CancellationToken Aborted => _exchange.IsCarried ? _exchange.Aborted : CancellationToken.None;

    /// <summary>
    /// Cancelled when the client has ended its side of the connection, or <see cref="Aborted"/> is, whether or not anybody reads: for work that is not worth
    /// going on with once the client has most likely left. So end those that leave, and a few that still read their answers (<c>nc -N</c>; RFC 9112 §9.6):
    /// the server goes on to answer them, so whoever stops here decides that they get nothing.
    /// </summary>
    /// <remarks>
    /// Over HTTP/2 the end of the whole connection is meant: GOAWAY leaves its streams as they are (RFC 9113 §6.8). Over TLS the end of the transport
    /// beneath is noticed at once, a mere close_notify when it is read. What the client has sent before its end may still be there to be read; over the
    /// sockets transport more than some 32 KiB that nobody reads hide the end. A handler that runs inline and holds its thread hears of nothing.
    /// </remarks>
    public CancellationToken HalfClosed => _exchange.IsCarried ? _exchange.HalfClosed : CancellationToken.None;

    /// <summary>Cancelled when the server starts to stop: finish what you have. Streams without an end should end here.</summary>
    public CancellationToken Draining => Connection?.Draining ?? CancellationToken.None;

    /// <summary>
    /// What handlers and filters keep for the rest of the request. Made when it is first asked for, and forgotten with the request. As the request, not
    /// thread-safe.
    /// </summary>
    public IDictionary<object, object?> Items => _exchange.IsCarried ? _exchange.Extras.Items ??= [] : new Dictionary<object, object?>();

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

    /// <summary>
    /// Ends the request now, without the rest of its answer: over HTTP/1 its connection is reset, so that the client cannot take what it has got for a whole
    /// answer. <see cref="Aborted"/> is cancelled, reads of the body throw <see cref="IOException"/>, and what is written from now on goes nowhere, without an
    /// exception. The request counts as aborted; whether the handler then returns or throws is no fault.
    /// </summary>
    /// <remarks>
    /// From the handler, or from any thread that has the request from it, until the handler has ended; may be called again. Answers to earlier requests
    /// that their client has sent in one batch still go out, if need be once the handler has returned; one that goes on for more than a quarter of a second
    /// is not waited for. Has no effect on a request that is answered, nor on one whose object nobody uses any more. Whoever may be late waits for
    /// <see cref="Aborted"/> or keeps a lock of its own: the object serves the next client then.
    /// </remarks>
    public void Abort() => _exchange.Abort(Cancel);

    /// <summary>The same with what the client is told over HTTP/2, whose RST_STREAM has an error code. HTTP/1 has none, and ignores it.</summary>
    /// <remarks>RST_STREAM comes behind what was flushed before, as far as the client's windows let that through at once.</remarks>
    /// <param name="errorCode">One of RFC 9113 §7 or of the client's protocol above, as it goes out. <see cref="Abort()"/> says CANCEL, 8.</param>
    public void Abort(uint errorCode) => _exchange.Abort(errorCode);

    /// <summary>
    /// The protocol that the client wants to speak on the request's stream of HTTP/2, by an extended CONNECT (RFC 8441 §4), as it was sent:
    /// <c>websocket</c> for instance. Null for every other request.
    /// </summary>
    public string? ConnectProtocol => _head.IsExtendedConnect ? Encoding.ASCII.GetString(_head.ConnectProtocol) : null;

    /// <summary>
    /// Takes that stream over: answers 200 (RFC 8441 §4) with the response's fields, and hands it to the handler, as <see cref="HttpResponse.UpgradeAsync"/>
    /// does a connection of HTTP/1.1. For a WebSocket with its frames: <see cref="AcceptWebSocketAsync"/>.
    /// </summary>
    /// <returns>What the client sends in the stream's DATA frames, and the way to it. Both end with the handler.</returns>
    /// <exception cref="InvalidOperationException">The request is no extended CONNECT, or the response has been started.</exception>
    /// <exception cref="IOException">The stream was reset.</exception>
    public ValueTask<IDuplexPipe> AcceptConnectAsync() => _head.IsExtendedConnect
        ? _exchange.Response.SwitchAsync(200)
        : throw new InvalidOperationException("Only an extended CONNECT (RFC 8441) has a stream to hand over; see ConnectProtocol.");

    /// <summary>True when the client asks for a WebSocket (RFC 6455 §4.2.1, RFC 8441 §5); whether its handshake is well-formed, the acceptance tells.</summary>
    public bool IsWebSocketRequest => WebSocketHandshake.IsAsked(_head);

    /// <summary>
    /// Accepts the WebSocket that the client has asked for (RFC 6455). The connection, or the stream of HTTP/2, ends when the handler does: one that has
    /// not closed the WebSocket has it closed, with the client's own status where that has closed it, with 1000 else, 1001 in a stop, and with 1011 after
    /// an exception.
    /// </summary>
    /// <remarks>
    /// <para>
    /// A receive without a buffer waits for something to come, and holds no memory meanwhile; it takes nothing, not even a close frame. One receive and one
    /// send may be in progress at a time. A receive that is cancelled aborts the connection.
    /// </para>
    /// <para>
    /// When the server begins to stop, each client is sent a close frame with 1001, whatever the handler does: it goes on receiving until the client's
    /// own close frame comes, and its sends throw; to close then too is no error. What a client or a stop makes the socket throw is no fault of a handler
    /// that lets it pass.
    /// </para>
    /// </remarks>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="BadHttpRequestException">
    /// The request is no handshake, or one that is refused. A handler that lets it pass has its client answered as the standard says: 400, 403, 426.
    /// </exception>
    /// <exception cref="ArgumentException">A value of the options is not one that can be used.</exception>
    /// <exception cref="InvalidOperationException">The response has been started.</exception>
    public ValueTask<WebSocket> AcceptWebSocketAsync(WebSocketAcceptOptions? options = null) =>
        WebSocketHandshake.AcceptAsync(_exchange, options ?? WebSocketRules.Defaults);

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

    // False for a handler that has kept the request beyond its end: there is nothing to change.
    private bool MayChangeBody() => _exchange.IsCarried && (_body.IsTouched
        ? throw new InvalidOperationException("The body is being read: what it is held to can be changed only before.")
        : true);

    // Null for a handler that has kept the request beyond its end, as long as nobody else has got it.
    private Connection? Connection => _exchange.IsCarried ? _exchange.Connection : null;

    // Apart, so that the usual ones cost little.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private string OtherMethod() => Encoding.ASCII.GetString(_head.MethodBytes);
}
