using System.Net;
using System.Text;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

/// <summary>
/// A read of the epoll transport that offers what comes to a consumer: what is taken is not told, what is left is, nothing is lost, and a
/// cancellation, an abort and a disposal find the read whoever has it.
/// </summary>
public sealed class ReadConsumerTests
{
    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task What_is_taken_is_not_told_and_what_is_left_is(string kind)
    {
        await using var pair = await ConnectAsync(kind);
        var consumer = new Consumer(pair.Server, static text => text switch
        {
            "some" => (ReadConsumption.Some, 1),
            "nothing" => (ReadConsumption.Some, 0),
            "wake" => (ReadConsumption.Some, 4),
            _ => (ReadConsumption.All, text.Length),
        });
        var reading = pair.Server.ReadAsync(consumer).AsTask();
        foreach (var text in new[] { "a", "bc", "def" })
        {
            await pair.Client.SendAsync(text);
            await Eventually.TrueAsync(() => consumer.Last == text, "it was offered");
        }

        Assert.False(reading.IsCompleted);
        foreach (var (text, left) in new[] { ("some", "ome"), ("nothing", "nothing"), ("wake", "") })
        {
            await pair.Client.SendAsync(text);
            var read = await reading.WaitAsync(TestClient.Patience);
            Assert.False(read.IsCompleted || read.IsCanceled);
            Assert.Equal(left, Encoding.ASCII.GetString(read.Buffer));
            pair.Server.Input.AdvanceTo(read.Buffer.End);
            reading = pair.Server.ReadAsync(consumer).AsTask();
        }

        await pair.Client.SendAsync("last");
        await Eventually.TrueAsync(() => consumer.Last == "last", "it was offered");
        pair.Client.ShutdownSend();
        var end = await reading.WaitAsync(TestClient.Patience);
        Assert.True(end.IsCompleted && end.Buffer.IsEmpty);
    }

