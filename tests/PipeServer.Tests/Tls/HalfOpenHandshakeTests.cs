using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace PipeServer.Tests.Tls;

/// <summary>Clients that begin a handshake and never end it. They cost memory, and nobody's time: counted, not timed.</summary>
public sealed class HalfOpenHandshakeTests
{
    private const int HalfOpen = 1000;
    private const int Requests = 200;

    // Half of them within their hello, half behind the server's flight. Clients that are there go on, new ones come in, and no thread waits.
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task A_thousand_of_them_are_in_nobodys_way(TlsEngine engine)
    {
        await using var server = await StartAsync(engine, maxHandshakes: 2 * HalfOpen);
        using var before = await ConnectAsync(server);
        var half = new List<Socket>();
        try
        {
            using var hello = new Tls13Client(Stream.Null);
            for (var number = 0; number < HalfOpen; number++)
            {
                var record = Tls13Client.Record(Tls13Client.Handshake, hello.ClientHello());
                half.Add(await SendAsync(server, number % 2 == 0 ? record[..50] : record));
            }

            await Eventually.TrueAsync(() => half.Where(static (_, number) => number % 2 == 1).All(static socket => socket.Available > 0), "the server has sent its flights");
            var threads = Threads();
            using var after = await ConnectAsync(server);
            foreach (var client in new[] { before, after })
            {
                for (var number = 0; number < Requests; number++)
                {
                    Assert.Equal(200, await AskAsync(client));
                }
            }

            // As many as there are processors do them all; whoever waits for a client holds none of them.
            for (var number = 0; number < 4 * Environment.ProcessorCount; number++)
            {
                using var another = await ConnectAsync(server);
                Assert.Equal(200, await AskAsync(another));
            }

            Assert.InRange(Threads(), 0, Math.Max(threads, Environment.ProcessorCount * 8));
            Assert.All(half, static socket => Assert.False(socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0, "a half-open one was closed"));
        }
        finally
        {
            half.ForEach(static socket => socket.Dispose());
        }

        await Eventually.TrueAsync(
            () => server.Server.Connections is var counts && counts.Accepted - counts.Closed - counts.Aborted - counts.Refused <= 2, "the half-open ones are gone");
    }

    // The bound: beyond it a connection is closed without a byte; those that have their handshake behind them do not count.
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Beyond_the_bound_a_connection_is_closed(TlsEngine engine)
    {
        const int Bound = 8;
        await using var server = await StartAsync(engine, maxHandshakes: Bound);
        var settled = new List<SslStream>();
        var half = new List<Socket>();
        try
        {
            for (var number = 0; number < 2 * Bound; number++)
            {
                settled.Add(await ConnectAsync(server));
            }

            using var hello = new Tls13Client(Stream.Null);
            for (var number = 0; number < Bound; number++)
            {
                var socket = await SendAsync(server, Tls13Client.Record(Tls13Client.Handshake, hello.ClientHello()));
                half.Add(socket);
                await Eventually.TrueAsync(() => socket.Available > 0, "the server's flight");
            }

            using (var refused = await SendAsync(server, Tls13Client.Record(Tls13Client.Handshake, hello.ClientHello())))
            {
                var received = 0;
                try
                {
                    received = await refused.ReceiveAsync(new byte[100]).WaitAsync(TestClient.Patience);
                }
                catch (SocketException)
                {
                    // A reset is a close, too: its hello was not read.
                }

                Assert.Equal(0, received);
            }

            foreach (var client in settled)
            {
                Assert.Equal(200, await AskAsync(client));
            }

            half[0].Dispose();
            await Eventually.TrueAsync(
                async () =>
                {
                    try
                    {
                        settled.Add(await ConnectAsync(server));
                        return true;
                    }
                    catch (Exception exception) when (exception is IOException or AuthenticationException)
                    {
                        return false; // the server has not seen yet that one has left
                    }
                },
                "there is room for one again");
            Assert.Equal(200, await AskAsync(settled[^1]));
        }
        finally
        {
            half.ForEach(static socket => socket.Dispose());
            settled.ForEach(static client => client.Dispose());
        }
    }

    private static Task<TestServer> StartAsync(TlsEngine engine, int maxHandshakes) => TestServer.StartAsync(
        OperatingSystem.IsLinux() ? "epoll" : "sockets",
        static server => server.MapGet("/", static (_, response) => response.WriteText("Hello, World!")),
        options =>
        {
            options.MaxHandshakes = maxHandshakes;
            options.Backlog = 1024;
            options.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0)
            {
                Tls = new TlsOptions { Certificates = TestCertificates.Source(), Engine = engine },
            });
        });

    private static async Task<Socket> SendAsync(TestServer server, byte[] bytes)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server.Server.EndPoints[0]);
        await socket.SendAsync(bytes);
        return socket;
    }

    private static async Task<SslStream> ConnectAsync(TestServer server)
    {
        var socket = await SendAsync(server, []);
        var client = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
#pragma warning disable CA5359 // Whose certificate it is is the matter of other tests.
            await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost", RemoteCertificateValidationCallback = static (_, _, _, _) => true })
                .WaitAsync(TestClient.Patience);
#pragma warning restore CA5359
            return client;
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private static async Task<int> AskAsync(SslStream stream)
    {
        // Left to the stream's owner: it is asked again and again.
        var client = new TestClient(stream);
        await client.SendAsync(TestClient.Get("/"));
        return (await client.ReadResponseAsync()).Status;
    }

    private static int Threads() =>
        OperatingSystem.IsLinux() ? ThreadNames.Of(Environment.ProcessId).Count(static name => name.StartsWith("handshake", StringComparison.Ordinal)) : 0;
}
