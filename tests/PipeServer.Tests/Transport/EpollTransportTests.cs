using System.Buffers;
using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

public sealed class EpollTransportTests : NetworkTransportTests
{
    [Fact]
    public async Task A_fault_on_a_loop_is_logged_and_costs_that_connection_only()
    {
        var log = new TestLog();
        var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 1, Logger = log }));
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        await using var client = await TestClient.ConnectAsync(listener.EndPoint);
        await using var server = (await listener.AcceptAsync())!;
        await using var otherClient = await TestClient.ConnectAsync(listener.EndPoint);
        await using var other = (await listener.AcceptAsync())!;
        RunOnLoop(server, static () => throw new InvalidOperationException("a faulty reader"));
        await client.SendAsync("x");
        await Assert.ThrowsAnyAsync<IOException>(() => client.ReadToEndAsync());
        Assert.True(server.IsClosed);
        Assert.Equal("a faulty reader", Assert.Single(log.Entries).Exception?.Message);
        await otherClient.SendAsync("y");
        Assert.Equal((byte)'y', (await other.Input.ReadAsync()).Buffer.FirstSpan[0]);
        await listener.DisposeAsync();
    }

    [Fact]
    public async Task Connections_are_spread_evenly_over_the_loops()
    {
        var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 3 }));
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 64, CancellationToken.None))[0];
        var threads = new List<string?>();
        for (var i = 0; i < 30; i++)
        {
            var client = await TestClient.ConnectAsync(listener.EndPoint);
            var server = (await listener.AcceptAsync())!;
            var name = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            RunOnLoop(server, () => name.SetResult(Thread.CurrentThread.Name));
            await client.SendAsync("x");
            threads.Add(await name.Task.WaitAsync(TestClient.Patience));
        }

        var perLoop = threads.GroupBy(static name => name).ToDictionary(static group => group.Key!, static group => group.Count());
        Assert.Equal(["loop-0", "loop-1", "loop-2"], perLoop.Keys.Order());
        Assert.All(perLoop.Values, static count => Assert.InRange(count, 9, 11));
        await listener.DisposeAsync();
        Assert.Empty(await transport.StopAsync(TestClient.Patience));
    }

    [Fact]
    public async Task A_loop_that_a_reader_blocks_is_named_when_the_transport_stops()
    {
        var log = new TestLog();
        var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 1, Logger = log }));
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        await using var client = await TestClient.ConnectAsync(listener.EndPoint);
        await using var server = (await listener.AcceptAsync())!;
        using var release = new ManualResetEventSlim();
        RunOnLoop(server, release.Wait);
        await client.SendAsync("x");
        await Task.Delay(50);
        Assert.Equal(["loop-0"], await transport.StopAsync(TimeSpan.FromMilliseconds(50)));
        Assert.Contains(log.Messages, static message => message.StartsWith("loop-0 did not end"));
        release.Set();
        Assert.Empty(await transport.StopAsync(TestClient.Patience));
    }

    // A client that sent without end was read without end: its loop's other connections never had their turn.
    [Fact]
    public async Task A_client_that_sends_without_end_gives_the_loop_back_now_and_then()
    {
        var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 1 }));
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        await using var client = await TestClient.ConnectAsync(listener.EndPoint);
        await using var server = (await listener.AcceptAsync())!;
        var bytes = new byte[60_000_000];
        var sending = client.SendAsync(bytes);
        var (received, inARow, mostInARow) = (0L, 0, 0);
        while (received < bytes.Length)
        {
            var reading = server.Input.ReadAsync();
            inARow = reading.IsCompleted ? inARow + 1 : 0;
            mostInARow = Math.Max(mostInARow, inARow);
            var read = await reading;
            received += read.Buffer.Length;
            server.Input.AdvanceTo(read.Buffer.End);
        }

        await sending;
        Assert.InRange(mostInARow, 1, 16);
        await listener.DisposeAsync();
    }

    // A disposal in the very moment in which bytes completed the read put the object back into its pool under the loop's hands:
    // the old reader hung, or the next client's first read failed.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task A_disposal_that_races_with_bytes_wakes_the_reader_and_spares_the_next_client()
    {
        var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 1 }));
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 64, CancellationToken.None))[0];
        var random = new Random(7);
        for (var i = 0; i < Stress.Rounds(3000); i++)
        {
            await using var client = await TestClient.ConnectAsync(listener.EndPoint);
            var server = (await listener.AcceptAsync())!;
            await Task.Yield(); // off the loop: on it there is no race
            var reading = server.Input.ReadAsync().AsTask();
            await client.SendAsync("x");
            Thread.SpinWait(random.Next(2500));
            await server.DisposeAsync();
            await Task.WhenAny(reading).WaitAsync(TestClient.Patience);

            await using var nextClient = await TestClient.ConnectAsync(listener.EndPoint);
            await using var next = (await listener.AcceptAsync())!;
            await nextClient.SendAsync("y");
            var read = await next.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience);
            Assert.Equal("y"u8.ToArray(), read.Buffer.ToArray());
            next.Input.AdvanceTo(read.Buffer.End);
        }

        await listener.DisposeAsync();
        Assert.Empty(await transport.StopAsync(TestClient.Patience));
    }

    // The loop's last round told connections that had just been disposed of that it was over, and died of it, unhandled.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Connections_that_end_while_their_loop_ends_do_no_harm()
    {
        for (var round = 0; round < Stress.Rounds(20); round++)
        {
            var log = new TestLog();
            var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 1, Logger = log }));
            var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 128, CancellationToken.None))[0];
            var (clients, servers) = (new List<TestClient>(), new List<TransportConnection>());
            for (var i = 0; i < 60; i++)
            {
                clients.Add(await TestClient.ConnectAsync(listener.EndPoint));
                servers.Add((await listener.AcceptAsync())!);
            }

            var disposing = Task.Factory.StartNew(
                () => servers.AsEnumerable().Reverse().Select(static server => server.DisposeAsync().AsTask()).ToList(),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Assert.Empty(await transport.StopAsync(TestClient.Patience));
            await Task.WhenAll(await disposing).WaitAsync(TestClient.Patience);
            await listener.DisposeAsync();
            Assert.Empty(log.Entries);
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }
    }

    // A receive stops at TCP's urgent mark: taken for the end of what is there, the rest waited for ever.
    [Fact]
    public async Task Bytes_behind_an_urgent_one_are_read_too()
    {
        var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 1 }));
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listener.EndPoint);
        await client.SendAsync("ab"u8.ToArray(), SocketFlags.None);
        await client.SendAsync("!"u8.ToArray(), SocketFlags.OutOfBand);
        await client.SendAsync("cd"u8.ToArray(), SocketFlags.None);
        await using var server = (await listener.AcceptAsync())!;
        var received = 0L;
        while (received < 4)
        {
            var read = await server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience);
            received += read.Buffer.Length;
            server.Input.AdvanceTo(read.Buffer.End);
        }

        await listener.DisposeAsync();
    }

    // Every start that failed left its loops behind: two threads and four descriptors.
    [Fact]
    public async Task A_start_that_fails_leaves_no_loop_behind()
    {
        var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 1 }));
        var taken = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        var another = Track(new EpollTransport(new EpollTransportOptions { Loops = 1 }));
        await using (var server = new HttpServer(new HttpServerOptions { Port = ((IPEndPoint)taken.EndPoint).Port, Transport = another }))
        {
            await Assert.ThrowsAsync<ListenException>(() => server.StartAsync());
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await another.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None));
        await taken.DisposeAsync();
        Assert.Empty(await transport.StopAsync(TestClient.Patience));
    }

    // Whoever still reads when the loops have ended must not wait for ever.
    [Fact]
    public async Task The_end_of_the_loops_ends_what_waits_on_them()
    {
        var transport = Track(new EpollTransport(new EpollTransportOptions { Loops = 2 }));
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        await using var client = await TestClient.ConnectAsync(listener.EndPoint);
        await using var server = (await listener.AcceptAsync())!;
        var reading = server.Input.ReadAsync().AsTask();
        var accepting = listener.AcceptAsync().AsTask();
        Assert.Empty(await transport.StopAsync(TestClient.Patience));
        await Assert.ThrowsAnyAsync<IOException>(() => reading.WaitAsync(TestClient.Patience));
        Assert.Null(await accepting.WaitAsync(TestClient.Patience));
        await Assert.ThrowsAnyAsync<IOException>(async () => await server.Input.ReadAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await transport.ListenAsync(listener.EndPoint, 8, CancellationToken.None));
    }

    // What a reader does when its bytes come, it does on the loop's thread.
    private static void RunOnLoop(TransportConnection connection, Action action)
    {
#pragma warning disable CA2012 // Consumed once: nobody looks at the result.
        connection.Input.ReadAsync().ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(action);
#pragma warning restore CA2012
    }

    private protected override ITransport CreateTransport() => new EpollTransport(new EpollTransportOptions { Loops = 2 });
}
