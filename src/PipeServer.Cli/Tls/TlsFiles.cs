namespace PipeServer.Cli.Tls;

/// <summary>The files that TLS reads.</summary>
/// <param name="Certificates">Those of the certificates, the default one first.</param>
internal sealed record TlsFiles(IReadOnlyList<CertificateFiles> Certificates)
{
    /// <summary>A certificate that lies in no file, behind the others; or null.</summary>
    public TlsCertificate? InMemory { get; init; }

    /// <summary>The PEM file of the authorities of clients, for certificates that name none of their own; null where none are asked for.</summary>
    public string? ClientAuthoritiesPath { get; init; }

    /// <summary>Clients without a certificate are let in too.</summary>
    public bool ClientsAreOptional { get; init; }

    /// <summary>The files of the keys of session tickets, the one for new tickets first.</summary>
    public IReadOnlyList<string> TicketKeyPaths { get; init; } = [];

    /// <summary>All of them, each once.</summary>
    public IEnumerable<string> Paths => Certificates.SelectMany(static certificate => certificate.Paths)
        .Concat(ClientAuthoritiesPath is { } clients ? [clients] : [])
        .Concat(TicketKeyPaths)
        .Distinct(StringComparer.Ordinal);

    /// <summary>Those that nobody else may read.</summary>
    public IEnumerable<string> SecretPaths => Certificates
        .SelectMany(static certificate => new[] { certificate.KeyPath ?? certificate.CertificatePath, certificate.PasswordPath }.OfType<string>())
        .Concat(TicketKeyPaths)
        .Distinct(StringComparer.Ordinal);
}
