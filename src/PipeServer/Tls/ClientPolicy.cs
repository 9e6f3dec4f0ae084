using System.Text;

namespace PipeServer.Tls;

/// <summary>
/// Which client certificates were asked of a connection, and whether those are what another host asks for: a connection that was let in under one name must
/// not reach what stands under another with other rules (RFC 9110 §15.5.20). For the code of one connection.
/// </summary>
internal sealed class ClientPolicy
{
    private readonly TlsOptions _options;
    private readonly string? _serverName;
    private readonly TlsClientCertificates? _clients;
    private string? _lastAllowed;

    /// <param name="options">What the connection was secured by.</param>
    /// <param name="serverName">The name that it was secured under.</param>
    /// <param name="clients">
    /// The certificates that its handshake has asked for. Not looked up by the name: a reload since then may have made another policy for that name, which
    /// nobody has held the client to.
    /// </param>
    public ClientPolicy(TlsOptions options, string? serverName, TlsClientCertificates? clients) =>
        (_options, _serverName, _clients) = (options, serverName, clients);

    /// <summary>
    /// True where requests without a host may come by the connection, as HTTP/1.0 allows: they get what is there for hosts that nobody knows, whatever name
    /// the connection was secured under.
    /// </summary>
    public bool AllowsNoHost() => _serverName is null || AreSame(Of(name: null), _clients);

    /// <summary>True where requests for this host may come by the connection.</summary>
    /// <param name="host">The host without its port, as the client has sent it.</param>
    public bool Allows(ReadOnlySpan<byte> host)
    {
        if (host is [.. var absolute, (byte)'.'])
        {
            host = absolute;
        }

        if (Is(host, _serverName) || Is(host, _lastAllowed))
        {
            return true;
        }

        var name = Encoding.ASCII.GetString(host).ToLowerInvariant();
        if (!AreSame(Of(name), _clients))
        {
            return false;
        }

        _lastAllowed = name;
        return true;
    }

    private static bool Is(ReadOnlySpan<byte> host, string? name) => name is not null && Ascii.EqualsIgnoreCase(host, name);

    // By what they say: a source that has read its files again has other objects.
    private static bool AreSame(TlsClientCertificates? one, TlsClientCertificates? other) =>
        one == other
        || (one is not null && other is not null && one.IsRequired == other.IsRequired && one.Authorities.Count == other.Authorities.Count
            && one.Authorities.All(authority => other.Authorities.Any(same => same.RawDataMemory.Span.SequenceEqual(authority.RawDataMemory.Span))));

    private TlsClientCertificates? Of(string? name) => _options.ClientsOf(_options.Certificates!.Find(name));
}
