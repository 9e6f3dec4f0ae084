using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>
/// One place at which a server listens, with options of its own. Its text form is <c>127.0.0.1:8080</c>, <c>[::1]:8080</c>,
/// <c>localhost:8080</c>, <c>unix:/run/app.sock</c> or <c>fd:3</c>, with the options behind it: <c>0.0.0.0:8080,proxy</c>.
/// </summary>
/// <remarks>Not thread-safe while it is being set up; a server takes a copy of it when it is created.</remarks>
[TypeConverter(typeof(HttpEndpointConverter))]
public sealed class HttpEndpoint : IParsable<HttpEndpoint>
{
    private const string ProxyWord = "proxy";
    private const string UnixPrefix = "unix:";
    private const string DescriptorPrefix = "fd:";

    private const string Forms = "ADDRESS:PORT, [IPv6]:PORT, localhost:PORT, unix:PATH or fd:NUMBER";

    /// <summary>Listens on an address and a port.</summary>
    /// <param name="address">An IPv4 or IPv6 address; <see cref="IPAddress.Any"/> and <see cref="IPAddress.IPv6Any"/> for all.</param>
    /// <param name="port">From 0, which takes a free one, to 65535; null is 0. Nullable, because <see cref="Port"/> is: binders want one type.</param>
    /// <exception cref="ArgumentOutOfRangeException">The port is out of its range.</exception>
    public HttpEndpoint(BindAddress address, int? port)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(port ?? 0, IPEndPoint.MinPort);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port ?? 0, IPEndPoint.MaxPort);
        EndPoint = new IPEndPoint(address, port ?? 0);
    }

    private HttpEndpoint(EndPoint endPoint) => EndPoint = endPoint;

    /// <summary>
    /// The PROXY protocol is spoken here: each connection begins with a header that names the client, sent by a proxy among
    /// <see cref="HttpServerOptions.TrustedProxies"/>. A connection without it, or from elsewhere, is closed. Default: no.
    /// </summary>
    public bool ProxyProtocol { get; set; }

    /// <summary>The IP address; null for a unix socket and for a passed socket.</summary>
    public IPAddress? Address => (EndPoint as IPEndPoint)?.Address;

    /// <summary>The port, with 0 for a free one; null where <see cref="Address"/> is null.</summary>
    public int? Port => (EndPoint as IPEndPoint)?.Port;

    /// <summary>The path of a unix socket, or null.</summary>
    public string? UnixSocketPath => (EndPoint as UnixDomainSocketEndPoint)?.ToString();

    /// <summary>The number of a listening socket that the process was given, or null.</summary>
    public int? Descriptor => (EndPoint as InheritedSocketEndPoint)?.Descriptor;

    /// <summary>The end point that the transport is given.</summary>
    internal EndPoint EndPoint { get; }

    /// <summary>What is wrong with the text that configuration had for it; null when nothing is. A server refuses it when it is created.</summary>
    internal string? Problem { get; private init; }

    /// <summary>Listens on a unix socket.</summary>
    /// <param name="path">The path of its file. A file that a dead server left there is replaced.</param>
    /// <exception cref="ArgumentException">
    /// The path is empty, or longer than <see cref="HttpServerOptions.MaxUnixSocketPathBytes"/>.
    /// </exception>
    public static HttpEndpoint Unix(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.Length > 0 && Encoding.UTF8.GetByteCount(path) <= HttpServerOptions.MaxUnixSocketPathBytes
            ? new HttpEndpoint(new UnixDomainSocketEndPoint(path))
            : throw new ArgumentException(
                $"The path of a unix socket must have from 1 to {HttpServerOptions.MaxUnixSocketPathBytes} bytes.", nameof(path));
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
        Read(s, out var problem) ?? throw new FormatException($"'{s}' is not an endpoint: {problem}.");

    /// <inheritdoc cref="Parse(string)"/>
    public static HttpEndpoint Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out HttpEndpoint result)
    {
        result = s is null ? null : Read(s, out _);
        return result is not null;
    }

    /// <summary>The text form.</summary>
    public override string ToString()
    {
        var place = EndPoint switch
        {
            UnixDomainSocketEndPoint unix => UnixPrefix + unix,
            InheritedSocketEndPoint inherited => DescriptorPrefix + inherited.Descriptor.ToString(CultureInfo.InvariantCulture),
            _ => EndPoint.ToString()!,
        };
        return ProxyProtocol ? $"{place},{ProxyWord}" : place;
    }

    /// <summary>
    /// What a text of configuration is: with its <see cref="Problem"/>, because a binder drops an element of a list that throws, without a word.
    /// </summary>
    internal static HttpEndpoint FromConfiguration(string text) => Read(text, out var problem)
        ?? new HttpEndpoint(new IPEndPoint(IPAddress.None, 0)) { Problem = $"'{text}' is not an endpoint: {problem}." };

    /// <summary>A copy that nobody else can change.</summary>
    internal HttpEndpoint Copy() => (HttpEndpoint)MemberwiseClone();

    private static HttpEndpoint? Read(string text, out string problem)
    {
        var parts = text.Split(',');
        var endpoint = ReadPlace(parts[0], out problem);
        foreach (var word in parts.AsSpan(1))
        {
            if (word != ProxyWord)
            {
                problem = $"there is no option '{word}'; the only option is {ProxyWord}";
                return null;
            }

            endpoint?.ProxyProtocol = true;
        }

        return endpoint;
    }

    private static HttpEndpoint? ReadPlace(string text, out string problem)
    {
        if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
        {
            var path = text[UnixPrefix.Length..];
            problem = $"the path must have from 1 to {HttpServerOptions.MaxUnixSocketPathBytes} bytes";
            return path.Length > 0 && Encoding.UTF8.GetByteCount(path) <= HttpServerOptions.MaxUnixSocketPathBytes ? Unix(path) : null;
        }

        if (text.StartsWith(DescriptorPrefix, StringComparison.Ordinal))
        {
            problem = "the number of a passed socket must be 3 or more";
            return TryReadNumber(text[DescriptorPrefix.Length..], int.MaxValue, out var descriptor) && descriptor >= 3 ? Inherited(descriptor) : null;
        }

        var colon = text.LastIndexOf(':');
        problem = $"it must be {Forms}";
        if (colon < 0 || !TryReadAddress(text[..colon], out var address))
        {
            return null;
        }

        problem = $"the port must be from {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}";
        return TryReadNumber(text[(colon + 1)..], IPEndPoint.MaxPort, out var port) ? new HttpEndpoint(address, port) : null;
    }

    private static bool TryReadAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (text.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            address = IPAddress.Loopback;
            return true;
        }

        if (text is ['[', .. var inner, ']'])
        {
            return IPAddress.TryParse(inner, out address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        // Only a text that comes out as it was written: 8080 would be read as 0.0.31.144. IPv6 needs brackets, or its
        // last group would be the port.
        return IPAddress.TryParse(text, out address) && address.AddressFamily == AddressFamily.InterNetwork && address.ToString() == text;
    }

    private static bool TryReadNumber(string text, int highest, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= highest;
}
