using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer.Tests.Server;

public sealed class ConnectionDispatcherTests
{
    [Fact]
    public async Task A_failing_accept_is_tried_again_and_recovers()
    {
        var transport = new FailingTransport { Failures = 3 };
        var log = new TestLog();
        var time = new ManualTimeProvider();
        await using var server = new HttpServer(new HttpServerOptions { Transport = transport, LoggerFactory = log, TimeProvider = time });
        server.MapGet("/", static (_, response) => response.WriteText("hello"));
        await server.StartAsync();
        await Eventually.TrueAsync(() => Advance(time) && transport.Failures == 0, "the accept recovers");
        await using var client = new TestClient(transport.Memory.Connect());
        // The pause after the last failure may begin only now: the clock goes on until the answer is there.
        var answering = client.RequestAsync(TestClient.Get("/"));
        await Eventually.TrueAsync(() => Advance(time) && answering.IsCompleted, "it is answered");
        Assert.Equal("hello", (await answering).Text);
        Assert.Equal(3, log.Messages.Count(static message => message.StartsWith("Accepting failed")));
        await client.DisposeAsync();
        var stopping = server.StopAsync();
        await Eventually.TrueAsync(() => Advance(time) && stopping.IsCompleted, "it stops");
    }

    // An accept that failed on and on during the drain spun at full speed, and neither the deadline nor force ended it.
    [Fact]
    public async Task An_accept_that_fails_for_ever_does_not_hold_up_the_stop_or_spin()
    {
        var log = new TestLog();
        await using var server = new HttpServer(new HttpServerOptions { Transport = new FailingTransport { Failures = int.MaxValue }, LoggerFactory = log });
        await server.StartAsync();
        var report = await server.StopAsync().WaitAsync(TestClient.Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.InRange(log.Messages.Count(static message => message.StartsWith("Accepting failed")), 1, 50);
    }

    [Fact]
    public async Task At_the_connection_limit_clients_wait_until_another_leaves()
    {
        await using var server = await TestServer.StartAsync(
            "sockets", static server => server.MapGet("/", static (_, response) => response.WriteText("hello")), static options =>
                (options.MaxConnections, options.Overload) = (2, OverloadPolicy.Wait));
        await using var first = await server.ConnectAsync();
        await first.RequestAsync(TestClient.Get("/"));
        await using var second = await server.ConnectAsync();
        await second.RequestAsync(TestClient.Get("/"));
        await using var third = await server.ConnectAsync();
        await third.SendAsync(TestClient.Get("/"));
        var waiting = third.ReadResponseAsync();
        await Task.WhenAny(waiting, Task.Delay(100));
        Assert.False(waiting.IsCompleted);
        Assert.Equal(2, server.Server.Connections.Accepted);
        await first.DisposeAsync();
        Assert.Equal("hello", (await waiting).Text);
        Assert.Single(server.Log.Messages, static message => message.StartsWith("All 2 connections are in use"));
    }

    // Each listener's loop took an accept before it waited for one: with two of them, --exit-after 1 ended before anybody came.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task The_accept_limit_counts_clients_of_all_listeners_together(int used)
    {
        await using var server = await StartTwoAsync(static options => options.AcceptLimit = 2);
        await using var first = await TestClient.ConnectAsync(server.EndPoints[used]);
        Assert.Equal("hello", (await first.RequestAsync(TestClient.Get("/"))).Text);
        Assert.False(server.AcceptLimitReached.IsCompleted);
        await using var second = await TestClient.ConnectAsync(server.EndPoints[1 - used]);
        await server.AcceptLimitReached.WaitAsync(TestClient.Patience);
        Assert.Equal("hello", (await second.RequestAsync(TestClient.Get("/"))).Text);
        foreach (var endPoint in server.EndPoints)
        {
            await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(endPoint));
        }

        Assert.False(server.Failed.IsCompleted);
        Assert.Equal(2, server.Connections.Accepted);
    }

    // Each listener's loop waited for its next client with a permit in its hand, which the others lacked.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_listener_that_nobody_comes_to_takes_no_permit(int used)
    {
        await using var server = await StartTwoAsync(static options => (options.MaxConnections, options.Overload) = (1, OverloadPolicy.Wait));
        for (var round = 0; round < 3; round++)
        {
            await using var client = await TestClient.ConnectAsync(server.EndPoints[used]);
            Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }
    }

