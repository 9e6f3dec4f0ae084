using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Tls.OpenSsl;

/// <summary>
/// An SSL_CTX: what all connections have in common that get the same certificate. Immutable once it is made. Connections hold what they need of it by
/// themselves, so it may go before they do.
/// </summary>
internal sealed unsafe class OpenSslContext : SafeHandleZeroOrMinusOneIsInvalid // SAFETY: the handle is this object's own; every user holds the object.
{
    // Mozilla's intermediate profile.
    private static readonly byte[] Groups = "X25519:P-256:P-384\0"u8.ToArray();

    /// <summary>One that knows nothing, to ask OpenSSL by.</summary>
    /// <exception cref="CryptographicException">OpenSSL has no memory for it.</exception>
    public OpenSslContext()
        : base(ownsHandle: true)
    {
        Ssl.ClearErrors();
        SetHandle(Ssl.SSL_CTX_new(Ssl.TLS_server_method()));
        if (IsInvalid)
        {
            throw new CryptographicException("OpenSSL has no memory for a context.");
        }
    }

    /// <summary>What tells its certificate and its client authorities from all others: a ticket that begins with one is refused with another.</summary>
    public byte[] Identity { get; } = new byte[32];

    /// <summary>Whose certificates are asked for; null when none are.</summary>
    public TlsClientCertificates? Clients { get; private init; }

    /// <summary>One for the settings of an engine, without a certificate, which the client's first message decides on.</summary>
    public static OpenSslContext Create(TlsOptions options, CipherSuiteList suites)
    {
        var context = new OpenSslContext();
        context.Configure(options, suites);
        Ssl.SSL_CTX_set_client_hello_cb(context.handle, &OpenSslCallbacks.SelectCertificate, 0);
        if (Ssl.SSL_CTX_set_tlsext_ticket_key_evp_cb(context.handle, &OpenSslCallbacks.UseTicketKey) != 1)
        {
            throw Failure("it takes no function for ticket keys");
        }

        return context;
    }

    /// <summary>One for a certificate.</summary>
    /// <exception cref="CryptographicException">OpenSSL does not take the certificate, its key or its chain.</exception>
    public static OpenSslContext Create(TlsOptions options, CipherSuiteList suites, TlsCertificate certificate)
    {
        var context = new OpenSslContext { Clients = options.ClientsOf(certificate) };
        try
        {
            context.Configure(options, suites);
            context.Use(certificate);
            context.Trust(certificate.Certificate);
        }
        catch
        {
            context.Dispose();
            throw;
        }

        return context;
    }

    /// <summary>A new connection's SSL; 0 when there is no memory for it.</summary>
    public nint NewConnection()
    {
        var connection = Ssl.SSL_new(handle);
        GC.KeepAlive(this);
        return connection;
    }

    /// <summary>
    /// Gives a connection that is in its handshake this certificate, asks for its clients' certificates, and names what a ticket may be used for.
    /// </summary>
    public bool TryUseFor(nint ssl, ReadOnlySpan<byte> sessionContext)
    {
        var mode = Clients is null ? 0 : Ssl.VerifyPeer | (Clients.IsRequired ? Ssl.VerifyFailIfNoPeerCertificate : 0);
        Ssl.SSL_set_verify(ssl, mode, 0);
        fixed (byte* name = sessionContext)
        {
            var isUsed = Ssl.SSL_set_SSL_CTX(ssl, handle) != 0 && Ssl.SSL_set_session_id_context(ssl, name, (uint)sessionContext.Length) == 1;
            GC.KeepAlive(this);
            return isUsed;
        }
    }

    /// <summary>True when OpenSSL has a suite of this name and would offer it.</summary>
    public bool KnowsSuite(string name, bool isOf13)
    {
        Ssl.ClearErrors();
        var isTaken = isOf13 ? Ssl.SSL_CTX_set_ciphersuites(handle, name) : Ssl.SSL_CTX_set_cipher_list(handle, name);
        var connection = isTaken == 1 ? NewConnection() : 0;
        var isKnown = false;
        if (connection != 0)
        {
            // Those of the list that are also safe enough for the system's policy.
            var suites = Ssl.SSL_get1_supported_ciphers(connection);
            for (var i = suites == 0 ? -1 : Ssl.OPENSSL_sk_num(suites) - 1; i >= 0; i--)
            {
                var found = Marshal.PtrToStringUTF8((nint)Ssl.SSL_CIPHER_get_name(Ssl.OPENSSL_sk_value(suites, i)));
                isKnown |= string.Equals(found, name, StringComparison.Ordinal) && IsSafe(Ssl.OPENSSL_sk_value(suites, i));
            }

            Ssl.OPENSSL_sk_free(suites);
            Ssl.SSL_free(connection);
        }

        Ssl.ClearErrors();
        return isKnown;
    }

    // Whatever the system's policy allows: it encrypts, with as much as any suite of these times has, and the server shows who it is.
    private static bool IsSafe(nint suite)
    {
        const int MinBits = 128;
        const int NobodyIsAuthenticated = 1053; // NID_auth_null
        return Ssl.SSL_CIPHER_get_bits(suite, null) >= MinBits && Ssl.SSL_CIPHER_get_auth_nid(suite) != NobodyIsAuthenticated;
    }

    protected override bool ReleaseHandle()
    {
        Ssl.SSL_CTX_free(handle);
        return true;
    }

    private static CryptographicException Failure(string problem)
    {
        var reason = OpenSslErrors.TakeReason();
        return new CryptographicException(reason is null ? $"OpenSSL says that {problem}." : $"OpenSSL says that {problem}: {reason}.");
    }

