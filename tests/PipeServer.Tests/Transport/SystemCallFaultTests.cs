using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

/// <summary>
/// What the system may answer once in a blue moon, at the first call of each kind, the second, and so on: nobody hangs, nothing
/// leaks, and no connection is lost but the one whose call failed.
/// </summary>
[Collection(nameof(RunsAlone))]
public sealed class SystemCallFaultTests
{
    private const int EINTR = 4;
    private const int EAGAIN = 11;
    private const int ENOMEM = 12;
    private const int EMFILE = 24;
    private const int EPIPE = 32;
    private const int EPROTO = 71;
    private const int ECONNABORTED = 103;
    private const int ECONNRESET = 104;
    private const int ENOBUFS = 105;
    private const int Calls = 6;
    private const int Clients = 3;

    // After this long without an answer a client sends something harmless: a real EAGAIN is followed by an event, and this
    // is where it comes from after one that is made up. Only what is sent after the call has failed brings that event: on a busy machine
    // all that a client was willing to send had been sent before, and the request hung for want of an event, once in some hundred runs.
    private static readonly TimeSpan Nudge = TimeSpan.FromMilliseconds(40);

    [Theory]
    [InlineData(nameof(SystemCall.Accept), EINTR, 0)]
    [InlineData(nameof(SystemCall.Accept), EAGAIN, 0)]
    [InlineData(nameof(SystemCall.Accept), ECONNRESET, 0)]
    [InlineData(nameof(SystemCall.Accept), EMFILE, 0)]
    [InlineData(nameof(SystemCall.Accept), ENOBUFS, 0)]
    [InlineData(nameof(SystemCall.Accept), ENOMEM, 0)]
    [InlineData(nameof(SystemCall.Accept), EPIPE, 0)]
    [InlineData(nameof(SystemCall.Receive), EINTR, 0)]
    [InlineData(nameof(SystemCall.Receive), EAGAIN, 0)]
    [InlineData(nameof(SystemCall.Receive), ECONNRESET, 1)]
    [InlineData(nameof(SystemCall.Receive), EPIPE, 1)]
    [InlineData(nameof(SystemCall.Receive), ENOBUFS, 1)]
    [InlineData(nameof(SystemCall.Receive), ENOMEM, 1)]
    [InlineData(nameof(SystemCall.Send), EINTR, 0)]
    [InlineData(nameof(SystemCall.Send), EAGAIN, 0)]
    [InlineData(nameof(SystemCall.Send), ECONNRESET, 1)]
    [InlineData(nameof(SystemCall.Send), EPIPE, 1)]
    [InlineData(nameof(SystemCall.Send), ENOBUFS, 1)]
    [InlineData(nameof(SystemCall.Send), ENOMEM, 1)]
    [InlineData(nameof(SystemCall.EpollWait), EINTR, 0)]
    [InlineData(nameof(SystemCall.EpollWait), EAGAIN, 0)]
    [InlineData(nameof(SystemCall.EpollWait), ENOMEM, 0)]
    [InlineData(nameof(SystemCall.EpollWait), ENOBUFS, 0)]
    [InlineData(nameof(SystemCall.EpollControl), ENOMEM, 1)]
    [InlineData(nameof(SystemCall.EpollControl), ENOBUFS, 1)]
    [InlineData(nameof(SystemCall.EpollControl), EMFILE, 1)]
    public async Task A_failing_call_costs_its_own_connection_at_most(string name, int errno, int mostLost)
    {
        var failing = Enum.Parse<SystemCall>(name);
        var before = ProcessResources.Now();
        for (var at = 1; at <= Calls; at++)
        {
            var left = at;
            var lost = await RunAsync((SystemCall call, ref int _) =>
                call == failing && Interlocked.Decrement(ref left) == 0 ? -errno : 0);
            Assert.True(lost <= mostLost, $"{lost} clients lost their connection by call {at}.");
        }

        await before.ReturnedAsync();
    }

    // An OutOfMemoryException around a call, of which a limit of the heap brings some, left the read that was being taken up neither parked nor
    // completed: its client waited for ever, and so did a stop.
    [Theory]
    [InlineData(nameof(SystemCall.Accept), 0)]
    [InlineData(nameof(SystemCall.Receive), 1)]
    [InlineData(nameof(SystemCall.Send), 1)]
    [InlineData(nameof(SystemCall.EpollControl), 1)]
    public async Task A_call_that_throws_costs_its_own_connection_at_most(string name, int mostLost)
    {
        var failing = Enum.Parse<SystemCall>(name);
        var before = ProcessResources.Now();
        for (var at = 1; at <= Calls; at++)
        {
            var left = at;
            var lost = await RunAsync((SystemCall call, ref int _) =>
                call == failing && Interlocked.Decrement(ref left) == 0 ? throw NoMemory.MadeUp() : 0);
            Assert.True(lost <= mostLost, $"{lost} clients lost their connection by call {at}.");
        }

        await before.ReturnedAsync();
    }