    // The bytes before are the reader's, and so is all that follows them, until it has advanced over it.
    [Fact]
    public async Task Half_a_message_is_not_offered_twice()
    {
        await using var pair = await ConnectAsync("tcp");
        var consumer = new Consumer(pair.Server, static text => (text.EndsWith('.') ? ReadConsumption.All : ReadConsumption.Some, text.EndsWith('.') ? text.Length : 0));
        var reading = pair.Server.ReadAsync(consumer).AsTask();
        await pair.Client.SendAsync("ha");
        var read = await reading.WaitAsync(TestClient.Patience);
        pair.Server.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        reading = pair.Server.ReadAsync(consumer).AsTask();
        await pair.Client.SendAsync("lf.");
        read = await reading.WaitAsync(TestClient.Patience);
        Assert.Equal("half.", Encoding.ASCII.GetString(read.Buffer));
        Assert.Equal("ha", consumer.Last);
        pair.Server.Input.AdvanceTo(read.Buffer.End);
        reading = pair.Server.ReadAsync(consumer).AsTask();
        await pair.Client.SendAsync("whole.");
        await Eventually.TrueAsync(() => consumer.Last == "whole.", "it was offered");
        Assert.False(reading.IsCompleted);
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task A_read_that_is_kept_goes_on_where_its_consumer_says(string kind)
    {
        await using var pair = await ConnectAsync(kind);
        var consumer = new Consumer(pair.Server, static text => (text is "keep" or "keep and leave" ? ReadConsumption.Kept : ReadConsumption.All, text.Length));
        var reading = pair.Server.ReadAsync(consumer).AsTask();
        await pair.Client.SendAsync("keep");
        await Eventually.TrueAsync(() => consumer.Last == "keep", "it was offered");
        await pair.Client.SendAsync("while kept"); // its event finds nobody
        await Task.Delay(20);
        Assert.Equal("keep", consumer.Last);
        pair.Server.ContinueRead(ReadConsumption.All, 4);
        await Eventually.TrueAsync(() => consumer.Last == "while kept", "it was offered");
        await pair.Client.SendAsync("keep and leave");
        await Eventually.TrueAsync(() => consumer.Last == "keep and leave", "it was offered");
        pair.Server.ContinueRead(ReadConsumption.Some, 5);
        var read = await reading.WaitAsync(TestClient.Patience);
        Assert.Equal("and leave", Encoding.ASCII.GetString(read.Buffer));
    }

    // What the consumer has left is told even so: it may be a handler to wait for. The next read says what has happened.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_abort_while_a_read_is_kept_is_told_by_it_or_by_the_next_one(bool isLeft)
    {
        await using var pair = await ConnectAsync("tcp");
        var consumer = new Consumer(pair.Server, static text => (ReadConsumption.Kept, 0));
        var reading = pair.Server.ReadAsync(consumer).AsTask();
        await pair.Client.SendAsync("keep");
        await Eventually.TrueAsync(() => consumer.Last == "keep", "it was offered");
        pair.Server.Abort();
        await Task.Delay(20);
        Assert.False(reading.IsCompleted);
        pair.Server.ContinueRead(isLeft ? ReadConsumption.Some : ReadConsumption.All, 4);
        if (isLeft)
        {
            Assert.True((await reading.WaitAsync(TestClient.Patience)).Buffer.IsEmpty);
            pair.Server.Input.AdvanceTo(default);
            reading = pair.Server.ReadAsync(consumer).AsTask();
        }

        await Assert.ThrowsAsync<IOException>(() => reading.WaitAsync(TestClient.Patience));
    }

    [Fact]
    public async Task A_cancellation_while_a_read_is_kept_ends_it_when_it_goes_on()
    {
        await using var pair = await ConnectAsync("tcp");
        var consumer = new Consumer(pair.Server, static text => (text == "keep" ? ReadConsumption.Kept : ReadConsumption.All, text.Length));
        var reading = pair.Server.ReadAsync(consumer).AsTask();
        await pair.Client.SendAsync("keep");
        await Eventually.TrueAsync(() => consumer.Last == "keep", "it was offered");
        pair.Server.Input.CancelPendingRead();
        Assert.False(reading.IsCompleted);
        pair.Server.ContinueRead(ReadConsumption.All, 4);
        var read = await reading.WaitAsync(TestClient.Patience);
        Assert.True(read.IsCanceled && read.Buffer.IsEmpty);
        pair.Server.Input.AdvanceTo(read.Buffer.End);
        reading = pair.Server.ReadAsync(consumer).AsTask();
        await pair.Client.SendAsync("on");
        await Eventually.TrueAsync(() => consumer.Last == "on", "it was offered");
        Assert.False(reading.IsCompleted);
    }

    // What was thrown while the bytes were offered, for want of memory, went to the loop, and the read was left neither parked nor completed: its
    // caller waited for ever, and a disposal span for ever.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_thrown_while_bytes_are_offered_ends_the_read(bool isKeptBefore)
    {
        await using var pair = await ConnectAsync("tcp");
        var consumer = new Consumer(pair.Server, static text =>
            text == "keep" ? (ReadConsumption.Kept, 4) : throw NoMemory.MadeUp());
        var reading = pair.Server.ReadAsync(consumer).AsTask();
        if (isKeptBefore)
        {
            await pair.Client.SendAsync("keep");
            await Eventually.TrueAsync(() => consumer.Last == "keep", "it was offered");
            await pair.Client.SendAsync("more");
            await Task.Delay(20); // so that it is there when the read goes on
            pair.Server.ContinueRead(ReadConsumption.All, 4);
        }
        else
        {
            await pair.Client.SendAsync("more");
        }

        await Assert.ThrowsAsync<OutOfMemoryException>(() => reading.WaitAsync(TestClient.Patience));
    }

    [Fact]
    public async Task A_disposal_waits_for_the_consumer_and_ends_the_read()
    {
        await using var pair = await ConnectAsync("tcp");
        var consumer = new Consumer(pair.Server, static text => (ReadConsumption.Kept, 0));
        var reading = pair.Server.ReadAsync(consumer).AsTask();
        await pair.Client.SendAsync("keep");
        await Eventually.TrueAsync(() => consumer.Last == "keep", "it was offered");
        var disposing = Task.Run(async () => await pair.Server.DisposeAsync());
        await Task.Delay(20);
        Assert.False(disposing.IsCompleted);
        pair.Server.ContinueRead(ReadConsumption.All, 4);
        await disposing.WaitAsync(TestClient.Patience);
        await Assert.ThrowsAsync<IOException>(() => reading.WaitAsync(TestClient.Patience));
    }

    // Whatever the consumer says and wherever it goes on, while cancellations come from elsewhere: every byte arrives once, in its order.
    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task No_byte_is_lost_or_told_twice_in_races(string kind)
    {
        const int Total = 20_000;
        var rounds = Stress.Rounds(1);
        for (var round = 0; round < rounds; round++)
        {
            await using var pair = await ConnectAsync(kind);
            var server = pair.Server;
            var random = new Random(round);
            var consumer = new RacingConsumer(server, random);
            using var stopping = new CancellationTokenSource();
            var canceling = Task.Run(async () =>
            {
                while (!stopping.IsCancellationRequested)
                {
                    server.Input.CancelPendingRead();
                    await Task.Delay(1);
                }
            });
            var sending = Task.Run(async () =>
            {
                var pause = new Random(-1);
                for (var sent = 0; sent < Total;)
                {
                    var piece = new byte[Math.Min(pause.Next(1, 60), Total - sent)];
                    for (var i = 0; i < piece.Length; i++)
                    {
                        piece[i] = (byte)(sent + i);
                    }

                    await pair.Client.SendAsync(piece);
                    sent += piece.Length;
                    Thread.SpinWait(pause.Next(3000));
                }

                pair.Client.ShutdownSend();
            });
            while (true)
            {
                var read = await server.ReadAsync(consumer).AsTask().WaitAsync(TestClient.Patience);
                foreach (var piece in read.Buffer)
                {
                    consumer.Check(piece.Span);
                }

                server.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            await sending;
            await stopping.CancelAsync();
            await canceling;
            Assert.Equal(Total, consumer.Received);
            Assert.True(consumer.IsInOrder);
        }
    }

    private static async Task<Pair> ConnectAsync(string kind)
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "The epoll transport needs Linux.");
        var transport = new EpollTransport(new EpollTransportOptions { Loops = 1 });
        EndPoint endPoint = kind == "tcp"
            ? new IPEndPoint(IPAddress.Loopback, 0)
            : new System.Net.Sockets.UnixDomainSocketEndPoint(Path.Combine(Path.GetTempPath(), $"consumer-{Guid.NewGuid():N}.sock"));
        var listener = (await transport.ListenAsync(endPoint, 8, CancellationToken.None))[0];
        var client = await TestClient.ConnectAsync(listener.EndPoint);
        return new Pair(transport, listener, client, (await listener.AcceptAsync())!);
    }

