namespace PipeServer.Cli.Tls;

/// <summary>What the options say of TLS.</summary>
internal sealed class TlsSettings
{
    private const string NeedsCertificate = "needs a certificate: --tls-cert FILE --tls-key FILE, --tls-pfx FILE, or --tls-self-signed";

    /// <summary>The files of <c>--tls-cert</c>.</summary>
    public IReadOnlyList<string> CertificatePaths { get; set; } = [];

    /// <summary>The files of <c>--tls-key</c>, for the certificates in their order.</summary>
    public IReadOnlyList<string> KeyPaths { get; set; } = [];

    /// <summary>The files of <c>--tls-pfx</c>.</summary>
    public IReadOnlyList<string> Pkcs12Paths { get; set; } = [];

    /// <summary>The files of their passwords: one for all, or one for each.</summary>
    public IReadOnlyList<string> PasswordPaths { get; set; } = [];

    /// <summary>Certificates that others than these options name: of sites. They come behind the others.</summary>
    public IReadOnlyList<CertificateFiles> OfSites { get; set; } = [];

    /// <summary>Make a certificate.</summary>
    public bool IsSelfSigned { get; set; }

    /// <summary>The file of the authorities of clients, or null.</summary>
    public string? ClientAuthoritiesPath { get; set; }

    /// <summary>Clients without a certificate are let in too.</summary>
    public bool ClientsAreOptional { get; set; }

    /// <summary>The files of <c>--tls-ticket-keys</c>.</summary>
    public IReadOnlyList<string> TicketKeyPaths { get; set; } = [];

    /// <summary>The lowest version.</summary>
    public TlsVersion MinVersion { get; set; }

    /// <summary>The suites, or null for the default ones.</summary>
    public string? CipherSuites { get; set; }

    /// <summary>What does the cryptography.</summary>
    public TlsEngine Engine { get; set; }

    /// <summary>There is a certificate, or there is to be one.</summary>
    public bool IsWanted => HasGeneralCertificate || OfSites.Count > 0;

    /// <summary>There is to be a certificate that is no site's: names that none is for get it.</summary>
    public bool HasGeneralCertificate => IsSelfSigned || CertificatePaths.Count + Pkcs12Paths.Count > 0;

    /// <summary>The certificate that was made, if one was wanted; null before <see cref="TryOpen"/>.</summary>
    public SelfSignedCertificate? SelfSigned { get; private set; }

    /// <summary>What was read from the files; null where no TLS is wanted, and before <see cref="TryOpen"/>.</summary>
    public TlsMaterial? Material { get; private set; }

    /// <summary>What handshakes get their certificates from, as long as the program runs; null as above.</summary>
    public TlsCertificateSet? Set { get; private set; }

    /// <summary>Sets the lowest version by its name.</summary>
    public void SetMinVersion(string value) => MinVersion = value == "1.3" ? TlsVersion.Tls13 : TlsVersion.Tls12;

    /// <summary>Sets the engine by its name.</summary>
    public void SetEngine(string value) => Engine = value switch
    {
        "openssl" => TlsEngine.OpenSsl,
        "sslstream" => TlsEngine.SslStream,
        _ => TlsEngine.Auto,
    };

    /// <summary>Reads all files.</summary>
    /// <param name="isTrial">Nothing is left behind: a certificate that has to be made is not kept.</param>
    /// <param name="inForce">What the program serves by, whose set is gone on with; or null.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public string? TryOpen(bool isTrial, TlsSettings? inForce = null)
    {
        if (FindContradiction() is { } contradiction)
        {
            return contradiction;
        }

        if (!IsWanted)
        {
            return inForce?.Set is null ? null
                : "The configuration names no certificate any more, and a reload cannot end TLS. Name one (--tls-cert), or start the program again.";
        }

        if (IsSelfSigned)
        {
            if (PipeServer.Tls.SystemCryptography.Problem is { } missing)
            {
                return $"--tls-self-signed: {missing}";
            }

            SelfSigned = inForce?.SelfSigned ?? new SelfSignedCertificate(TimeProvider.System);
            SelfSigned.Ensure(isTrial);
        }

        if (TlsMaterial.TryRead(Files(), inForce?.Material, out var material) is { } problem)
        {
            return problem;
        }

        Material = material!;
        Set = inForce?.Set ?? new TlsCertificateSet(material!.General, material.OfHosts);
        return null;
    }

