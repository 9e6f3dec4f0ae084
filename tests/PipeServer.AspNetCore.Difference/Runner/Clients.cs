using System.Net;
using System.Net.Sockets;

namespace Difference.Runner;

/// <summary>Ordinary clients, as a user of the application has them.</summary>
internal static class Clients
{
    /// <summary>A client of version 1 (plain) or 2 (TLS), with cookies.</summary>
    /// <param name="server">Whose client.</param>
    /// <param name="version">By which version it asks.</param>
    /// <param name="connected">Gets each of its sockets; null where nobody wants them.</param>
    public static HttpClient Create(ServerUnderComparison server, int version, Action<Socket>? connected = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, certificate, _, _) =>
            certificate?.GetCertHashString() == TestCertificate.Localhost.GetCertHashString();
        if (connected is not null)
        {
            handler.ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                connected(socket);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        return new HttpClient(handler)
        {
            BaseAddress = new Uri(version == 2 ? $"https://{server.Secure}" : $"http://{server.Plain}"),
            DefaultRequestVersion = version == 2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = RawClient.Patience,
        };
    }
}
