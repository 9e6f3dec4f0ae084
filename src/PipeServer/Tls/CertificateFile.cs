using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Tls;

/// <summary>
/// Reads certificates and their keys from files. Keys stay in memory. What is wrong is told with the names of the files, never with what is in them.
/// </summary>
internal static class CertificateFile
{
    private const string RsaKey = "1.2.840.113549.1.1.1";
    private const string EcKey = "1.2.840.10045.2.1";
    private const int LeastRsaBits = 2048; // what OpenSSL's and browsers' own rules ask for

    // The curves that TLS 1.3 has signatures for (RFC 8446 §4.2.3).
    private static readonly string[] Curves = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

    /// <summary>Reads a certificate, what follows it as its chain, and its key.</summary>
    /// <inheritdoc cref="TlsCertificate.FromPemFiles" path="/param|/exception"/>
    public static (X509Certificate2 Certificate, IReadOnlyList<X509Certificate2> Chain) ReadPem(string certificatePath, string? keyPath)
    {
        ThrowIfImpossible();
        var blocks = PemFile.Read(certificatePath);
        var certificates = ReadCertificates(certificatePath, blocks);
        if (certificates.Count == 0)
        {
            throw new InvalidDataException(blocks.Exists(static block => block.IsPrivateKey)
                ? $"{certificatePath} holds a private key and no certificate. Are the two files exchanged?"
                : $"{certificatePath} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).");
        }

        var leaf = certificates[0];
        CheckKind(certificatePath, leaf);
        using var key = ReadKey(keyPath ?? certificatePath, keyPath is null ? blocks : PemFile.Read(keyPath), isOwnFile: keyPath is not null);
        return (Join(leaf, key, certificatePath, keyPath, certificates), CertificateChain.Order(leaf, certificates.Skip(1)));
    }

    /// <summary>Reads a PKCS#12 file (RFC 7292).</summary>
    /// <inheritdoc cref="TlsCertificate.FromPkcs12File" path="/param|/exception"/>
    public static (X509Certificate2 Certificate, IReadOnlyList<X509Certificate2> Chain) ReadPkcs12(string path, string? password)
    {
        const int InvalidPassword = unchecked((int)0x80070056);
        ThrowIfImpossible();
        var bytes = PemFile.ReadBytes(path);
        X509Certificate2Collection all;
        try
        {
            // Where the system has no keys in memory only, as macOS, it keeps them where it wants to.
            var kept = OperatingSystem.IsMacOS() ? X509KeyStorageFlags.DefaultKeySet : X509KeyStorageFlags.EphemeralKeySet;
            all = X509CertificateLoader.LoadPkcs12Collection(bytes, password, kept | X509KeyStorageFlags.Exportable);
        }
        catch (CryptographicException exception)
        {
            throw new InvalidDataException(
                exception.HResult == InvalidPassword
                    ? $"{path}: {(string.IsNullOrEmpty(password) ? "a password is needed" : "the password is wrong")}, or the file is damaged."
                    : $"{path} cannot be read as a PKCS#12 file (.p12, .pfx): {FirstLine(exception)}",
                exception);
        }
        catch (NotSupportedException exception)
        {
            // A key of a post-quantum kind: the platform may have no signatures by it, and the native file has none.
            throw new InvalidDataException(
                $"{path} holds a key of a kind that the platform has no signatures by. It must be RSA, or ECDSA on P-256, P-384 or P-521.", exception);
        }

        var leaf = all.FirstOrDefault(static certificate => certificate.HasPrivateKey)
            ?? throw new InvalidDataException($"{path} holds no certificate with a private key.");
        CheckKind(path, leaf);
        return (leaf, CertificateChain.Order(leaf, all.Where(certificate => !ReferenceEquals(certificate, leaf))));
    }

    /// <summary>Reads the certificates of authorities from a file of PEM blocks.</summary>
    /// <exception cref="InvalidDataException">There are none, or one cannot be read; the message names the file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IReadOnlyList<X509Certificate2> ReadAuthorities(string path)
    {
        ThrowIfImpossible();
        var certificates = ReadCertificates(path, PemFile.Read(path));
        return certificates.Count > 0
            ? certificates
            : throw new InvalidDataException($"{path} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----).");
    }

    private static List<X509Certificate2> ReadCertificates(string path, IEnumerable<PemBlock> blocks)
    {
        var certificates = new List<X509Certificate2>();
        foreach (var block in blocks)
        {
            if (block.Label == "TRUSTED CERTIFICATE")
            {
                throw new InvalidDataException($"{path} holds a certificate in OpenSSL's own form. 'openssl x509 -in FILE' makes an ordinary one of it.");
            }

            if (!block.IsCertificate)
            {
                continue;
            }

            try
            {
                certificates.Add(X509CertificateLoader.LoadCertificate(block.Content));
            }
            catch (CryptographicException exception)
            {
                throw new InvalidDataException($"{path}: certificate {certificates.Count + 1} in it cannot be read: {FirstLine(exception)}", exception);
            }
        }

        return certificates;
    }

