namespace PipeServer.Cli.Tls;

/// <summary>Where one certificate of the server comes from.</summary>
/// <param name="CertificatePath">The PEM file of the certificate and its chain, or a PKCS#12 file.</param>
/// <param name="KeyPath">The PEM file of its key; null where that lies in the certificate's file.</param>
internal sealed record CertificateFiles(string CertificatePath, string? KeyPath)
{
    /// <summary>What has named the files, for messages.</summary>
    public string Option { get; init; } = "--tls-cert";

    /// <summary>It is a PKCS#12 file.</summary>
    public bool IsPkcs12 { get; init; }

    /// <summary>The file of the PKCS#12 file's password; null for the one of the environment, if there is one.</summary>
    public string? PasswordPath { get; init; }

    /// <summary>The PEM file of the authorities of this certificate's clients; null for those of all.</summary>
    public string? ClientAuthoritiesPath { get; init; }

    /// <summary>The names of the hosts that it is for, whatever names it has itself, with spaces in between; null for no others than those.</summary>
    public string? Hosts { get; init; }

    /// <summary>All of its files.</summary>
    public IEnumerable<string> Paths => new[] { CertificatePath, KeyPath, PasswordPath, ClientAuthoritiesPath }.OfType<string>();
}