    // Receives are not cut short: that one brought all there was is what a receive below its room means.
    [Fact]
    public async Task Sends_of_a_few_bytes_lose_nothing()
    {
        var before = ProcessResources.Now();
        var random = new Random(8);
        Assert.Equal(0, await RunAsync(static (SystemCall call, ref int length) =>
        {
            length = call == SystemCall.Send ? 1 : length;
            return 0;
        }));
        Assert.Equal(0, await RunAsync((SystemCall call, ref int length) =>
        {
            lock (random)
            {
                length = call == SystemCall.Send ? Math.Min(length, random.Next(1, 40)) : length;
                return call is SystemCall.Send or SystemCall.Receive && random.Next(3) == 0 ? -EINTR : 0;
            }
        }));
        await before.ReturnedAsync();
    }

    // An accept that failed for good with an error that is usually one client's was made again at once, and for ever: its loop served nobody any
    // more, and a stop waited for it until the grace period was over.
    [Theory]
    [InlineData(EPROTO)]
    [InlineData(ECONNABORTED)]
    [InlineData(ECONNRESET)]
    [InlineData(EINTR)]
    [InlineData(EAGAIN)]
    [InlineData(EMFILE)]
    [InlineData(EPIPE)]
    public async Task A_stop_ends_although_no_accept_succeeds(int errno)
    {
        await using var server = await TestServer.StartAsync("epoll", ProtocolServer.Map);
        Libc.Fault = (SystemCall call, ref int _) => call == SystemCall.Accept ? -errno : 0;
        try
        {
            using var waiting = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await waiting.ConnectAsync(server.Server.EndPoints[0]);
            var report = await server.Server.StopAsync();
            Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        }
        finally
        {
            Libc.Fault = null;
        }
    }

    // Three clients with two requests each, one after the other; how many of them saw their connection end before its time.
    private static async Task<int> RunAsync(SystemCallFault fault)
    {
        await using var server = await TestServer.StartAsync("epoll", ProtocolServer.Map);
        var hasFailed = new StrongBox<bool>();
        Libc.Fault = (SystemCall call, ref int length) =>
        {
            var result = fault(call, ref length);
            if (result != 0)
            {
                Volatile.Write(ref hasFailed.Value, true);
            }

            return result;
        };
        try
        {
            var lost = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async number => await ServeAsync(server, number, hasFailed) ? 0 : 1));

            // Whatever it was, it is over.
            Libc.Fault = null;
            Assert.True(await ServeAsync(server, Clients, hasFailed));
            var report = await server.Server.StopAsync();
            Assert.Equal(report.Connections.Accepted, report.Connections.Closed + report.Connections.Aborted);
            return lost.Sum();
        }
        finally
        {
            Libc.Fault = null;
        }
    }

    private static async Task<bool> ServeAsync(TestServer server, int number, StrongBox<bool> hasFailed)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server.Server.EndPoints[0]);
        }
        catch (SocketException)
        {
            return false; // reset in the moment in which it was accepted
        }

        var body = $"{number}: " + new string('x', 3000);
        return await IsAnsweredAsync(server, socket, TestClient.Get($"/{number}"), $"/{number}", hasFailed)
            && await IsAnsweredAsync(server, socket, $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n{body}", body, hasFailed);
    }

    // False when the connection ended instead. An answer that is wrong fails the test, and so does none.
    private static async Task<bool> IsAnsweredAsync(
        TestServer server, Socket socket, string request, string expected, StrongBox<bool> hasFailed)
    {
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(request));
            var received = new StringBuilder();
            var buffer = new byte[8192];
            var waited = Stopwatch.StartNew();
            var nudges = 0;
            while (!received.ToString().Contains("\r\n\r\n") || !received.ToString().EndsWith(expected))
            {
                var receiving = socket.ReceiveAsync(buffer);
                while (!receiving.IsCompleted)
                {
                    var isNudgeOfUse = Volatile.Read(ref hasFailed.Value);
                    await Task.WhenAny(receiving, Task.Delay(Nudge));
                    Assert.True(waited.Elapsed < TestClient.Patience, "No answer: the request hangs.");
                    if (!receiving.IsCompleted && isNudgeOfUse && nudges < 2)
                    {
                        // One empty line after a request is ignored, and another client brings an event to the listener.
                        nudges++;
                        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                        await other.ConnectAsync(server.Server.EndPoints[0]);
                        await socket.SendAsync("\r\n"u8.ToArray());
                    }
                }

                var count = await receiving;
                if (count == 0)
                {
                    return false;
                }

                received.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }

            Assert.StartsWith("HTTP/1.1 200 OK\r\n", received.ToString());
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