    // What the platform cannot sign with is told before its key is looked at, which it could not read either.
    private static void CheckKind(string path, X509Certificate2 certificate)
    {
        const string WayOut = "Have an ECDSA P-256 certificate made, or an RSA one of 2048 bits.";
        try
        {
            switch (certificate.GetKeyAlgorithm())
            {
                case RsaKey:
                    using (var rsa = certificate.GetRSAPublicKey()!)
                    {
                        if (rsa.KeySize < LeastRsaBits)
                        {
                            throw new InvalidDataException(
                                $"{path}: its RSA key has {rsa.KeySize} bits, and clients ask for at least {LeastRsaBits}. {WayOut}");
                        }
                    }

                    break;
                case EcKey:
                    using (var ecdsa = certificate.GetECDsaPublicKey()!)
                    {
                        if (!Curves.Contains(ecdsa.ExportParameters(includePrivateParameters: false).Curve.Oid.Value, StringComparer.Ordinal))
                        {
                            throw new InvalidDataException($"{path}: the curve of its key is none that TLS has signatures for (P-256, P-384, P-521). {WayOut}");
                        }
                    }

                    break;
                case var other:
                    throw new InvalidDataException($"{path}: its key is {NameOf(other)}, which the platform has no signatures by. {WayOut}");
            }
        }
        catch (CryptographicException exception)
        {
            throw new InvalidDataException($"{path}: its public key cannot be read: {FirstLine(exception)} {WayOut}", exception);
        }
    }

    private static string NameOf(string algorithm) => algorithm switch
    {
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.113549.1.1.10" => "RSA for PSS only",
        _ => $"of the kind {algorithm}",
    };

    private static AsymmetricAlgorithm ReadKey(string path, List<PemBlock> blocks, bool isOwnFile)
    {
        var at = blocks.FindIndex(static block => block.IsPrivateKey);
        if (at < 0)
        {
            throw new InvalidDataException(
                !isOwnFile ? $"{path} holds no private key, and no other file is named that does."
                : blocks.Exists(static block => block.IsCertificate) ? $"{path} holds a certificate and no private key. Are the two files exchanged?"
                : $"{path} holds no private key in PEM form (-----BEGIN PRIVATE KEY-----).");
        }

        var block = blocks[at];
        if (block.IsEncrypted)
        {
            throw new InvalidDataException(
                $"The key in {path} is encrypted, and nobody is there to give its password when a server starts. 'openssl pkey -in FILE -out FILE' "
                + "decrypts it, for a file that only the server's user may read; or put certificate and key into a PKCS#12 file, whose password a server can "
                + "be given.");
        }

        if (block.Label is "OPENSSH PRIVATE KEY" or "DSA PRIVATE KEY")
        {
            throw new InvalidDataException($"{path} holds a key of the kind {block.Label[..^" PRIVATE KEY".Length]}, which no certificate for TLS can have.");
        }

        return TryImport(RSA.Create(), Import, block)
            ?? TryImport(ECDsa.Create(), Import, block)
            ?? throw new InvalidDataException(
                $"The key in {path} cannot be read: it is damaged, or of a kind that the platform has no signatures by (Ed25519 is one). It must be RSA, or "
                + "ECDSA on P-256, P-384 or P-521.");
    }

    private static void Import(RSA rsa, PemBlock block)
    {
        if (block.Label == "RSA PRIVATE KEY")
        {
            rsa.ImportRSAPrivateKey(block.Content, out _);
        }
        else
        {
            rsa.ImportPkcs8PrivateKey(block.Content, out _);
        }
    }

    private static void Import(ECDsa ecdsa, PemBlock block)
    {
        if (block.Label == "EC PRIVATE KEY")
        {
            ecdsa.ImportECPrivateKey(block.Content, out _);
        }
        else
        {
            ecdsa.ImportPkcs8PrivateKey(block.Content, out _);
        }
    }

    // Null where the key is of another kind, or damaged.
    private static AsymmetricAlgorithm? TryImport<T>(T key, Action<T, PemBlock> import, PemBlock block)
        where T : AsymmetricAlgorithm
    {
        try
        {
            import(key, block);
            return key;
        }
        catch (CryptographicException)
        {
            key.Dispose();
            return null;
        }
    }

    private static X509Certificate2 Join(
        X509Certificate2 leaf, AsymmetricAlgorithm key, string certificatePath, string? keyPath, List<X509Certificate2> certificates)
    {
        if (TryJoin(leaf, key) is { } joined)
        {
            return joined;
        }

        var place = certificates.FindIndex(1, certificate => TryJoin(certificate, key) is { } other && Dispose(other));
        var keys = keyPath is null ? $"the key in {certificatePath}" : $"the key in {keyPath}";
        throw new InvalidDataException(place > 0
            ? $"{certificatePath} begins with another certificate than the one that {keys} belongs to, which is number {place + 1} in it. "
                + "The server's own comes first, then its issuer's."
            : $"The certificate in {certificatePath} and {keys} do not belong together.");

        static bool Dispose(X509Certificate2 certificate)
        {
            certificate.Dispose();
            return true;
        }
    }

    private static X509Certificate2? TryJoin(X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        try
        {
            return key switch
            {
                RSA rsa when certificate.GetKeyAlgorithm() == RsaKey => certificate.CopyWithPrivateKey(rsa),
                ECDsa ecdsa when certificate.GetKeyAlgorithm() == EcKey => certificate.CopyWithPrivateKey(ecdsa),
                _ => null,
            };
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or CryptographicException)
        {
            return null; // another key's
        }
    }

    // Without its libraries the platform ends the process at the first call.
    private static void ThrowIfImpossible()
    {
        if (SystemCryptography.Problem is { } problem)
        {
            throw new PlatformNotSupportedException(problem);
        }
    }

    private static string FirstLine(Exception exception) => exception.Message.Split('\n')[0].TrimEnd('.', '\r') + ".";
}
