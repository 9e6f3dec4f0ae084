namespace PipeServer.Tls;

/// <summary>One block of a PEM file (RFC 7468).</summary>
/// <param name="Label">What it says that it is: <c>CERTIFICATE</c>.</param>
/// <param name="Content">The bytes that it encodes; empty where it is encrypted.</param>
/// <param name="IsEncrypted">It is encrypted with a password, by its label or by its own header (RFC 1421 §4.6.1.1).</param>
internal sealed record PemBlock(string Label, byte[] Content, bool IsEncrypted)
{
    private const string Certificate = "CERTIFICATE";

    /// <summary>A certificate, by either of its labels.</summary>
    public bool IsCertificate => Label is Certificate or "X509 CERTIFICATE";

    /// <summary>A private key of any kind.</summary>
    public bool IsPrivateKey => Label.EndsWith("PRIVATE KEY", StringComparison.Ordinal);
}
