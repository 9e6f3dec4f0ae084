using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>
/// One place at which a server listens, with options of its own. Its text form is <c>127.0.0.1:8080</c>, <c>[::1]:8080</c>,
/// <c>localhost:8080</c>, <c>unix:/run/app.sock</c>, <c>unix:@name</c> or <c>fd:3</c>, with the options behind it:
/// <c>0.0.0.0:8080,proxy</c>, <c>0.0.0.0:8443,tls</c>, <c>0.0.0.0:8443,tls,h1</c>, <c>0.0.0.0:8080,h2c</c>, <c>0.0.0.0:80,redirect</c>,
/// <c>unix:/run/app.sock,mode=660,group=www-data</c>. A comma in a path is written twice.
/// </summary>
/// <remarks>Not thread-safe while it is being set up; a server takes a copy of it when it is created.</remarks>
[TypeConverter(typeof(HttpEndpointConverter))]
public sealed class HttpEndpoint : IParsable<HttpEndpoint>
{
    /// <summary>Every permission that a socket's file can have.</summary>
    internal const UnixFileMode AllPermissions = (UnixFileMode)0x1FF;

    /// <summary>Listens on an address and a port.</summary>
    /// <param name="address">
    /// An IPv4 or IPv6 address; <see cref="IPAddress.Any"/> and <see cref="IPAddress.IPv6Any"/> for all; or <see cref="BindAddress.Localhost"/>.
    /// </param>
    /// <param name="port">From 0, which takes a free one, to 65535; null is 0. Nullable, because <see cref="Port"/> is: binders want one type.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port is out of its range.</exception>
    public HttpEndpoint(BindAddress address, int? port)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(port ?? 0, IPEndPoint.MinPort);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port ?? 0, IPEndPoint.MaxPort);
        Place = address.IsLocalhost ? new DnsEndPoint("localhost", port ?? 0) : new IPEndPoint(address.Value, port ?? 0);
    }

    internal HttpEndpoint(EndPoint place) => Place = place;

    /// <summary>
    /// The PROXY protocol is spoken here: each connection begins with a header that names the client, sent by a proxy among
    /// <see cref="HttpServerOptions.TrustedProxies"/>. A connection without it, or from elsewhere, is closed. Default: no.
    /// </summary>
    public bool ProxyProtocol { get; set; }

    /// <summary>
    /// TLS is spoken here, as <see cref="Tls"/> says, or else <see cref="HttpServerOptions.Tls"/>. Default: no, unless <see cref="Tls"/> is set.
    /// </summary>
    public bool IsTls
    {
        get => field || Tls is not null;
        set;
    }

    /// <summary>How TLS is spoken here. Null, the default, for <see cref="HttpServerOptions.Tls"/> where <see cref="IsTls"/> says that it is.</summary>
    public TlsOptions? Tls { get; set; }

    /// <summary>
    /// The versions of HTTP that are spoken here; <see cref="HttpProtocols.Http1"/> is always among them. Null, the default: over TLS both, of which the
    /// client chooses one by ALPN (RFC 7301), and in clear text HTTP/1.1 alone. <see cref="HttpProtocols.Http2"/> in clear text, <c>h2c</c>, is for
    /// clients that know of it beforehand: their connections begin with its preface (RFC 9113 §3.3), and all others are HTTP/1.1 as ever.
    /// <c>Upgrade: h2c</c> is not listened to (RFC 9113 §3.1).
    /// </summary>
    public HttpProtocols? Protocols { get; set; }

    /// <summary>
    /// Every request here is answered with 308, to the same host, path and query by https at this port; 0 takes the port of the server's TLS endpoint, of
    /// the same address if there is one. A request without a host that DNS could have is answered with 400. What a trusted proxy says has come by https
    /// goes to its handler, and so do paths below <c>/.well-known/acme-challenge/</c> (RFC 8555 §8.3), <see cref="HttpServerOptions.HealthChecks"/>, and what
    /// <see cref="HttpServerOptions.ShouldRedirect"/> says. Null, the default: requests are answered here. Not with TLS.
    /// </summary>
    public int? HttpsRedirectPort { get; set; }

    /// <summary>
    /// The permissions of a unix socket's file, whatever the process's umask: a client needs the permission to write. Null, the default, for
    /// <see cref="HttpServerOptions.SocketMode"/>, or else for what the umask leaves. Not for abstract names, which have no file, and not on
    /// Windows.
    /// </summary>
    public UnixFileMode? SocketMode { get; set; }

    /// <summary>
    /// The group of a unix socket's file, by its name or number. The process must be a member of it, or root. Null, the default, for
    /// <see cref="HttpServerOptions.SocketGroup"/>, or else for the process's own. Not for abstract names, and not on Windows.
    /// </summary>
    public string? SocketGroup { get; set; }

    /// <summary>The address, which may be <see cref="BindAddress.Localhost"/>; null for a unix socket and for a passed socket.</summary>
    public BindAddress? Address => IsLocalhost ? BindAddress.Localhost : (Place as IPEndPoint)?.Address;

    /// <summary>The port, with 0 for a free one; null for a unix socket and for a passed socket.</summary>
    public int? Port => (Place as IPEndPoint)?.Port ?? (Place as DnsEndPoint)?.Port;

    /// <summary>True for every address that <c>localhost</c> names, with one port for all; see <see cref="Localhost"/>.</summary>
    public bool IsLocalhost => Place is DnsEndPoint;

    /// <summary>The path of a unix socket, or <c>@</c> and a name of Linux's abstract namespace, which has no file; or null.</summary>
    public string? UnixSocketPath => (Place as UnixDomainSocketEndPoint)?.ToString();

    /// <summary>The number of a listening socket that the process was given, or null.</summary>
    public int? Descriptor => (Place as InheritedSocketEndPoint)?.Descriptor;

    /// <summary>
    /// The numbers of listening sockets, from 3 on, that another process hands over while it serves: bound to this place by a server like this one, they
    /// are accepted from, and nothing is bound. They are this server's own from then on, and shared with the other process
    /// (<see cref="HttpServer.SharesListeningSockets"/>) until the program says that it is gone. Default: none, this server binds. Of
    /// <see cref="Localhost"/> one for each address. Over epoll; a start over another transport fails with a <see cref="ListenException"/>. Not for
    /// <see cref="Inherited"/>.
    /// </summary>
    public IReadOnlyList<int> HandedOver { get; set; } = [];

    /// <summary>HTTP/2 is spoken here, beside HTTP/1.1.</summary>
    internal bool IsHttp2 => Protocols is { } protocols ? (protocols & HttpProtocols.Http2) != HttpProtocols.None : IsTls;

    /// <summary>True for a unix socket that is a file.</summary>
    internal bool HasSocketFile => Place is UnixDomainSocketEndPoint unix && !UnixSocketAddress.IsAbstract(unix);

    /// <summary>What is wrong with the text that configuration had for it; null when nothing is. A server refuses it when it is created.</summary>
    internal string? Problem { get; private init; }

    /// <summary>Where it listens, as the constructor was told.</summary>
    internal EndPoint Place { get; }

    /// <summary>The end point that the transport is given; localhost is given to it address by address.</summary>
    internal EndPoint EndPoint => Place is UnixDomainSocketEndPoint unix && (SocketMode is not null || SocketGroup is not null)
        ? new UnixSocketFileEndPoint(unix, SocketMode, SocketGroup)
        : Place;

    /// <summary>
    /// Listens on every loopback address that <c>localhost</c> names, normally 127.0.0.1 and ::1, with the same port: clients try one or the
    /// other first. On 127.0.0.1 alone where there is no IPv6.
    /// </summary>
    /// <param name="port">From 0, which takes one that is free at all of them, to 65535.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port is out of its range.</exception>
    public static HttpEndpoint Localhost(int port) => new(BindAddress.Localhost, port);

    /// <summary>Listens on a unix socket.</summary>
    /// <param name="path">
    /// The path of its file, where a file that a dead server left is replaced; or <c>@</c> and a name of Linux's abstract namespace, which has
    /// no file, and to which every process of the machine may connect. A file of such a name is written <c>./@name</c>.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The path is empty, or longer than <see cref="HttpServerOptions.MaxUnixSocketPathBytes"/>.
    /// </exception>
    public static HttpEndpoint Unix(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return UnixSocketAddress.TryParse(path, out var endPoint, out var problem)
            ? new HttpEndpoint(endPoint)
            : throw new ArgumentException($"A unix socket cannot listen there: {problem}.", nameof(path));
    }

    /// <summary>Accepts from a listening socket that the process was given when it started. Linux only.</summary>
    /// <param name="descriptor">Its number: 3 for the first that systemd's socket activation passes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 3.</exception>
    public static HttpEndpoint Inherited(int descriptor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(descriptor, 3);
        return new HttpEndpoint(new InheritedSocketEndPoint(descriptor));
    }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is not an endpoint; the message says what is wrong with it.</exception>
    public static HttpEndpoint Parse(string s) =>
        HttpEndpointText.Read(s, out var problem) ?? throw new FormatException($"'{s}' is not an endpoint: {problem}.");

    /// <inheritdoc cref="Parse(string)"/>
    public static HttpEndpoint Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out HttpEndpoint result)
    {
        result = s is null ? null : HttpEndpointText.Read(s, out _);
        return result is not null;
    }

    /// <summary>The text form.</summary>
    public override string ToString() => HttpEndpointText.Write(this);

    /// <summary>
    /// What a text of configuration is: with its <see cref="Problem"/>, because a binder drops an element of a list that throws, without a word.
    /// </summary>
    internal static HttpEndpoint FromConfiguration(string text) => HttpEndpointText.Read(text, out var problem)
        ?? new HttpEndpoint(new IPEndPoint(IPAddress.None, 0)) { Problem = $"'{text}' is not an endpoint: {problem}." };

    /// <summary>A copy that nobody else can change.</summary>
    internal HttpEndpoint Copy()
    {
        var copy = (HttpEndpoint)MemberwiseClone();
        copy.Tls = Tls?.Copy();
        copy.HandedOver = [.. HandedOver];
        return copy;
    }
}
