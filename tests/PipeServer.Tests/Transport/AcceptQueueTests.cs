using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Platform;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

/// <summary>Several loops that accept from one queue: nobody is lost between them, and none of them is left out.</summary>
public sealed class AcceptQueueTests : IAsyncDisposable
{
    private const int Loops = 3;

    private readonly EpollTransport _transport = new(new EpollTransportOptions { Loops = Loops });

    public async ValueTask DisposeAsync() => Assert.Empty(await _transport.StopAsync(TestClient.Patience));

    // A loop that is registered without anybody who accepts there would be woken in another's place: its client would wait for ever.
    [Fact]
    public async Task One_listener_alone_gets_every_client()
    {
        var listener = await ListenAsync();
        for (var i = 0; i < 50; i++)
        {
            var accepting = listener.AcceptAsync().AsTask();
            await using var client = await TestClient.ConnectAsync(listener.EndPoint);
            await using var server = await accepting.WaitAsync(TestClient.Patience);
            Assert.NotNull(server);
        }

        await listener.DisposeAsync();
    }

    [Fact]
    public async Task All_listeners_together_get_every_client_once()
    {
        var listener = await ListenAsync();
        var serving = ((ISharedListener)listener).Siblings.Select(ServeAsync).ToList();
        Assert.Equal(Loops, serving.Count);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            for (var i = 0; i < 20; i++)
            {
                await using var client = await TestClient.ConnectAsync(listener.EndPoint);
                await client.SendAsync("x");
                Assert.Equal("y", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
            }
        }));
        await listener.StopListeningAsync();
        Assert.Equal(400, (await Task.WhenAll(serving).WaitAsync(TestClient.Patience)).Sum());
        await listener.DisposeAsync();
    }

    // The first to find the queue empty closes it for all: whoever waits must end too, and who is in the middle must not lose a client.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task A_client_that_comes_while_the_queue_stops_is_served_or_refused_and_never_reset()
    {
        for (var round = 0; round < Stress.Rounds(20); round++)
        {
            var listener = await ListenAsync();
            using var isOver = new CancellationTokenSource();
            var serving = ((ISharedListener)listener).Siblings.Select(ServeAsync).ToList();
            var clients = Enumerable.Range(0, 8).Select(_ => Task.Run(() => ComeAgainAndAgainAsync(listener.EndPoint, isOver.Token))).ToList();
            await Task.Delay(5 + (round % 7));
            await listener.StopListeningAsync().AsTask().WaitAsync(TestClient.Patience);
            var served = (await Task.WhenAll(serving).WaitAsync(TestClient.Patience)).Sum();
            await isOver.CancelAsync();
            Assert.Equal(served, (await Task.WhenAll(clients).WaitAsync(TestClient.Patience)).Sum());
            await listener.DisposeAsync();
        }
    }

    // What one loop had given back to the runtime, which ends the process when it finds none, the next loop's accept took again at once.
    [Fact]
    public async Task The_reserve_that_one_listener_gives_back_is_not_taken_by_another()
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "The epoll transport needs Linux.");
        Assert.True(ListenCalls.Socket(2, ListenCalls.IPPROTO_TCP, out var descriptor) >= 0);
        Assert.Equal(0, ListenCalls.Listen(descriptor, 8));
        var loop = new EventLoop(0, NullLogger.Instance);
        var queue = new AcceptQueue(new IPEndPoint(IPAddress.Loopback, 0), descriptor, ownsSocket: true);
        var (first, second) = (new EpollListener(queue, loop, [loop], null!), new EpollListener(queue, loop, [loop], null!));
        var address = new byte[128];
        Assert.Equal(-Errno.EAGAIN, queue.Accept(second, address));
        queue.ReleaseReserve(first);
        Assert.Equal(-Errno.EMFILE, queue.Accept(second, address));
        queue.ReleaseReserve(second); // as it does now: it has nothing to give, and is not waited for
        Assert.Equal(-Errno.EAGAIN, queue.Accept(first, address));
        Assert.Equal(-Errno.EAGAIN, queue.Accept(second, address));
        await first.DisposeAsync();
        loop.Discard();
    }

    // The first loop in the system's list is woken each time that it waits: it would get every connection of a quiet server.
    [Fact]
    public async Task Connections_that_stay_are_spread_over_the_loops()
    {
        await using var server = await TestServer.StartAsync(
            "epoll",
            static server => server.MapGet("/", static (_, response) => response.WriteText(Thread.CurrentThread.Name ?? ""), Dispatch.Inline),
            static options => options.Transport = new EpollTransport(new EpollTransportOptions { Loops = Loops }));
        var clients = new List<TestClient>();
        var perLoop = new Dictionary<string, int>();
        for (var i = 0; i < 60; i++)
        {
            var client = await server.ConnectAsync();
            clients.Add(client);
            await client.RequestAsync(TestClient.Get("/")); // on the loop that has accepted it, or on its own
            var name = (await client.RequestAsync(TestClient.Get("/"))).Text; // on its own
            perLoop[name] = perLoop.GetValueOrDefault(name) + 1;
        }

        Assert.Equal(["loop-0", "loop-1", "loop-2"], perLoop.Keys.Order());
        Assert.All(perLoop.Values, static count => Assert.InRange(count, 15, 25));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    // A close of one is the close of all, and the unix socket's file goes with it.
    [Fact]
    public async Task A_disposal_ends_the_accepts_of_all()
    {
        var listener = await ListenAsync();
        var accepting = ((ISharedListener)listener).Siblings.Select(static sibling => sibling.AcceptAsync().AsTask()).ToList();
        await listener.DisposeAsync();
        Assert.All(await Task.WhenAll(accepting).WaitAsync(TestClient.Patience), Assert.Null);
        await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(listener.EndPoint));
    }

    private static async Task<int> ServeAsync(IConnectionListener listener)
    {
        var answering = new List<Task>();
        while (await listener.AcceptAsync() is { } connection)
        {
            answering.Add(AnswerAsync(connection));
        }

        await Task.WhenAll(answering);
        return answering.Count;
    }

    private static async Task AnswerAsync(TransportConnection connection)
    {
        await using (connection)
        {
            var read = await connection.Input.ReadAsync();
            connection.Input.AdvanceTo(read.Buffer.End);
            await connection.Output.WriteAsync("y"u8.ToArray());
            await connection.ShutdownOutputAsync();
        }
    }

    // How often it was served.
    private static async Task<int> ComeAgainAndAgainAsync(EndPoint endPoint, CancellationToken isOver)
    {
        for (var served = 0; ; served++)
        {
            if (isOver.IsCancellationRequested)
            {
                return served;
            }

            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(endPoint, isOver);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                return served; // refused, or nobody answers any more
            }

            // From here on the client counts on being served.
            await socket.SendAsync("x"u8.ToArray(), CancellationToken.None);
            Assert.Equal(1, await socket.ReceiveAsync(new byte[1], CancellationToken.None));
        }
    }

    private async Task<IConnectionListener> ListenAsync()
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "The epoll transport needs Linux.");
        return (await _transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 512, CancellationToken.None))[0];
    }
}