    /// <summary>Reads the files again, for <see cref="Commit"/>.</summary>
    /// <param name="material">What is in them; null where there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public string? TryReadAgain(out TlsMaterial? material) => TlsMaterial.TryRead(Files(), Material, out material);

    /// <summary>What the server is to be told.</summary>
    /// <param name="material">What was read.</param>
    public TlsOptions ToOptions(TlsMaterial material) => new()
    {
        Certificates = Set,
        MinVersion = MinVersion,
        CipherSuites = CipherSuites,
        Engine = Engine,
        TicketKeys = material.TicketKeys,
    };

    /// <summary>Puts what was read in force, for handshakes from now on.</summary>
    public void Commit(TlsMaterial material)
    {
        Material = material;
        Set!.Replace(material.General, material.OfHosts);
    }

    private TlsFiles Files() => new([
        .. CertificatePaths.Select((path, index) => new CertificateFiles(path, KeyPaths.ElementAtOrDefault(index))),
        .. Pkcs12Paths.Select((path, index) => new CertificateFiles(path, null)
        {
            Option = "--tls-pfx",
            IsPkcs12 = true,
            PasswordPath = PasswordPaths.Count == 1 ? PasswordPaths[0] : PasswordPaths.ElementAtOrDefault(index),
        }),
        .. SelfSigned?.Path is { } own ? [new CertificateFiles(own, null) { Option = "--tls-self-signed" }] : (CertificateFiles[])[],
        .. OfSites,
    ])
    {
        InMemory = SelfSigned?.InMemory,
        ClientAuthoritiesPath = ClientAuthoritiesPath,
        ClientsAreOptional = ClientsAreOptional,
        TicketKeyPaths = TicketKeyPaths,
    };

    private string? FindContradiction()
    {
        if (KeyPaths.Count > CertificatePaths.Count)
        {
            return CertificatePaths.Count == 0
                ? $"--tls-key {KeyPaths[0]}: there is no certificate for it; name its file by --tls-cert."
                : $"--tls-key is given {KeyPaths.Count} times and --tls-cert {CertificatePaths.Count}: they are matched in their order.";
        }

        if (PasswordPaths.Count > 0 && Pkcs12Paths.Count == 0)
        {
            return $"--tls-pfx-password-file {PasswordPaths[0]}: there is no PKCS#12 file that it is for; name it by --tls-pfx.";
        }

        if (PasswordPaths.Count > 1 && PasswordPaths.Count != Pkcs12Paths.Count)
        {
            return $"--tls-pfx-password-file is given {PasswordPaths.Count} times and --tls-pfx {Pkcs12Paths.Count}: give one for all, or one for each.";
        }

        if (IsSelfSigned && CertificatePaths.Count + Pkcs12Paths.Count > 0)
        {
            return "--tls-self-signed makes a certificate, and there is one by "
                + $"{(CertificatePaths.Count > 0 ? "--tls-cert" : "--tls-pfx")}. Leave one of them out.";
        }

        if (TicketKeyPaths.Count > 0 && Engine == TlsEngine.SslStream)
        {
            return "--tls-ticket-keys: the engine sslstream resumes no sessions. Leave it out, or choose --tls-engine openssl.";
        }

        var alone = IsWanted ? null
            : ClientAuthoritiesPath is not null ? "--tls-client-ca"
            : TicketKeyPaths.Count > 0 ? "--tls-ticket-keys"
            : CipherSuites is not null ? "--tls-ciphers"
            : null;
        return alone is not null ? $"{alone} {NeedsCertificate}."
            : ClientsAreOptional && ClientAuthoritiesPath is null && !OfSites.Any(static site => site.ClientAuthoritiesPath is not null)
                ? "--tls-client-optional: no certificates are asked of clients; name their authorities by --tls-client-ca FILE."
            : null;
    }
}
