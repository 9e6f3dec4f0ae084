using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.AspNetCore.Tests;

/// <summary>
/// The order of frames of HTTP/2, as HttpClient does not show it: it forgets a head that it has not handed over yet when a reset arrives. A reset
/// once overtook a flush that waited for the end of the application's synchronous part.
/// </summary>
public sealed class FrameTests
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const int FrameHead = 9;

    [Fact]
    public async Task A_reset_comes_behind_what_was_flushed_before()
    {
        await using var host = await ApplicationHost.StartAsync(
            static application => application.Run(static async context =>
            {
                await context.Response.WriteAsync("begun");
                await context.Response.Body.FlushAsync();
                context.Features.Get<IHttpResetFeature>()!.Reset(8);
            }),
            static options => options.Certificate = TestCertificate.Localhost,
            url: "https://localhost:0");
        using var client = new TcpClient();
        await client.ConnectAsync("localhost", new Uri(host.Addresses[0]).Port).WaitAsync(ApplicationHost.Patience);
        await using var tls = new SslStream(client.GetStream());
        using var patience = new CancellationTokenSource(ApplicationHost.Patience);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.GetCertHashString() == TestCertificate.Localhost.GetCertHashString(),
            },
            patience.Token);

        // No settings of our own; then GET / of https at "x", which ends both its head and its stream (RFC 7541, C.4: 0x82, 0x84 and 0x87 are indexed).
        await tls.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray(), patience.Token);
        await tls.WriteAsync(new byte[] { 0, 0, 6, Headers, 5, 0, 0, 0, 1, 0x82, 0x84, 0x87, 0x41, 1, (byte)'x' }, patience.Token);

        var frames = new List<string>();
        while (frames is not [.., "reset 8"])
        {
            var head = new byte[FrameHead];
            await tls.ReadExactlyAsync(head, patience.Token);
            var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await tls.ReadExactlyAsync(payload, patience.Token);
            if (head[3] is Data or Headers or Reset)
            {
                frames.Add(head[3] switch { Data => Encoding.ASCII.GetString(payload), Headers => "head", _ => $"reset {payload[^1]}" });
            }
        }

        Assert.Equal(["head", "begun", "reset 8"], frames);
    }
}
