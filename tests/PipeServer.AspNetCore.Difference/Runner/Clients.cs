using System.Net;

namespace Difference.Runner;

/// <summary>Ordinary clients, as a user of the application has them.</summary>
internal static class Clients
{
    /// <summary>A client of version 1 (plain) or 2 (TLS), with cookies.</summary>
    public static HttpClient Create(ServerUnderComparison server, int version)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, certificate, _, _) =>
            certificate?.GetCertHashString() == TestCertificate.Localhost.GetCertHashString();
        return new HttpClient(handler)
        {
            BaseAddress = new Uri(version == 2 ? $"https://{server.Secure}" : $"http://{server.Plain}"),
            DefaultRequestVersion = version == 2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = RawClient.Patience,
        };
    }
}
