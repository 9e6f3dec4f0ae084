using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Transport;

namespace PipeServer.Tls.OpenSsl;

/// <summary>The engine on OpenSSL 3 of the system, called directly.</summary>
internal sealed unsafe class OpenSslEngine : ITlsEngine // SAFETY: only in the digest of a session's context, over spans of this stack frame.
{
    private static readonly ApplicationProtocol[] Http1 = [new("http/1.1"), new("http/1.0")];
    private static readonly ApplicationProtocol[] Http2AndHttp1 = [new(TlsConnectionInfo.Http2), .. Http1];

    private const int DigestBytes = 32;
    private const int MaxNameBytes = 255;

    private readonly TlsOptions _options;
    private readonly ILogger _logger;
    private readonly CipherSuiteList _suites;
    private readonly OpenSslContext _base;
    private readonly byte[] _identity = new byte[DigestBytes];
    private readonly ConditionalWeakTable<TlsCertificate, CertificateContext> _contexts = [];

    /// <summary>An engine for an endpoint.</summary>
    /// <param name="options">How TLS is spoken there.</param>
    /// <param name="time">When the keys of tickets are exchanged.</param>
    /// <param name="logger">Is told of certificates that cannot be used.</param>
    /// <param name="endpoint">
    /// What tells the endpoint from the others of the server, and is the same on a replica: tickets of one are refused at another, even where they
    /// share keys.
    /// </param>
    /// <param name="isHttp2">HTTP/2 is spoken there, beside HTTP/1.1.</param>
    /// <exception cref="ArgumentException">The options cannot be met; the message names the one.</exception>
    /// <exception cref="PlatformNotSupportedException">The system does not have the library.</exception>
    /// <exception cref="CryptographicException">OpenSSL does not take the certificate of clients that ask for no name.</exception>
    public OpenSslEngine(TlsOptions options, TimeProvider time, ILogger logger, string endpoint, bool isHttp2 = false)
    {
        if (!IsSupported)
        {
            throw new PlatformNotSupportedException(
                "TlsOptions.Engine is OpenSsl, but libssl.so.3 and libcrypto.so.3 cannot be loaded. Install OpenSSL 3 (Debian: libssl3), or let it be Auto.");
        }

        _options = options;
        _logger = logger;
        Time = time;
        Protocols = isHttp2 ? Http2AndHttp1 : Http1;
        TicketKeys = new TicketKeys(options.TicketKeys, time);
        _suites = CipherSuiteList.Parse(options.CipherSuites);
        _base = OpenSslContext.Create(options, _suites);
        Digest(Encoding.UTF8.GetBytes(endpoint), _identity);
        if (options.Certificates?.Find(null) is { } certificate && ContextOf(certificate) is { Fault: { } fault })
        {
            throw new CryptographicException($"The certificate that TlsOptions.Certificates has for clients without a name cannot be used: {fault}");
        }
    }

    /// <summary>True where the system has the library. Looked up once, when somebody first asks.</summary>
    public static bool IsSupported => Ssl.IsLoaded;

    public string Name => "OpenSSL";

    /// <summary>What is spoken behind TLS, the preferred first.</summary>
    public ApplicationProtocol[] Protocols { get; }

    /// <summary>Tells when a client's certificate has expired.</summary>
    public TimeProvider Time { get; }

    /// <summary>What session tickets are encrypted with. Set before the first connection.</summary>
    public TicketKeys TicketKeys { get; set; }

    /// <summary>No keys are given: it makes its own.</summary>
    public bool HasOwnTicketKeys => _options.TicketKeys is null;

    /// <summary>
    /// Goes on with the ticket keys of the engine that this one follows in a reload, where both make their own: sessions go on. Before the first connection.
    /// </summary>
    public void Adopt(ITlsEngine before)
    {
        if (before is OpenSslEngine other && _options.TicketKeys is null && other._options.TicketKeys is null)
        {
            TicketKeys = other.TicketKeys;
        }
    }

    public TlsTransportConnection Accept(TransportConnection inner) => new OpenSslConnection(this, inner, new OpenSslHandle(_base));

    /// <summary>
    /// Gives a connection that is in its handshake the certificate for a name, and has it refuse tickets of other names, endpoints, certificates
    /// or client authorities.
    /// </summary>
    /// <param name="ssl">The connection, within its handshake.</param>
    /// <param name="name">The name; null where the client has sent none.</param>
    /// <param name="isKnown">There is a certificate for that name.</param>
    /// <param name="clients">The certificates that the client is asked for, or null.</param>
    /// <returns>False when there is none, or OpenSSL does not take it.</returns>
    public bool TrySelectCertificate(nint ssl, string? name, out bool isKnown, out TlsClientCertificates? clients)
    {
        clients = null;
        var certificate = _options.Certificates?.Find(name);
        isKnown = certificate is not null;
        if (certificate is null || ContextOf(certificate).Context is not { } context)
        {
            return false;
        }

        // Ever the same for the same client, whatever the process.
        Span<byte> content = stackalloc byte[(2 * DigestBytes) + 1 + MaxNameBytes];
        Span<byte> digest = stackalloc byte[DigestBytes];
        _identity.CopyTo(content);
        context.Identity.CopyTo(content[DigestBytes..]);
        content[2 * DigestBytes] = (byte)(name is null ? 0 : 1);
        var length = (2 * DigestBytes) + 1 + Encoding.ASCII.GetBytes(name ?? "", content[((2 * DigestBytes) + 1)..]);
        Digest(content[..length], digest);
        clients = context.Clients;
        return context.TryUseFor(ssl, digest);
    }

    private static void Digest(ReadOnlySpan<byte> content, Span<byte> digest)
    {
        fixed (byte* from = content, to = digest)
        {
            _ = Ssl.SHA256(from, (nuint)content.Length, to);
        }
    }

    private CertificateContext ContextOf(TlsCertificate certificate) => _contexts.TryGetValue(certificate, out var found) ? found : MakeContext(certificate);

    // One that fails is remembered too: a line for each handshake would be as many as there are clients.
    private CertificateContext MakeContext(TlsCertificate certificate)
    {
        lock (_contexts)
        {
            if (_contexts.TryGetValue(certificate, out var found))
            {
                return found;
            }

            CertificateContext made;
            try
            {
                made = new CertificateContext(OpenSslContext.Create(_options, _suites, certificate), Fault: null);
            }
            catch (CryptographicException exception)
            {
                Log.TlsCertificateUnusable(_logger, certificate.Certificate.Subject, exception.Message);
                made = new CertificateContext(Context: null, exception.Message);
            }

            _contexts.Add(certificate, made);
            return made;
        }
    }

    private sealed record CertificateContext(OpenSslContext? Context, string? Fault);
}
