using System.Text;
using PipeServer.Http;

namespace PipeServer;

/// <summary>
/// Values by host name, as the Host field and TLS's server name have them: for several sites on one server, and for their certificates. Immutable;
/// any number of threads may look into it at once.
/// </summary>
/// <typeparam name="T">What a host has: a handler, a certificate.</typeparam>
/// <remarks>
/// <para>
/// A name is <c>example.com</c>, <c>*.example.com</c> for all names below it, however many labels they have, or an address: <c>192.0.2.1</c>,
/// <c>[2001:db8::1]</c>. A whole name goes before a wildcard, a longer wildcard before a shorter one. Case does not count, nor does a dot at the end;
/// names of other letters are written as in DNS (RFC 5890): <c>xn--bcher-kva.example</c>.
/// </para>
/// <para>
/// Two handlers of files, the first for names that are not known:
/// <code>
/// var sites = new HostMap&lt;StaticFileHandler&gt;([new("example.com", site), new("*.example.com", others)]);
/// server.MapFallback(
///     (request, response) => (sites.Find(request.HostBytes) ?? site).TryHandle(request, response),
///     (request, response) => (sites.Find(request.HostBytes) ?? site).HandleAsync(request, response));
/// </code>
/// </para>
/// </remarks>
public sealed class HostMap<T>
    where T : class
{
    private readonly Dictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _names;
    private readonly Dictionary<byte[], T>.AlternateLookup<ReadOnlySpan<byte>> _wildcards; // by what is behind their star and its dot
    private readonly Dictionary<UInt128, T> _addresses = []; // of IPv6, which one address has many spellings of
    private readonly bool _hasWildcards;

    /// <summary>Takes names and what they have.</summary>
    /// <param name="hosts">The names, in any order.</param>
    /// <exception cref="ArgumentException">A name is none, or is there twice; the message says which.</exception>
    public HostMap(IEnumerable<KeyValuePair<string, T>> hosts)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        var names = new Dictionary<byte[], T>(HostNameComparer.Instance);
        var wildcards = new Dictionary<byte[], T>(HostNameComparer.Instance);
        foreach (var (text, value) in hosts)
        {
            ArgumentNullException.ThrowIfNull(value);
            var name = HostName.Parse(text);
            if (!(name.Address is { } address ? _addresses.TryAdd(address, value) : (name.IsWildcard ? wildcards : names).TryAdd(name.Bytes, value)))
            {
                throw new ArgumentException($"The host '{text}' is there twice; a host has one value. Case and a dot at the end do not count.", nameof(hosts));
            }
        }

        (_names, _wildcards) = (names.GetAlternateLookup<ReadOnlySpan<byte>>(), wildcards.GetAlternateLookup<ReadOnlySpan<byte>>());
        _hasWildcards = wildcards.Count > 0;
        Count = names.Count + wildcards.Count + _addresses.Count;
    }

    /// <summary>How many names there are.</summary>
    public int Count { get; }

    /// <summary>What a host has. Allocates nothing, and takes one look-up, or with wildcards one for each label.</summary>
    /// <param name="host">
    /// A host as <see cref="HttpRequest.HostBytes"/> has it, with or without a port, which does not count. Anything else is not found.
    /// </param>
    /// <returns>The value; null where the host is not known, or empty.</returns>
    public T? Find(ReadOnlySpan<byte> host)
    {
        if (host.IsEmpty || !Authority.TryParse(host, out var authority))
        {
            return null;
        }

        host = authority.Host;
        if (host[0] == (byte)'[')
        {
            return _addresses.Count > 0 && IPv6Address.TryParse(host[1..^1], out var address) ? _addresses.GetValueOrDefault(address) : null;
        }

        host = host[^1] == (byte)'.' ? host[..^1] : host;
        if (host.IsEmpty || host.Length > HostName.MaxNameBytes)
        {
            return null;
        }

        Span<byte> lower = stackalloc byte[HostName.MaxNameBytes];
        Ascii.ToLower(host, lower, out var length);
        var name = lower[..length];
        return _names.TryGetValue(name, out var value) ? value : _hasWildcards ? FindWildcard(name) : null;
    }

    /// <summary>The same for a host as text: <see cref="HttpRequest.Host"/>, or the server name of TLS.</summary>
    public T? Find(string? host)
    {
        const int Longest = HostName.MaxNameBytes + 8; // with a dot and a port
        if (host is not { Length: > 0 and <= Longest } || !Ascii.IsValid(host))
        {
            return null;
        }

        Span<byte> bytes = stackalloc byte[Longest];
        return Find(bytes[..Encoding.ASCII.GetBytes(host, bytes)]);
    }

    private T? FindWildcard(ReadOnlySpan<byte> name)
    {
        for (var dot = name.IndexOf((byte)'.'); dot >= 0; dot = name.IndexOf((byte)'.'))
        {
            var isLabelEmpty = dot == 0;
            name = name[(dot + 1)..];
            if (isLabelEmpty)
            {
                return null;
            }

            if (_wildcards.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }
}