    private sealed record Pair(EpollTransport Transport, IConnectionListener Listener, TestClient Client, TransportConnection Server) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync();
            await Listener.DisposeAsync();
            Assert.Empty(await Transport.StopAsync(TestClient.Patience));
        }
    }

    private sealed class Consumer(TransportConnection server, Func<string, (ReadConsumption Outcome, int Next)> answer) : IReadConsumer
    {
        private volatile string _last = "";

        public string Last => _last;

        public ReadConsumption Consume(byte[] array, int start, int length, out int next)
        {
            Assert.Throws<InvalidOperationException>(() => server.Input.TryRead(out _)); // the read is still in progress
            var text = Encoding.ASCII.GetString(array, start, length);
            next = start;
            var (outcome, taken) = answer(text);
            next = start + taken;
            _last = text;
            return outcome;
        }
    }

    private sealed class RacingConsumer(TransportConnection server, Random random) : IReadConsumer
    {
        public long Received { get; private set; }

        public bool IsInOrder { get; private set; } = true;

        public void Check(ReadOnlySpan<byte> bytes)
        {
            foreach (var value in bytes)
            {
                IsInOrder &= value == (byte)Received;
                Received++;
            }
        }

        public ReadConsumption Consume(byte[] array, int start, int length, out int next)
        {
            next = start;
            var choice = random.Next(4);
            if (choice == 0)
            {
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        var outcome = Take(array, start, length, random.Next(2) == 0, out var end);
                        server.ContinueRead(outcome, end);
                    },
                    null);
                return ReadConsumption.Kept;
            }

            return Take(array, start, length, choice != 1, out next);
        }

        private ReadConsumption Take(byte[] array, int start, int length, bool takesAll, out int next)
        {
            var taken = takesAll ? length : random.Next(length + 1);
            Check(array.AsSpan(start, taken));
            next = start + taken;
            return takesAll ? ReadConsumption.All : ReadConsumption.Some;
        }
    }
}
