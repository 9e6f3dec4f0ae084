using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PipeServer.Transport;

namespace PipeServer.Tls.SslStreams;

/// <summary>
/// The engine on the framework's <see cref="SslStream"/>, for every platform. It resumes no sessions: its tickets are bound neither to the name nor to the
/// authorities of client certificates that they were given under.
/// </summary>
internal sealed class SslStreamEngine : ITlsEngine
{
    /// <summary>What clients offer that want an answer of that version and nothing else, as curl --http1.0 (RFC 7301 §6).</summary>
    public static readonly SslApplicationProtocol Http10 = new("http/1.0");

    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private static readonly List<SslApplicationProtocol> Http1 = [SslApplicationProtocol.Http11, Http10];
    private static readonly List<SslApplicationProtocol> Http2AndHttp1 = [SslApplicationProtocol.Http2, .. Http1];

    private readonly TlsOptions _options;
    private readonly List<SslApplicationProtocol> _protocols;
    private readonly CipherSuitesPolicy? _suites;
    private readonly ConditionalWeakTable<TlsCertificate, SslStreamCertificateContext> _contexts = [];

    /// <summary>Takes options that do not change any more.</summary>
    /// <param name="options">How TLS is spoken.</param>
    /// <param name="isHttp2">HTTP/2 is spoken behind it, beside HTTP/1.1.</param>
    /// <exception cref="ArgumentException">The cipher suites are not known, or cannot be chosen on this system.</exception>
    public SslStreamEngine(TlsOptions options, bool isHttp2 = false)
    {
        _options = options;
        _suites = CreateSuites(options.CipherSuites);

        // The suite is not chosen yet when the protocols are offered, nor is it known which versions the client has.
        var mayBeBad = options.CipherSuites is not null && options.MinVersion == TlsVersion.Tls12
            && CipherSuiteNames.Parse(options.CipherSuites).Exists(static suite => !Http2CipherSuite.IsGoodEnough(suite.ToString()));
        _protocols = isHttp2 && !mayBeBad ? Http2AndHttp1 : Http1;
    }

    public string Name => "SslStream";

    public TlsTransportConnection Accept(TransportConnection inner) => new SslStreamConnection(this, inner);

    /// <summary>What a handshake is made with for a client that asks for this name; null where there is no certificate for it.</summary>
    public SslServerAuthenticationOptions? OptionsFor(string? serverName, out TlsClientCertificates? clients)
    {
        clients = null;
        if (_options.Certificates!.Find(serverName) is not { } certificate)
        {
            return null;
        }

        var asked = clients = _options.ClientsOf(certificate);
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _contexts.GetValue(certificate, CreateContext),
            EnabledSslProtocols = _options.MinVersion == TlsVersion.Tls13 ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = _protocols,
            EncryptionPolicy = EncryptionPolicy.RequireEncryption,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            AllowRenegotiation = false,
            AllowTlsResume = false,
            CipherSuitesPolicy = _suites,
        };
        if (asked is not null)
        {
            options.ClientCertificateRequired = true; // asked for; whether one must come is seen to here
            options.RemoteCertificateValidationCallback = (_, shown, chain, _) => IsAccepted(asked, shown, chain);
        }

        return options;
    }

    // The framework's own verdict is by the system's authorities, which is not the question.
    private static bool IsAccepted(TlsClientCertificates clients, X509Certificate? shown, X509Chain? sent)
    {
        if (shown is not X509Certificate2 certificate)
        {
            return shown is null && !clients.IsRequired;
        }

        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange((X509Certificate2[])[.. clients.Authorities]);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.ApplicationPolicy.Add(ClientAuthentication);
        if (sent is not null)
        {
            policy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        }

        try
        {
            return chain.Build(certificate);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            foreach (var element in chain.ChainElements)
            {
                element.Certificate.Dispose();
            }
        }
    }

    private static CipherSuitesPolicy? CreateSuites(string? names)
    {
        var suites = CipherSuiteNames.Parse(names);
        if (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
        {
            try
            {
                return new CipherSuitesPolicy(suites);
            }
            catch (PlatformNotSupportedException) when (names is null)
            {
                return null; // the system's own choice
            }
        }

        return names is null
            ? null
            : throw new ArgumentException(
                $"{nameof(TlsOptions)}.{nameof(TlsOptions.CipherSuites)} cannot be chosen by a program on this system; leave it null, and set them "
                + "for the machine.",
                nameof(names));
    }

    private SslStreamCertificateContext CreateContext(TlsCertificate certificate)
    {
        var clients = _options.ClientsOf(certificate);

        // Their names are sent, so that a client that has several certificates knows which one is meant.
        var trust = clients is not null && (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS())
            ? SslCertificateTrust.CreateForX509Collection([.. clients.Authorities], sendTrustInHandshake: true)
            : null;
        return SslStreamCertificateContext.Create(certificate.Certificate, [.. certificate.Chain], offline: true, trust);
    }
}
