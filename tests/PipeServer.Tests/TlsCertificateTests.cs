using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.Tests;

/// <summary>Certificates from files: every form that openssl and certbot write, and what is said of all others.</summary>
public sealed class TlsCertificateTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Keys => ["pkcs8", "sec1", "sec1 with parameters", "rsa pkcs8", "rsa pkcs1", "p384"];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Every_kind_of_key_is_read(string kind)
    {
        using var ecdsa = ECDsa.Create(kind == "p384" ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        var isRsa = kind.StartsWith("rsa", StringComparison.Ordinal);
        using var certificate = CertificateFolder.Sign(
            isRsa ? new CertificateRequest("CN=a", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : new CertificateRequest("CN=a", ecdsa, HashAlgorithmName.SHA256),
            ["a.example"]);
        var key = kind switch
        {
            "sec1" => ecdsa.ExportECPrivateKeyPem(),
            "sec1 with parameters" => "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + ecdsa.ExportECPrivateKeyPem(),
            "rsa pkcs8" => rsa.ExportPkcs8PrivateKeyPem(),
            "rsa pkcs1" => rsa.ExportRSAPrivateKeyPem(),
            _ => ecdsa.ExportPkcs8PrivateKeyPem(),
        };
        var read = TlsCertificate.FromPemFiles(Write("cert", certificate.ExportCertificatePem()), Write("key", key));
        Assert.Equal(certificate.RawData, read.Certificate.RawData);
        Assert.Equal(["a.example"], read.Names);
        using AsymmetricAlgorithm own = isRsa ? read.Certificate.GetRSAPrivateKey()! : read.Certificate.GetECDsaPrivateKey()!;
        Assert.NotEmpty(own.ExportPkcs8PrivateKey()); // as the engine of OpenSSL needs it
    }

    // Comments, Windows' line ends, a byte order mark, key before certificate in one file.
    [Fact]
    public void A_file_may_have_text_between_its_blocks_and_the_key_in_it()
    {
        var (certificate, key) = _folder.Write("a", ["a.example"]);
        var text = "\uFEFF# key: of the server\n" + File.ReadAllText(key) + "Bag Attributes\n  friendlyName: x\nsubject=CN = a\n" + File.ReadAllText(certificate);
        var read = TlsCertificate.FromPemFiles(Write("one", text.Replace("\n", "\r\n", StringComparison.Ordinal)));
        Assert.Equal(["a.example"], read.Names);
        Assert.Empty(read.Chain);
    }

    // nginx sends what follows the first one as it is; clients differ in what they make of a wrong order.
    [Fact]
    public void The_chain_is_put_in_order_without_root_and_strangers()
    {
        var (root, rootKey) = Authority("root", null);
        var (first, firstKey) = Authority("first", (root, rootKey));
        var (second, secondKey) = Authority("second", (first, firstKey));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = Sign(new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256), (second, secondKey));
        var text = string.Join('\n', new[] { leaf, root, TestCertificates.Authority, first, second }.Select(static item => item.ExportCertificatePem()));
        var read = TlsCertificate.FromPemFiles(Write("chain", text), Write("key", key.ExportPkcs8PrivateKeyPem()));
        Assert.Equal([second.Subject, first.Subject], read.Chain.Select(static item => item.Subject));
    }

    [Fact]
    public void A_pkcs12_file_has_it_all()
    {
        var (certificate, key) = _folder.Write("a", ["a.example"]);
        using var pair = TlsCertificate.FromPemFiles(certificate, key).Certificate;
        var path = _folder["a.p12"];
        File.WriteAllBytes(path, new X509Certificate2Collection { pair, TestCertificates.Authority }.Export(X509ContentType.Pkcs12, "pass")!);
        Assert.Equal(["a.example"], TlsCertificate.FromPkcs12File(path, "pass").Names);
        Assert.Contains("a.p12: the password is wrong", Assert.Throws<InvalidDataException>(() => TlsCertificate.FromPkcs12File(path, "other")).Message);
        Assert.Contains("a.p12: a password is needed", Assert.Throws<InvalidDataException>(() => TlsCertificate.FromPkcs12File(path, null)).Message);
        Assert.Contains("cannot be read as a PKCS#12 file", Assert.Throws<InvalidDataException>(() => TlsCertificate.FromPkcs12File(certificate, null)).Message);
        File.WriteAllBytes(path, new X509Certificate2Collection { X509CertificateLoader.LoadCertificate(pair.RawData) }.Export(X509ContentType.Pkcs12, "pass")!);
        Assert.Contains("no certificate with a private key", Assert.Throws<InvalidDataException>(() => TlsCertificate.FromPkcs12File(path, "pass")).Message);
    }

    // The native file has no code for such keys: NotSupportedException, which was not caught. Under the JIT it is the framework that refuses it.
    [Fact]
    public void A_key_of_a_kind_that_TLS_has_no_signatures_by_is_refused_by_name()
    {
        var (certificate, _) = _folder.Write("a", ["a.example"]);
        using var pem = X509Certificate2.CreateFromPem(File.ReadAllText(certificate));
        var path = _folder["post-quantum.p12"];
        File.WriteAllBytes(path, Pkcs12Of(pem.RawData, keyKind: "2.16.840.1.101.3.4.3.17")); // ML-DSA-44
#pragma warning disable SYSLIB5006 // An experimental class: only whether the platform has it.
        if (MLDsa.IsSupported)
        {
            return; // it may read such a key
        }
#pragma warning restore SYSLIB5006

        var message = Assert.Throws<InvalidDataException>(() => TlsCertificate.FromPkcs12File(path, null)).Message;
        Assert.Matches(@"post-quantum\.p12 (holds a key of a kind|cannot be read as a PKCS#12 file .*private key)", message);
    }

    [Fact]
    public void What_is_wrong_is_told_with_the_files_names()
    {
        var (certificate, key) = _folder.Write("a", ["a.example"]);
        var (other, otherKey) = _folder.Write("b", ["b.example"]);
        using var pair = TlsCertificate.FromPemFiles(certificate, key).Certificate;
        using var ecdsa = pair.GetECDsaPrivateKey()!;
        using var rsa = RSA.Create(1024);
        using var weak = CertificateFolder.Sign(new CertificateRequest("CN=w", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), []);
        var encrypted = ecdsa.ExportEncryptedPkcs8PrivateKeyPem("x", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        var text = File.ReadAllText(certificate);
        (string Certificate, string? Key, string[] Expected)[] cases =
        [
            (certificate, otherKey, [certificate, otherKey, "do not belong together"]),
            (certificate, null, [certificate, "no private key"]),
            (key, certificate, [key, "Are the two files exchanged?"]),
            (certificate, other, [other, "holds a certificate and no private key. Are the two files exchanged?"]),
            (certificate, Write("encrypted", encrypted), ["encrypted", "openssl pkey"]),
            (certificate, Write("old", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,AB\n\nAAAA\n-----END EC PRIVATE KEY-----\n"),
                ["The key in", "is encrypted"]),
            (certificate, Write("ed25519", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n"), ["Ed25519"]),
            (certificate, Write("ssh", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"), ["OPENSSH"]),
            (Write("two", File.ReadAllText(other) + text), key, ["two", "number 2 in it"]),
            (Write("weak", weak.ExportCertificatePem()), Write("weakkey", rsa.ExportPkcs8PrivateKeyPem()), ["1024 bits", "2048"]),
            (Write("cut", text[..(text.Length / 2)]), key, ["cut, line 1", "no end"]),
            (Write("bad", text.Replace("MI", "!!", StringComparison.Ordinal)), key, ["bad, line 1", "not Base64"]),
            (Write("empty", ""), key, ["empty holds no certificate in PEM form"]),
            (Write("trusted", text.Replace("CERTIFICATE", "TRUSTED CERTIFICATE", StringComparison.Ordinal)), key, ["openssl x509"]),
        ];
        foreach (var (one, two, expected) in cases)
        {
            var message = Assert.Throws<InvalidDataException>(() => TlsCertificate.FromPemFiles(one, two)).Message;
            Assert.All(expected, part => Assert.Contains(part, message));
        }

        File.WriteAllBytes(_folder["der"], pair.Export(X509ContentType.Cert));
        Assert.Contains("openssl x509 -inform der", Assert.Throws<InvalidDataException>(() => TlsCertificate.FromPemFiles(_folder["der"], key)).Message);
        Assert.Throws<FileNotFoundException>(() => TlsCertificate.FromPemFiles(_folder["none"], key));
        File.WriteAllText(_folder["large"], new string(' ', 1024 * 1024 + 1));
        Assert.Contains("larger than", Assert.Throws<InvalidDataException>(() => TlsCertificate.FromPemFiles(_folder["large"])).Message);
    }

    [Theory]
    [InlineData("CN=common.example", null, "common.example")]
    [InlineData("CN=common.example", "B.Example *.Example", "b.example *.example")]
    [InlineData("CN=bücher.example", null, "xn--bcher-kva.example")]
    [InlineData("CN=A person", null, "")]
    [InlineData("O=nobody", null, "")]
    public void Its_names_are_those_of_the_extension_else_the_common_name(string subject, string? names, string expected)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = CertificateFolder.Sign(new CertificateRequest(subject, key, HashAlgorithmName.SHA256), names?.Split(' ') ?? []);
        var certificate = new TlsCertificate(signed.CopyWithPrivateKey(key));
        Assert.Equal(expected, string.Join(' ', certificate.Names));
        Assert.Equal(signed.NotAfter.ToUniversalTime(), certificate.NotAfter.UtcDateTime);
    }

    private static (X509Certificate2 Certificate, ECDsa Key) Authority(string name, (X509Certificate2 Certificate, ECDsa Key)? issuer)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        return (issuer is null ? request.CreateSelfSigned(now.AddDays(-2), now.AddDays(90)) : Sign(request, issuer.Value), key);
    }

    private static X509Certificate2 Sign(CertificateRequest request, (X509Certificate2 Certificate, ECDsa Key) issuer)
    {
        var now = TimeProvider.System.GetUtcNow();
        return request.Create(
            issuer.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.Key), now.AddDays(-1), now.AddDays(60), RandomNumberGenerator.GetBytes(8));
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }

    // RFC 7292 by hand, not encrypted and without a checksum, for keys that the platform cannot make.
    private static byte[] Pkcs12Of(byte[] certificate, string keyKind)
    {
        const string Data = "1.2.840.113549.1.7.1";
        var id = Set(Sequence(Oid("1.2.840.113549.1.9.21"), Set(Octets([1]))));
        var key = Sequence(Number(0), Sequence(Oid(keyKind)), Octets([0x80, 32, .. new byte[32]]));
        var bags = Sequence(
            Sequence(Oid("1.2.840.113549.1.12.10.1.1"), Tagged(key), id),
            Sequence(
                Oid("1.2.840.113549.1.12.10.1.3"), Tagged(Sequence(Oid("1.2.840.113549.1.9.22.1"), Tagged(Octets(certificate)))), id));
        return Sequence(Number(3), Sequence(Oid(Data), Tagged(Octets(Sequence(Sequence(Oid(Data), Tagged(Octets(bags))))))));

        static byte[] Write(Action<AsnWriter> write)
        {
            var writer = new AsnWriter(AsnEncodingRules.DER);
            write(writer);
            return writer.Encode();
        }

        static byte[] Within(Asn1Tag tag, byte[][] parts) => Write(writer =>
        {
            using (writer.PushSequence(tag))
            {
                Array.ForEach(parts, part => writer.WriteEncodedValue(part));
            }
        });

        static byte[] Sequence(params byte[][] parts) => Within(Asn1Tag.Sequence, parts);
        static byte[] Set(byte[] part) => Write(writer =>
        {
            using (writer.PushSetOf())
            {
                writer.WriteEncodedValue(part);
            }
        });
        static byte[] Tagged(byte[] part) => Within(new Asn1Tag(TagClass.ContextSpecific, 0), [part]);
        static byte[] Oid(string value) => Write(writer => writer.WriteObjectIdentifier(value));
        static byte[] Octets(byte[] value) => Write(writer => writer.WriteOctetString(value));
        static byte[] Number(int value) => Write(writer => writer.WriteInteger(value));
    }
}