    // An accept loop that ended by itself was seen by nobody: the process lived on, and served no one.
    [Fact]
    public async Task A_listener_that_ends_by_itself_is_told()
    {
        var transport = new MemoryTransport();
        var log = new TestLog();
        await using var server = new HttpServer(new HttpServerOptions { Transport = transport, LoggerFactory = log });
        await server.StartAsync();
        Assert.False(server.Failed.IsCompleted);
        await transport.StopListeningAsync();
        await server.Failed.WaitAsync(TestClient.Patience);
        Assert.Contains(log.Messages, static message => message.StartsWith("A listener has ended though nobody stopped it"));
    }

    // What was thrown behind the accept, for want of memory, left the client connected to nobody, and its permit was missing for ever.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_cannot_be_taken_in_is_closed_and_costs_no_permit(bool isFiltered)
    {
        const int Failures = 3;
        var accepts = 0;
        var log = new TestLog();
        await using var server = new HttpServer(new HttpServerOptions
        {
            Transport = new WatchedTransport(
                Transports.Create("sockets"), connection => accepts++ < Failures ? new NamelessConnection(connection, isFiltered ? 1 : 0) : connection),
            LoggerFactory = log,
            MaxConnections = 1,
            MaxConnectionsPerAddress = 1,
            Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0) { ProxyProtocol = isFiltered }],
            TrustedProxies = [TrustedProxy.Parse("127.0.0.1")],
        });
        server.MapGet("/", static (_, response) => response.WriteText("hello"));
        await server.StartAsync();
        var header = isFiltered ? "PROXY UNKNOWN\r\n" : "";
        for (var i = 0; i < Failures; i++)
        {
            var exception = await Record.ExceptionAsync(async () =>
            {
                await using var lost = await TestClient.ConnectAsync(server.EndPoints[0]);
                await lost.SendAsync(header);
                Assert.Empty(await lost.ReadToEndAsync());
            });
            Assert.True(exception is null or IOException or SocketException, $"{exception}");
        }

        await using var client = await TestClient.ConnectAsync(server.EndPoints[0]);
        Assert.Equal("hello", (await client.RequestAsync(header + TestClient.Get("/"))).Text);
        await client.DisposeAsync();
        Assert.Equal(Failures, log.Entries.Count(static entry => entry.Exception is OutOfMemoryException || entry.Message.Contains("Made up")));
        var report = await server.StopAsync();
        Assert.Equal(report.Connections.Accepted, report.Connections.Closed + report.Connections.Aborted);
    }

    private static async Task<HttpServer> StartTwoAsync(Action<HttpServerOptions> configure)
    {
        var options = new HttpServerOptions { Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0), new HttpEndpoint(IPAddress.Loopback, 0)] };
        configure(options);
        var server = new HttpServer(options);
        server.MapGet("/", static (_, response) => response.WriteText("hello"));
        await server.StartAsync();
        return server;
    }

    private static bool Advance(ManualTimeProvider time)
    {
        time.Advance(TimeSpan.FromMilliseconds(100));
        return true;
    }

    // Stands for whatever may be thrown before a connection is counted.
    private sealed class NamelessConnection(TransportConnection inner, int looksLeft) : TransportConnection
    {
        private int _looksLeft = looksLeft;

        public override PipeReader Input => inner.Input;

        public override PipeWriter Output => inner.Output;

        public override EndPoint? RemoteEndPoint => _looksLeft-- > 0 ? inner.RemoteEndPoint : throw NoMemory.MadeUp();

        public override bool IsClosed => inner.IsClosed;

        public override CancellationToken Closed => inner.Closed;

        public override long BytesSent => inner.BytesSent;

        public override ValueTask ShutdownOutputAsync() => inner.ShutdownOutputAsync();

        public override void Abort() => inner.Abort();

        public override ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    private sealed class FailingTransport : ITransport, IConnectionListener
    {
        private volatile int _failures;

        public MemoryTransport Memory { get; } = new();

        public int Failures
        {
            get => _failures;
            init => _failures = value;
        }

        public string Name => "failing";

        public EndPoint EndPoint => Memory.EndPoint;

        public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => new([]);

        public ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(EndPoint endPoint, int backlog, CancellationToken cancellationToken) => new([this]);

        public async ValueTask<TransportConnection?> AcceptAsync()
        {
            if (_failures > 0)
            {
                await Task.Yield();
                Interlocked.Decrement(ref _failures);
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            }

            return await Memory.AcceptAsync();
        }

        public ValueTask StopListeningAsync() => Memory.StopListeningAsync();

        public ValueTask DisposeAsync() => Memory.DisposeAsync();
    }
}
