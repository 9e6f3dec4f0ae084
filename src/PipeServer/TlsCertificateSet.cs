using System.Diagnostics.CodeAnalysis;

namespace PipeServer;

/// <summary>
/// Certificates that are chosen by the name that a client asks for (SNI): one that is for that very name, else one for <c>*.</c> and the rest of it
/// (RFC 6125 §6.4.3), else the first of all, which clients without a name get too. Of several for a name the first counts. Thread-safe.
/// </summary>
public sealed class TlsCertificateSet : ITlsCertificateSource
{
    private volatile Choice _choice;

    /// <summary>Takes certificates.</summary>
    /// <param name="certificates">At least one; the first is the default.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public TlsCertificateSet(IEnumerable<TlsCertificate> certificates) => Replace(certificates);

    /// <summary>The certificates, in their order.</summary>
    public IReadOnlyList<TlsCertificate> Certificates => _choice.All;

    /// <summary>
    /// Puts other certificates in the place of all: a handshake gets the old ones or the new ones, and connections that are made already keep theirs.
    /// </summary>
    /// <param name="certificates">At least one; the first is the default.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    [MemberNotNull(nameof(_choice))]
    public void Replace(IEnumerable<TlsCertificate> certificates)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        TlsCertificate[] all = [.. certificates];
        if (all.Length == 0)
        {
            throw new ArgumentException("There must be at least one certificate.", nameof(certificates));
        }

        _choice = new Choice(all);
    }

    /// <inheritdoc/>
    public TlsCertificate Find(string? serverName) => _choice.Find(serverName);

    private sealed class Choice
    {
        private readonly Dictionary<string, TlsCertificate> _exact = new(StringComparer.OrdinalIgnoreCase);
        private readonly Dictionary<string, TlsCertificate> _wildcards = new(StringComparer.OrdinalIgnoreCase); // by what follows the first label
        private readonly Dictionary<string, TlsCertificate>.AlternateLookup<ReadOnlySpan<char>> _wildcardsByPart;

        public Choice(TlsCertificate[] certificates)
        {
            All = certificates;
            foreach (var certificate in certificates)
            {
                foreach (var name in certificate.Names)
                {
                    _ = name.StartsWith("*.", StringComparison.Ordinal)
                        ? _wildcards.TryAdd(name[2..], certificate)
                        : _exact.TryAdd(name, certificate);
                }
            }

            _wildcardsByPart = _wildcards.GetAlternateLookup<ReadOnlySpan<char>>();
        }

        public TlsCertificate[] All { get; }

        public TlsCertificate Find(string? serverName)
        {
            if (serverName is not null)
            {
                if (_exact.TryGetValue(serverName, out var exact))
                {
                    return exact;
                }

                var dot = serverName.IndexOf('.', StringComparison.Ordinal);
                if (dot > 0 && _wildcardsByPart.TryGetValue(serverName.AsSpan(dot + 1), out var wildcard))
                {
                    return wildcard;
                }
            }

            return All[0];
        }
    }
}
