using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;
using PipeServer.Transport.Sockets;

namespace PipeServer.Tests.Server;

/// <summary>
/// One server takes another's place on the same listening sockets: here both in one process, which is to the system as good as two, because each has
/// descriptors of its own of the same open sockets.
/// </summary>
public sealed partial class HandOverTests : IDisposable
{
    private const int F_DUPFD_CLOEXEC = 1030;

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-hand-over-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // The old server's loops are at work to the end of its drain. A close alone had left them registered with the socket, which is the new server's too: the
    // system told one of them of a client, and nobody who would have accepted it.
    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("localhost:0")]
    [InlineData("unix:")]
    [InlineData("unix:@")]
    public async Task Every_client_is_answered_while_the_old_server_still_drains(string place)
    {
        SkipUnlessEpoll();
        place = place switch
        {
            "unix:" => $"unix:{Path.Combine(_folder, "a.sock")}",
            "unix:@" => $"unix:@{Path.GetFileName(_folder)}",
            _ => place,
        };
        var release = new TaskCompletionSource();
        await using var old = await StartAsync(HttpEndpoint.Parse(place), "old", release.Task);
        var where = old.EndPoints[0];
        await using var held = await TestClient.ConnectAsync(where);
        await held.SendAsync(TestClient.Get("/held"));
        await Eventually.TrueAsync(() => old.Requests.InFlight == 1, "the old server handles a request");
        await using var next = await StartAsync(TakeOver(old, place), "new", Task.CompletedTask);
        Assert.True(next.SharesListeningSockets);
        Assert.Equal(old.EndPoints, next.EndPoints);
        old.SharesListeningSockets = true;
        var stopping = old.StopAsync();
        for (var inARow = 0; inARow < 100;)
        {
            await using var client = await TestClient.ConnectAsync(where);
            var answer = (await client.RequestAsync(TestClient.Get("/"))).Text;
            inARow = answer == "new" ? inARow + 1 : 0;
        }

        Assert.False(stopping.IsCompleted);
        release.SetResult();
        Assert.Equal("old", (await held.ReadResponseAsync()).Text);
        Assert.Equal(ShutdownOutcome.Drained, (await stopping).Outcome);
        await using (var client = await TestClient.ConnectAsync(where)) // the file of a unix socket is there
        {
            Assert.Equal("new", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }

        next.SharesListeningSockets = false;
        await next.StopAsync();
        await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(where));
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task New_clients_are_the_others_so_nothing_is_delayed_and_the_service_is_ready()
    {
        SkipUnlessEpoll();
        var release = new TaskCompletionSource();
        await using var old = await StartAsync(HttpEndpoint.Parse("127.0.0.1:0"), "old", release.Task, static options =>
        {
            options.HealthChecks = true;
            options.DrainDelay = TimeSpan.FromSeconds(40);
            options.DrainIdleTimeout = TimeSpan.FromSeconds(20);
        });
        await using var held = await TestClient.ConnectAsync(old.EndPoints[0]);
        await held.SendAsync(TestClient.Get("/held"));
        await using var idle = await TestClient.ConnectAsync(old.EndPoints[0]);
        await idle.RequestAsync(TestClient.Get("/"));
        old.SharesListeningSockets = true;
        var stopping = old.StopAsync();
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await (await TestClient.ConnectAsync(old.EndPoints[0])).DisposeAsync();
                return false;
            }
            catch (SocketException)
            {
                return true; // here nobody else has the socket
            }
        }, "it accepts no more");
        var ready = await idle.RequestAsync(TestClient.Get("/healthz/ready"));
        Assert.Equal((200, "ready\n"), (ready.Status, ready.Text));
        release.SetResult();
        Assert.Equal(ShutdownOutcome.Drained, (await stopping).Outcome);
    }

    // A start that fails had deleted the file of the socket that another server serves.
    [Fact]
    public async Task A_start_that_fails_leaves_the_sockets_to_the_server_that_has_them()
    {
        SkipUnlessEpoll();
        var place = $"unix:{Path.Combine(_folder, "a.sock")}";
        await using var old = await StartAsync(HttpEndpoint.Parse(place), "old", Task.CompletedTask);
        await using var taken = await StartAsync(HttpEndpoint.Parse("127.0.0.1:0"), "taken", Task.CompletedTask);
        await using var next = new HttpServer(new HttpServerOptions
        {
            Endpoints = [TakeOver(old, place), new HttpEndpoint(IPAddress.Loopback, ((IPEndPoint)taken.EndPoints[0]).Port)],
        });
        await Assert.ThrowsAsync<ListenException>(() => next.StartAsync());
        await using var client = await TestClient.ConnectAsync(old.EndPoints[0]);
        Assert.Equal("old", (await client.RequestAsync(TestClient.Get("/"))).Text);
    }

    [Fact]
    public async Task The_sockets_transport_neither_gives_nor_takes()
    {
        SkipUnlessEpoll();
        await using var old = await StartAsync(HttpEndpoint.Parse("127.0.0.1:0"), "old", Task.CompletedTask, static options => options.Transport = new SocketTransport());
        Assert.Throws<NotSupportedException>(() => old.ListeningSockets);
        Assert.Throws<NotSupportedException>(() => old.SharesListeningSockets = true);
        Assert.False(old.SharesListeningSockets);
        await using var other = await StartAsync(HttpEndpoint.Parse("127.0.0.1:0"), "other", Task.CompletedTask);
        var endpoint = TakeOver(other, "127.0.0.1:0");
        using var notTaken = new SafeFileHandle(endpoint.HandedOver[0], ownsHandle: true);
        await using var next = new HttpServer(new HttpServerOptions { Transport = new SocketTransport(), Endpoints = [endpoint] });
        Assert.Contains("takes no sockets over", (await Assert.ThrowsAsync<ListenException>(() => next.StartAsync())).Message);
    }

    [Fact]
    public void Descriptors_are_from_3_on_and_not_for_passed_sockets()
    {
        Assert.Throws<ArgumentException>(() => new HttpServer(new HttpServerOptions { Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0) { HandedOver = [2] }] }));
        var passed = HttpEndpoint.Inherited(7);
        passed.HandedOver = [8];
        Assert.Throws<ArgumentException>(() => new HttpServer(new HttpServerOptions { Endpoints = [passed] }));
    }

    // The process that the system had told of a client may have ended before it accepted it.
    [Fact]
    public async Task A_client_of_whom_only_the_other_process_was_told_is_found_once_that_is_gone()
    {
        SkipUnlessEpoll();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(8);
        var transport = new EpollTransport(new EpollTransportOptions { Loops = 1, Logger = NullLogger.Instance });
        var listener = (EpollListener)(await transport.ListenAsync(new InheritedSocketEndPoint(Duplicate(socket.SafeHandle)) { IsHandedOver = true }, 8, CancellationToken.None))[0];
        var accepting = listener.AcceptAsync().AsTask();
        listener.Unregister(); // no event comes any more, as if the other process had got it
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(socket.LocalEndPoint!);
        await Task.Delay(100);
        Assert.False(accepting.IsCompleted);
        listener.IsShared = false;
        var accepted = await accepting.WaitAsync(TestClient.Patience);
        await accepted!.DisposeAsync();
        await listener.DisposeAsync();
        await transport.StopAsync(TestClient.Patience);
    }

    private static void SkipUnlessEpoll() => Assert.SkipUnless(EpollTransport.IsSupported, "The epoll transport needs Linux.");

    private static HttpEndpoint TakeOver(HttpServer old, string place)
    {
        var endpoint = HttpEndpoint.Parse(place);
        endpoint.HandedOver = [.. old.ListeningSockets.Select(static socket => Duplicate(socket.Socket))];
        return endpoint;
    }

    private static int Duplicate(SafeHandle handle)
    {
        var copy = Control(handle, F_DUPFD_CLOEXEC, 3);
        Assert.True(copy >= 3);
        return copy;
    }

    private static async Task<HttpServer> StartAsync(HttpEndpoint endpoint, string name, Task release, Action<HttpServerOptions>? configure = null)
    {
        var options = new HttpServerOptions { Endpoints = [endpoint], Loops = 2, ShutdownGracePeriod = TimeSpan.FromSeconds(30), LoggerFactory = NullLoggerFactory.Instance };
        configure?.Invoke(options);
        var server = new HttpServer(options);
        server.MapGet("/", (_, response) => response.WriteText(name), Dispatch.Inline);
        server.MapGet("/held", async (_, response) =>
        {
            await release;
            response.WriteText(name);
        });
        await server.StartAsync();
        return server;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeHandle descriptor, int command, int argument);
}
