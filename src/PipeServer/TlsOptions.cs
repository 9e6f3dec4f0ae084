namespace PipeServer;

/// <summary>
/// How TLS is spoken at an endpoint. The defaults are Mozilla's intermediate profile: TLS 1.2 and 1.3, suites with forward secrecy and authenticated
/// encryption. No renegotiation, no compression, and no early data (0-RTT), which could be replayed (RFC 8446 §8).
/// </summary>
/// <remarks>Not thread-safe while it is being set up; a server takes a copy of it when it is created, and at a reload.</remarks>
public sealed class TlsOptions
{
    /// <summary>Of each of <see cref="TicketKeys"/>.</summary>
    internal const int TicketKeyBytes = 80;

    /// <summary>Where the certificates come from. There must be one.</summary>
    public ITlsCertificateSource? Certificates { get; set; }

    /// <summary>The lowest version that is spoken. Default 1.2.</summary>
    public TlsVersion MinVersion { get; set; } = TlsVersion.Tls12;

    /// <summary>
    /// The suites of TLS 1.2, by OpenSSL's names, and of TLS 1.3, by IANA's, with colons in between, the preferred first:
    /// <c>ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384</c>. Of a version that none is named for, the default ones hold. Null, the default, for
    /// Mozilla's intermediate profile.
    /// </summary>
    public string? CipherSuites { get; set; }

    /// <summary>
    /// The certificates that are asked of clients, whatever name they come by; <see cref="TlsCertificate.ClientCertificates"/> goes before it. Null,
    /// the default: none are.
    /// </summary>
    public TlsClientCertificates? ClientCertificates { get; set; }

    /// <summary>What does the cryptography. Default: the fastest that there is.</summary>
    public TlsEngine Engine { get; set; }

    /// <summary>
    /// The keys that session tickets (RFC 8446 §4.6.1, RFC 5077) are encrypted with, 80 bytes each, the one for new tickets first, for servers that share
    /// them. Null, the default, for keys of its own, exchanged every twelve hours. Of <see cref="TlsEngine.OpenSsl"/> only: the other engine
    /// resumes no sessions.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? TicketKeys { get; set; }

    /// <summary>What is asked of clients that get a certificate, or would; null when nothing is.</summary>
    internal TlsClientCertificates? ClientsOf(TlsCertificate? certificate) => certificate?.ClientCertificates ?? ClientCertificates;

    /// <summary>A copy that nobody else can change.</summary>
    internal TlsOptions Copy()
    {
        var copy = (TlsOptions)MemberwiseClone();
        copy.TicketKeys = TicketKeys is null ? null : [.. TicketKeys];
        return copy;
    }
}
