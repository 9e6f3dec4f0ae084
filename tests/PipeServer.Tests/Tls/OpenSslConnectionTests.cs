using System.Buffers;
using System.Security.Authentication;
using System.Text;
using PipeServer.Transport;

namespace PipeServer.Tests.Tls;

/// <summary>A connection by OpenSSL, over each transport: what is sent arrives, whole and in order, however it is cut, and each end is told as what it is.</summary>
public sealed class OpenSslConnectionTests
{
    public static TheoryData<string, SslProtocols> Ways { get; } = new()
    {
        { "epoll", SslProtocols.Tls12 },
        { "epoll", SslProtocols.Tls13 },
        { "sockets", SslProtocols.Tls13 },
        { "memory", SslProtocols.Tls12 },
        { "memory", SslProtocols.Tls13 },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Large_amounts_go_both_ways_at_the_same_time(string transport, SslProtocols version)
    {
        const int Total = 5_000_000;
        await using var pair = await OpenSslPair.ConnectAsync(transport, version);
        var up = Pattern(Total, 7);
        var down = Pattern(Total, 11);
        var sending = SendAsync();
        var writing = WriteAsync();
        var received = new byte[Total];
        var receiving = pair.Client.ReadExactlyAsync(received).AsTask();
        Assert.Equal(up, await pair.ReadAsync(Total));
        await Task.WhenAll(sending, writing, receiving).WaitAsync(TestClient.Patience);
        Assert.Equal(down, received);

        async Task SendAsync()
        {
            var random = new Random(4);
            for (var at = 0; at < Total;)
            {
                var count = Math.Min(random.Next(1, random.Next(3) == 0 ? 100 : 60_000), Total - at);
                await pair.Client.WriteAsync(up.AsMemory(at, count));
                at += count;
            }
        }

        async Task WriteAsync()
        {
            var random = new Random(5);
            for (var at = 0; at < Total;)
            {
                var count = Math.Min(random.Next(1, 100_000), Total - at);
                if (random.Next(3) == 0)
                {
                    pair.Server.Write(new PinnedBytes(down.AsSpan(at, count)));
                }
                else
                {
                    pair.Server.Output.Write(down.AsSpan(at, count));
                }

                at += count;
                if (random.Next(2) == 0 && !pair.Server.TryFlush())
                {
                    Assert.False((await pair.Server.Output.FlushAsync()).IsCompleted);
                }
            }

            await pair.Server.Output.FlushAsync();
        }
    }

    // Half a record is nothing yet; where it is cut must make no difference, and no byte of it may be shown twice.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_record_may_be_cut_anywhere(string transport, SslProtocols version)
    {
        await using var pair = await OpenSslPair.ConnectAsync(transport, version);
        for (var piece = 1; piece <= 70; piece++)
        {
            pair.Wire.PieceBytes = piece;
            var message = $"message {piece} is here";
            var reading = pair.ReadAsync(message.Length, piece % 2 == 0 ? new Rejecting() : null);
            await pair.Client.WriteAsync(Encoding.ASCII.GetBytes(message));
            Assert.Equal(message, Encoding.ASCII.GetString(await reading));
        }
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    [InlineData("memory")]
    public async Task A_handshake_may_come_byte_by_byte(string transport)
    {
        foreach (var version in new[] { SslProtocols.Tls12, SslProtocols.Tls13 })
        {
            await using var pair = await OpenSslPair.ConnectAsync(transport, version, pieceBytes: 1);
            await pair.Client.WriteAsync("done"u8.ToArray());
            Assert.Equal("done"u8.ToArray(), await pair.ReadAsync(4));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task The_notice_of_the_end_ends_the_input_and_an_end_without_it_is_an_error_behind_the_data(string transport, SslProtocols version)
    {
        await using (var pair = await OpenSslPair.ConnectAsync(transport, version))
        {
            await pair.Client.WriteAsync("last"u8.ToArray());
            await pair.Client.ShutdownAsync();
            var text = "";
            while (true)
            {
                var read = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience);
                text += Encoding.ASCII.GetString(read.Buffer);
                pair.Server.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            Assert.Equal("last", text);
            pair.Server.Output.Write("answer"u8); // it is a half-close
            await pair.Server.ShutdownOutputAsync();
            var answer = new byte[6];
            await pair.Client.ReadExactlyAsync(answer).AsTask().WaitAsync(TestClient.Patience);
            Assert.Equal("answer"u8.ToArray(), answer);
            Assert.Equal(0, await pair.Client.ReadAsync(answer).AsTask().WaitAsync(TestClient.Patience));
        }

        await using (var pair = await OpenSslPair.ConnectAsync(transport, version))
        {
            await pair.Client.WriteAsync("last"u8.ToArray());
            await pair.Wire.DisposeAsync();
            Assert.Equal("last"u8.ToArray(), await pair.ReadAsync(4));
            await Assert.ThrowsAsync<IOException>(() => pair.Server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_record_that_was_changed_is_an_error_behind_the_data_and_its_client_is_told(string transport, SslProtocols version)
    {
        await using var pair = await OpenSslPair.ConnectAsync(transport, version);
        await pair.Client.WriteAsync("good"u8.ToArray());
        Assert.Equal("good"u8.ToArray(), await pair.ReadAsync(4));
        byte[] forged = [23, 3, 3, 0, 40, .. new byte[40]];
        await pair.Wire.WriteAsync(forged.AsMemory());
        await Assert.ThrowsAsync<IOException>(() => pair.Server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience));
        await Assert.ThrowsAsync<IOException>(() => pair.Server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience));
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => pair.Client.ReadAsync(new byte[1]).AsTask().WaitAsync(TestClient.Patience));
        Assert.IsNotType<TimeoutException>(exception);
        pair.Server.Output.Write("nothing"u8);
        Assert.False(pair.Server.TryFlush());
        Assert.True((await pair.Server.Output.FlushAsync()).IsCompleted);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_read_is_cancelled_once_whether_it_waits_or_is_to_come(string transport, SslProtocols version)
    {
        await using var pair = await OpenSslPair.ConnectAsync(transport, version);
        var reading = pair.Server.Input.ReadAsync().AsTask();
        pair.Server.Input.CancelPendingRead();
        Check(await reading.WaitAsync(TestClient.Patience));
        pair.Server.Input.CancelPendingRead();
        Check(await pair.Server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience));
        pair.Server.Input.CancelPendingRead();
        Assert.True(pair.Server.Input.TryRead(out var tried));
        Check(tried);
        Assert.False(pair.Server.Input.TryRead(out _));
        await pair.Client.WriteAsync("on"u8.ToArray());
        Assert.Equal("on"u8.ToArray(), await pair.ReadAsync(2));

        void Check(System.IO.Pipelines.ReadResult read)
        {
            Assert.True(read.IsCanceled && read.Buffer.IsEmpty && !read.IsCompleted);
            pair.Server.Input.AdvanceTo(read.Buffer.End);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_is_not_examined_is_there_at_once_and_what_is_not_consumed_comes_again(string transport, SslProtocols version)
    {
        await using var pair = await OpenSslPair.ConnectAsync(transport, version);
        await pair.Client.WriteAsync("abcdef"u8.ToArray());
        var read = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience);
        pair.Server.Input.AdvanceTo(read.Buffer.GetPosition(2), read.Buffer.GetPosition(4));
        Assert.True(pair.Server.Input.TryRead(out read));
        Assert.Equal("cdef"u8.ToArray(), read.Buffer.ToArray());
        pair.Server.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        Assert.False(pair.Server.Input.TryRead(out _));
        var reading = pair.Server.ReadAsync(new Rejecting()).AsTask();
        await pair.Client.WriteAsync("ghi"u8.ToArray());
        read = await reading.WaitAsync(TestClient.Patience);
        Assert.Equal("cdefghi"u8.ToArray(), read.Buffer.ToArray());
        pair.Server.Input.AdvanceTo(read.Buffer.End);
        Assert.Throws<InvalidOperationException>(() => pair.Server.Input.AdvanceTo(default));
    }

    // All, some and kept, with records before and behind, by a consumer that goes on elsewhere.
    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task A_waiting_read_offers_what_comes_and_loses_nothing(SslProtocols version)
    {
        const int Total = 200_000;
        await using var pair = await OpenSslPair.ConnectAsync("epoll", version);
        var consumer = new RandomConsumer(pair.Server);
        var sending = Task.Run(async () =>
        {
            var random = new Random(3);
            var all = Pattern(Total, 1);
            for (var at = 0; at < Total;)
            {
                var count = Math.Min(random.Next(1, random.Next(10) == 0 ? 20_000 : 300), Total - at);
                pair.Wire.PieceBytes = random.Next(3) == 0 ? random.Next(1, 200) : 0;
                await pair.Client.WriteAsync(all.AsMemory(at, count));
                at += count;
                Thread.SpinWait(random.Next(3) == 0 ? 20_000 : 100); // so that the read waits now and then
                if (random.Next(40) == 0)
                {
                    await Task.Delay(1); // on a busy machine too
                }
            }

            await pair.Client.ShutdownAsync();
        });
        while (true)
        {
            var read = await pair.Server.ReadAsync(consumer).AsTask().WaitAsync(TestClient.Patience);
            foreach (var piece in read.Buffer)
            {
                consumer.Check(piece.Span);
            }

            pair.Server.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        await sending;
        Assert.Equal(Total, consumer.Received);
        Assert.True(consumer.IsInOrder);
        Assert.True(consumer.Offers > 0);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_client_that_is_gone_completes_the_flush(string transport, SslProtocols version)
    {
        await using var pair = await OpenSslPair.ConnectAsync(transport, version);
        pair.Server.Abort();
        pair.Server.Output.Write(new byte[100_000]);
        Assert.True((await pair.Server.Output.FlushAsync().AsTask().WaitAsync(TestClient.Patience)).IsCompleted);
        await Assert.ThrowsAnyAsync<IOException>(() => pair.Server.Input.ReadAsync().AsTask().WaitAsync(TestClient.Patience));
    }

    // A client that does not read holds 64 KB and a record of ciphertext, however much was written.
    [Fact]
    public async Task What_is_encrypted_ahead_of_a_client_has_a_bound()
    {
        await using var pair = await OpenSslPair.ConnectAsync("epoll");
        var large = new PinnedBytes(Pattern(50_000_000, 1));
        pair.Server.Write(large);
        Assert.False(pair.Server.TryFlush());
        var flush = pair.Server.Output.FlushAsync().AsTask();
        Assert.False(flush.IsCompleted);
        var before = pair.Server.Output.UnflushedBytes;
        Assert.InRange(before, 1, 50_000_000);
        var received = new byte[50_000_000];
        await pair.Client.ReadExactlyAsync(received).AsTask().WaitAsync(TestClient.Patience);
        Assert.False((await flush.WaitAsync(TestClient.Patience)).IsCompleted);
        Assert.Equal(large.Memory.ToArray(), received);
        Assert.Equal(0, pair.Server.Output.UnflushedBytes);
    }

    [Fact]
    public async Task A_cancelled_flush_loses_nothing()
    {
        await using var pair = await OpenSslPair.ConnectAsync("epoll");
        var all = Pattern(20_000_000, 1);
        pair.Server.Write(new PinnedBytes(all));
        var flush = pair.Server.Output.FlushAsync().AsTask();
        Assert.False(flush.IsCompleted);
        pair.Server.Output.CancelPendingFlush();
        Assert.True((await flush.WaitAsync(TestClient.Patience)).IsCanceled);
        pair.Server.Output.Write("."u8);
        var received = new byte[all.Length + 1];
        var receiving = pair.Client.ReadExactlyAsync(received).AsTask();
        while ((await pair.Server.Output.FlushAsync().AsTask().WaitAsync(TestClient.Patience)).IsCanceled)
        {
            // The first one may find the rest of the cancellation.
        }

        await receiving.WaitAsync(TestClient.Patience);
        Assert.Equal([.. all, (byte)'.'], received);
    }

    private static byte[] Pattern(int count, int factor)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = (byte)((i * factor) + (i >> 8));
        }

        return bytes;
    }

    private sealed class Rejecting : IReadConsumer
    {
        public ReadConsumption Consume(byte[] array, int start, int length, out int next)
        {
            next = start;
            return ReadConsumption.Some;
        }
    }

    private sealed class RandomConsumer(TransportConnection server) : IReadConsumer
    {
        private readonly Random _random = new(9);

        public int Received { get; private set; }

        public int Offers { get; private set; }

        public bool IsInOrder { get; private set; } = true;

        public void Check(ReadOnlySpan<byte> bytes)
        {
            foreach (var value in bytes)
            {
                IsInOrder &= value == (byte)(Received + (Received >> 8));
                Received++;
            }
        }

        public ReadConsumption Consume(byte[] array, int start, int length, out int next)
        {
            Offers++;
            var way = _random.Next(3);
            var taken = way == 0 ? length : _random.Next(0, length + 1);
            Check(array.AsSpan(start, taken));
            next = start + taken;
            if (way < 2)
            {
                return taken == length && way == 0 ? ReadConsumption.All : ReadConsumption.Some;
            }

            ThreadPool.QueueUserWorkItem(
                state => server.ContinueRead(state.taken == state.length ? ReadConsumption.All : ReadConsumption.Some, state.start + state.taken),
                (start, taken, length),
                preferLocal: false);
            return ReadConsumption.Kept;
        }
    }
}