    private void Configure(TlsOptions options, CipherSuiteList suites)
    {
        Ssl.ClearErrors();
        _ = Ssl.SSL_CTX_set_options(
            handle, Ssl.OptionNoCompression | Ssl.OptionNoRenegotiation | Ssl.OptionServerPreference | Ssl.OptionPrioritizeChaCha);
        _ = Ssl.SSL_CTX_clear_options(handle, Ssl.OptionIgnoreUnexpectedEof);

        // A read comes back after each record that is no data, so that they can be counted; a chain is what was given, and not looked for.
        _ = Ssl.SSL_CTX_ctrl(handle, Ssl.CtrlClearMode, Ssl.ModeAutoRetry, null);
        const int Mode = Ssl.ModePartialWrite | Ssl.ModeMovingWriteBuffer | Ssl.ModeReleaseBuffers | Ssl.ModeNoAutoChain;
        _ = Ssl.SSL_CTX_ctrl(handle, Ssl.CtrlMode, Mode, null);
        _ = Ssl.SSL_CTX_ctrl(handle, Ssl.CtrlSessionCacheMode, 0, null);
        _ = Ssl.SSL_CTX_set_timeout(handle, (nint)TicketKeys.TicketLifetime.TotalSeconds);
        _ = Ssl.SSL_CTX_set_num_tickets(handle, 2);
        _ = Ssl.SSL_CTX_set_max_early_data(handle, 0);
        Ssl.SSL_CTX_set_alpn_select_cb(handle, &OpenSslCallbacks.SelectProtocol, 0);
        if (suites.UsesFiniteFields)
        {
            _ = Ssl.SSL_CTX_ctrl(handle, Ssl.CtrlDhAuto, 1, null);
        }

        fixed (byte* groups = Groups)
        {
            if (Ssl.SSL_CTX_ctrl(handle, Ssl.CtrlMinVersion, options.MinVersion == TlsVersion.Tls13 ? Ssl.Tls13 : Ssl.Tls12, null) != 1
                || Ssl.SSL_CTX_ctrl(handle, Ssl.CtrlGroupsList, 0, groups) != 1
                || Ssl.SSL_CTX_set_cipher_list(handle, suites.Tls12) != 1
                || Ssl.SSL_CTX_set_ciphersuites(handle, suites.Tls13) != 1)
            {
                throw Failure("it does not offer these versions, groups or suites");
            }
        }
    }

    private void Use(TlsCertificate certificate)
    {
        Add(certificate.Certificate, static (context, x509) => Ssl.SSL_CTX_use_certificate(context, x509) == 1, "it does not take the certificate");
        var pkcs8 = ExportKey(certificate.Certificate);
        nint key;
        fixed (byte* bytes = pkcs8)
        {
            var at = bytes;
            key = Ssl.d2i_AutoPrivateKey(0, &at, pkcs8.Length);
        }

        Array.Clear(pkcs8);
        var isTaken = key != 0 && Ssl.SSL_CTX_use_PrivateKey(handle, key) == 1 && Ssl.SSL_CTX_check_private_key(handle) == 1;
        Ssl.EVP_PKEY_free(key);
        if (!isTaken)
        {
            throw Failure("the private key does not belong to the certificate, or is of a kind that it does not take");
        }

        foreach (var intermediate in certificate.Chain)
        {
            const int AddOne = 1; // a reference of its own
            Add(
                intermediate,
                static (context, x509) => Ssl.SSL_CTX_ctrl(context, Ssl.CtrlChainCertificate, AddOne, (void*)x509) == 1,
                "it does not take an intermediate of the chain");
        }
    }

    private void Trust(X509Certificate2 certificate)
    {
        using var identity = new MemoryStream();
        identity.Write(certificate.RawData);
        if (Clients is { } clients)
        {
            var store = Ssl.SSL_CTX_get_cert_store(handle);
            _ = Ssl.X509_STORE_set_flags(store, Ssl.StorePartialChain); // an intermediate that is named is enough
            foreach (var authority in clients.Authorities)
            {
                Add(
                    authority,
                    static (context, x509) =>
                        Ssl.X509_STORE_add_cert(Ssl.SSL_CTX_get_cert_store(context), x509) == 1 && Ssl.SSL_CTX_add_client_CA(context, x509) == 1,
                    "it does not take an authority of clients");
                identity.Write(authority.RawData);
            }

            identity.WriteByte(clients.IsRequired ? (byte)2 : (byte)1);
        }

        fixed (byte* bytes = identity.ToArray(), digest = Identity)
        {
            _ = Ssl.SHA256(bytes, (nuint)identity.Length, digest);
        }
    }

    private void Add(X509Certificate2 certificate, Func<nint, nint, bool> add, string problem)
    {
        var raw = certificate.RawData;
        nint x509;
        fixed (byte* bytes = raw)
        {
            var at = bytes;
            x509 = Ssl.d2i_X509(0, &at, raw.Length);
        }

        var isTaken = x509 != 0 && add(handle, x509);
        Ssl.X509_free(x509); // whoever keeps it has counted itself
        if (!isTaken)
        {
            throw Failure(problem);
        }
    }

    private static byte[] ExportKey(X509Certificate2 certificate)
    {
        using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)certificate.GetECDsaPrivateKey() ?? certificate.GetRSAPrivateKey();
        return key?.ExportPkcs8PrivateKey()
            ?? throw new CryptographicException("The certificate's private key is neither one of ECDSA nor one of RSA.");
    }
}
