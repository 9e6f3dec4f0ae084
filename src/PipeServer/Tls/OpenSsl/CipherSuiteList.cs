namespace PipeServer.Tls.OpenSsl;

/// <summary>The suites that an engine offers: those of TLS 1.2 and those of TLS 1.3, which OpenSSL keeps in two lists.</summary>
internal sealed class CipherSuiteList
{
    // Mozilla's intermediate profile, in its order, but for DHE with RSA: it costs a server several times the work, and no client of these times needs it.
    private const string Default12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
        + "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

    private const string Default13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

    private const string Prefix13 = "TLS_";

    private CipherSuiteList(string tls12, string tls13) => (Tls12, Tls13) = (tls12, tls13);

    /// <summary>Those of TLS 1.2, by OpenSSL's names.</summary>
    public string Tls12 { get; }

    /// <summary>Those of TLS 1.3, by IANA's names.</summary>
    public string Tls13 { get; }

    /// <summary>One of them needs a group of finite fields.</summary>
    public bool UsesFiniteFields => Tls12.StartsWith("DHE-", StringComparison.Ordinal) || Tls12.Contains(":DHE-", StringComparison.Ordinal);

    /// <summary>The suites that are named, by <see cref="TlsOptions.CipherSuites"/>.</summary>
    /// <exception cref="ArgumentException">OpenSSL does not know one of them, or does not offer it, or it is not safe.</exception>
    public static CipherSuiteList Parse(string? names)
    {
        List<string> tls12 = [];
        List<string> tls13 = [];
        if (names is not null)
        {
            using var context = new OpenSslContext();
            foreach (var name in names.Split(':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                UnsafeCipherSuite.ThrowIfOne(name);
                var isOf13 = name.StartsWith(Prefix13, StringComparison.Ordinal);
                if (!context.KnowsSuite(name, isOf13))
                {
                    throw new ArgumentException(
                        $"TlsOptions.CipherSuites has '{name}', which OpenSSL does not know or does not offer here. Name suites of TLS 1.2 by OpenSSL's names "
                        + "and those of TLS 1.3 by IANA's, with colons in between: "
                        + "'ECDHE-ECDSA-AES256-GCM-SHA384:TLS_AES_256_GCM_SHA384'; 'openssl ciphers -s' lists them.");
                }

                (isOf13 ? tls13 : tls12).Add(name);
            }

            if (tls12.Count + tls13.Count == 0)
            {
                throw new ArgumentException("TlsOptions.CipherSuites names no suite. Leave it null for the default ones.");
            }
        }

        return new CipherSuiteList(tls12.Count > 0 ? string.Join(':', tls12) : Default12, tls13.Count > 0 ? string.Join(':', tls13) : Default13);
    }
}
