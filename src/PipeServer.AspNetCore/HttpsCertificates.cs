using System.Security.Cryptography.X509Certificates;

namespace PipeServer.AspNetCore;

/// <summary>The certificate for https addresses.</summary>
internal static class HttpsCertificates
{
    // What dotnet dev-certs marks its certificates with.
    private const string DeveloperOid = "1.3.6.1.4.1.311.84.1.1";

    /// <summary>Sets <see cref="HttpServerOptions.Tls"/> where an endpoint needs it and nobody has said how.</summary>
    /// <exception cref="InvalidOperationException">There is no certificate.</exception>
    public static void Provide(PipeServerOptions options, HttpServerOptions server)
    {
        if (Configured(options) is { } certificate)
        {
            server.Tls ??= new TlsOptions();
            server.Tls.Certificates = new TlsCertificateSet([certificate]);
            return;
        }

        if (server.Tls is null && server.Endpoints.Any(static endpoint => endpoint is { IsTls: true, Tls: null }))
        {
            server.Tls = new TlsOptions { Certificates = new TlsCertificateSet([Developer()]) };
        }
    }

    private static TlsCertificate? Configured(PipeServerOptions options)
    {
        if (options.Certificate is { } certificate)
        {
            return new TlsCertificate(certificate);
        }

        if (options.CertificatePath is not { } path)
        {
            return null;
        }

        return Path.GetExtension(path).ToUpperInvariant() is ".PFX" or ".P12"
            ? TlsCertificate.FromPkcs12File(path, options.CertificatePassword)
            : TlsCertificate.FromPemFiles(path, options.CertificateKeyPath);
    }

    private static TlsCertificate Developer()
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        var now = TimeProvider.System.GetLocalNow().DateTime;
        var newest = store.Certificates
            .Where(certificate => certificate.HasPrivateKey && certificate.NotBefore <= now && now < certificate.NotAfter)
            .Where(static certificate => certificate.Extensions.Any(static extension => extension.Oid?.Value == DeveloperOid))
            .MaxBy(static certificate => certificate.NotAfter);
        return newest is not null
            ? new TlsCertificate(newest)
            : throw new InvalidOperationException(
                "An https address needs a certificate, and there is neither one in the options nor a valid developer certificate of ASP.NET Core. "
                + "Set PipeServer:CertificatePath (PEM or PKCS#12) or PipeServerOptions.Certificate, run `dotnet dev-certs https`, or leave the address out.");
    }
}
