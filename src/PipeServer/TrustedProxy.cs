using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// Peers that may speak for their clients, by the PROXY protocol and by <see cref="HttpServerOptions.ForwardedHeader"/>: a network,
/// <c>10.0.0.0/8</c> or <c>2001:db8::/32</c>, one address, or <c>unix</c>, which means every peer that can connect to a unix socket of the
/// server. Immutable.
/// </summary>
[TypeConverter(typeof(TrustedProxyConverter))]
public sealed class TrustedProxy : IParsable<TrustedProxy>
{
    private readonly IPNetwork? _network; // null: unix sockets

    /// <summary>Trusts the addresses of a network.</summary>
    public TrustedProxy(IPNetwork network)
    {
        _network = network;
        Prefix = new NetworkPrefix(network);
    }

    private TrustedProxy()
    {
    }

    /// <summary>What is wrong with the text that configuration had for it; null when nothing is. A server refuses it when it is created.</summary>
    internal string? Problem { get; private init; }

    /// <summary>Its network; null for unix sockets.</summary>
    internal NetworkPrefix? Prefix { get; }

    /// <summary>Trusts every peer of a unix socket.</summary>
    public static TrustedProxy Unix { get; } = new();

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text does not name a proxy; the message says what is expected.</exception>
    public static TrustedProxy Parse(string s) => TryParse(s, provider: null, out var proxy)
        ? proxy
        : throw new FormatException(Explain(s));

    /// <inheritdoc cref="Parse(string)"/>
    public static TrustedProxy Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out TrustedProxy result)
    {
        var host = s?.Split('/')[0];
        result = s == "unix" ? Unix
            : !IPAddress.TryParse(host, out var address) || !IsPlain(address, host) ? null
            : IPNetwork.TryParse(s, out var network) ? new TrustedProxy(network)
            : host == s ? new TrustedProxy(new IPNetwork(address, address.GetAddressBytes().Length * 8))
            : null;
        return result is not null;
    }

    /// <summary>Whether it trusts the other end of a connection.</summary>
    /// <param name="peer">The peer's address; anything but an IP end point is the peer of a unix socket.</param>
    public bool Includes(EndPoint? peer) => Problem is null && IsOfNetwork(peer);

    /// <summary>The text form.</summary>
    public override string ToString() => _network?.ToString() ?? "unix";

    /// <summary>
    /// What a text of configuration is: with its <see cref="Problem"/>, because a binder drops an element of a list that throws, without a word.
    /// </summary>
    internal static TrustedProxy FromConfiguration(string text) =>
        TryParse(text, provider: null, out var proxy) ? proxy : new TrustedProxy { Problem = Explain(text) };

    private static string Explain(string text) => $"'{text}' does not name a proxy: it must be a network like 10.0.0.0/8, an address, or unix.";

    // Four decimal numbers, or IPv6 without brackets. The system's reader also takes 010.0.0.0 for 8.0.0.0 and 10 for 0.0.0.10: other hosts' word would be
    // believed than who wrote it has meant.
    private static bool IsPlain(IPAddress address, string text) => text.Contains(':', StringComparison.Ordinal) ? text[0] != '[' : address.ToString() == text;

    private bool IsOfNetwork(EndPoint? peer) => peer is IPEndPoint { Address: var address }
        ? Prefix is { } prefix && prefix.Includes(HostAddress.Of(address))
        : Prefix is null;
}
