using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using PipeServer.Transport;

namespace PipeServer.Tests.Transport;

/// <summary>What the server relies on in a transport. One suite, unchanged over each of them.</summary>
public abstract class TransportConformanceTests : IAsyncDisposable
{
    private readonly List<ITransport> _transports = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _transports)
        {
            Assert.Empty(await transport.StopAsync(TestClient.Patience));
        }

        GC.SuppressFinalize(this);
    }

    private static readonly TimeSpan Patience = TestClient.Patience;

    /// <summary>The transport is stopped when the test has ended.</summary>
    private protected T Track<T>(T transport)
        where T : ITransport
    {
        _transports.Add(transport);
        return transport;
    }

    private protected abstract ITransport CreateTransport();

    private protected abstract Task<TestClient> ConnectAsync(ITransport transport, IConnectionListener listener);

    [Fact]
    public async Task Bytes_arrive_in_both_directions()
    {
        await using var pair = await OpenAsync();
        await pair.Client.SendAsync("ping");
        Assert.Equal("ping", await ReadTextAsync(pair.Server.Input, 4));
        await pair.Server.Output.WriteAsync("pong"u8.ToArray());
        Assert.Equal("pong", Encoding.ASCII.GetString(await pair.Client.ReadExactlyAsync(4)));
    }

    [Fact]
    public async Task What_is_not_consumed_stays_and_what_is_examined_is_not_returned_without_more()
    {
        await using var pair = await OpenAsync();
        await pair.Client.SendAsync("abc");
        await ReadTextAsync(pair.Server.Input, 3, consume: 1);
        Assert.True(pair.Server.Input.TryRead(out var result));
        Assert.Equal("bc", Encoding.ASCII.GetString(result.Buffer));
        pair.Server.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        Assert.False(pair.Server.Input.TryRead(out _));
        var pending = pair.Server.Input.ReadAsync().AsTask();
        Assert.False(pending.IsCompleted);
        await pair.Client.SendAsync("d");
        result = await pending.WaitAsync(Patience);
        Assert.Equal("bcd", Encoding.ASCII.GetString(result.Buffer));
        pair.Server.Input.AdvanceTo(result.Buffer.End);
    }

    [Fact]
    public async Task A_half_close_of_the_client_completes_the_input_and_leaves_the_output_usable()
    {
        await using var pair = await OpenAsync();
        await pair.Client.SendAsync("last");
        pair.Client.ShutdownSend();
        Assert.Equal("last", await ReadTextAsync(pair.Server.Input, 4));
        var result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.True(result.IsCompleted);
        Assert.True(result.Buffer.IsEmpty);
        pair.Server.Input.AdvanceTo(result.Buffer.End);
        Assert.False(pair.Server.Closed.IsCancellationRequested);
        await pair.Server.Output.WriteAsync("answer"u8.ToArray());
        Assert.Equal("answer", Encoding.ASCII.GetString(await pair.Client.ReadExactlyAsync(6)));
    }

    [Fact]
    public async Task ShutdownOutput_sends_everything_then_half_closes()
    {
        await using var pair = await OpenAsync();
        var bytes = new byte[40_000];
        Random.Shared.NextBytes(bytes);
        await pair.Server.Output.WriteAsync(bytes);
        await pair.Server.ShutdownOutputAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(bytes, await pair.Client.ReadToEndAsync());
        await pair.Client.SendAsync("still here");
        Assert.Equal("still here", await ReadTextAsync(pair.Server.Input, 10));
    }

    [Fact]
    public async Task A_slow_reader_makes_the_flush_wait_and_gets_every_byte()
    {
        await using var pair = await OpenAsync();
        var bytes = new byte[20_000_000];
        new Random(1).NextBytes(bytes);
        var writing = WriteAsync();
        await Task.WhenAny(writing, Task.Delay(200));
        Assert.False(writing.IsCompleted);
        var received = await pair.Client.ReadExactlyAsync(bytes.Length);
        Assert.True(bytes.AsSpan().SequenceEqual(received));
        await writing.WaitAsync(Patience);

        async Task WriteAsync()
        {
            for (var offset = 0; offset < bytes.Length; offset += 50_000)
            {
                var flushed = await pair.Server.Output.WriteAsync(bytes.AsMemory(offset, 50_000));
                Assert.False(flushed.IsCompleted);
            }
        }
    }

    [Fact]
    public async Task A_reader_that_does_not_read_makes_the_client_wait_and_gets_every_byte()
    {
        await using var pair = await OpenAsync();
        var bytes = new byte[20_000_000];
        new Random(2).NextBytes(bytes);
        var sending = pair.Client.SendAsync(bytes);
        await Task.WhenAny(sending, Task.Delay(200));
        Assert.False(sending.IsCompleted);
        var offset = 0;
        while (offset < bytes.Length)
        {
            var result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Patience);
            foreach (var memory in result.Buffer)
            {
                Assert.True(bytes.AsSpan(offset, memory.Length).SequenceEqual(memory.Span));
                offset += memory.Length;
            }

            pair.Server.Input.AdvanceTo(result.Buffer.End);
        }

        await sending;
    }

    [Fact]
    public async Task CancelPendingRead_wakes_this_read_or_the_next_and_loses_nothing()
    {
        await using var pair = await OpenAsync();
        var pending = pair.Server.Input.ReadAsync().AsTask();
        pair.Server.Input.CancelPendingRead();
        var result = await pending.WaitAsync(Patience);
        Assert.True(result.IsCanceled);
        pair.Server.Input.AdvanceTo(result.Buffer.Start);

        pair.Server.Input.CancelPendingRead();
        result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Patience);
        Assert.True(result.IsCanceled);
        pair.Server.Input.AdvanceTo(result.Buffer.Start);

        await pair.Client.SendAsync("after");
        Assert.Equal("after", await ReadTextAsync(pair.Server.Input, 5));
    }

    [Fact]
    public async Task Abort_fails_the_pending_read_signals_closed_and_cuts_off_the_client()
    {
        await using var pair = await OpenAsync();
        var pending = pair.Server.Input.ReadAsync().AsTask();
        pair.Server.Abort();
        pair.Server.Abort();
        await Assert.ThrowsAnyAsync<IOException>(() => pending.WaitAsync(Patience));
        Assert.True(pair.Server.Closed.IsCancellationRequested);
        await Assert.ThrowsAnyAsync<IOException>(() => pair.Client.ReadToEndAsync());
    }

    [Fact]
    public async Task UnflushedBytes_are_known()
    {
        await using var pair = await OpenAsync();
        Assert.Equal(0, pair.Server.Output.UnflushedBytes);
        pair.Server.Output.Write("abc"u8);
        Assert.Equal(3, pair.Server.Output.UnflushedBytes);
        await pair.Server.Output.FlushAsync();
        Assert.Equal(0, pair.Server.Output.UnflushedBytes);
    }

    [Fact]
    public async Task StopListening_hands_out_the_backlog_then_null()
    {
        var transport = Track(CreateTransport());
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 64, CancellationToken.None))[0];
        var clients = new List<TestClient>();
        for (var i = 0; i < 10; i++)
        {
            clients.Add(await ConnectAsync(transport, listener));
        }

        await listener.StopListeningAsync();
        var accepted = new List<TransportConnection>();
        while (await listener.AcceptAsync().AsTask().WaitAsync(Patience) is { } connection)
        {
            accepted.Add(connection);
        }

        Assert.Equal(10, accepted.Count);
        Assert.Null(await listener.AcceptAsync().AsTask().WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(transport, listener));
        foreach (var (client, connection) in clients.Zip(accepted))
        {
            await client.SendAsync("x");
            Assert.Equal("x", await ReadTextAsync(connection.Input, 1));
            await connection.DisposeAsync();
            await client.DisposeAsync();
        }

        await listener.DisposeAsync();
        Assert.Empty(await transport.StopAsync(Patience));
    }

    [Fact]
    public async Task StopListening_ends_an_accept_that_waits()
    {
        var transport = Track(CreateTransport());
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 64, CancellationToken.None))[0];
        var accepting = listener.AcceptAsync().AsTask();
        Assert.False(accepting.IsCompleted);
        await listener.StopListeningAsync();
        Assert.Null(await accepting.WaitAsync(Patience));
        await listener.DisposeAsync();
        Assert.Empty(await transport.StopAsync(Patience));
    }

    // A cursor that stopped in the middle of a block, a block that ends where the next begins: every place to cut must do.
    [Fact]
    public async Task Every_split_of_a_read_into_consumed_and_examined_keeps_the_rest()
    {
        await using var pair = await OpenAsync();
        var text = string.Concat(Enumerable.Range(0, 20).Select(static i => (char)('a' + i)));
        for (var consumed = 0; consumed <= text.Length; consumed += 3)
        {
            for (var examined = consumed; examined <= text.Length; examined += 4)
            {
                await pair.Client.SendAsync(text);
                var all = await ReadAtLeastAsync(pair.Server.Input, text.Length);
                Assert.Equal(text, Encoding.ASCII.GetString(all));
                pair.Server.Input.AdvanceTo(all.GetPosition(consumed), all.GetPosition(examined));
                if (consumed == text.Length)
                {
                    continue;
                }

                if (examined == text.Length)
                {
                    Assert.False(pair.Server.Input.TryRead(out _));
                    await pair.Client.SendAsync("!");
                    Assert.Equal(text[consumed..] + "!", await ReadTextAsync(pair.Server.Input, text.Length - consumed + 1));
                }
                else
                {
                    // Not all was looked at, so the next read does not wait.
                    Assert.Equal(text[consumed..], await ReadTextAsync(pair.Server.Input, text.Length - consumed));
                }
            }
        }
    }

    [Fact]
    public async Task A_reader_may_hold_back_far_more_than_one_buffer_and_consume_it_piece_by_piece()
    {
        await using var pair = await OpenAsync();
        var bytes = new byte[60_000];
        new Random(3).NextBytes(bytes);
        var sending = pair.Client.SendAsync(bytes);
        var all = await ReadAtLeastAsync(pair.Server.Input, bytes.Length);
        await sending;
        Assert.True(bytes.AsSpan().SequenceEqual(all.ToArray()));
        pair.Server.Input.AdvanceTo(all.Start);
        var offset = 0;
        foreach (var step in Enumerable.Range(1, 400))
        {
            var result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Patience);
            var length = Math.Min(step, bytes.Length - offset);
            Assert.Equal(bytes.Length - offset, result.Buffer.Length);
            Assert.True(bytes.AsSpan(offset, length).SequenceEqual(result.Buffer.Slice(0, length).ToArray()));
            pair.Server.Input.AdvanceTo(result.Buffer.GetPosition(length));
            offset += length;
            if (offset == bytes.Length)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task Single_bytes_arrive_one_by_one_and_add_up()
    {
        await using var pair = await OpenAsync();
        for (var i = 0; i < 300; i++)
        {
            await pair.Client.SendAsync(new[] { (byte)i });
        }

        var all = await ReadAtLeastAsync(pair.Server.Input, 300);
        Assert.Equal(Enumerable.Range(0, 300).Select(static i => (byte)i), all.ToArray());
        pair.Server.Input.AdvanceTo(all.End);
    }

    [Fact]
    public async Task CancelPendingRead_with_bytes_at_hand_returns_both()
    {
        await using var pair = await OpenAsync();
        await pair.Client.SendAsync("abc");
        var all = await ReadAtLeastAsync(pair.Server.Input, 3);
        pair.Server.Input.AdvanceTo(all.Start);
        pair.Server.Input.CancelPendingRead();
        Assert.True(pair.Server.Input.TryRead(out var result));
        Assert.True(result.IsCanceled);
        Assert.Equal("abc", Encoding.ASCII.GetString(result.Buffer));
        pair.Server.Input.AdvanceTo(result.Buffer.Start);
        Assert.Equal("abc", await ReadTextAsync(pair.Server.Input, 3));
    }

    [Fact]
    public async Task A_token_cancels_a_read_that_waits_or_has_not_begun_and_the_next_read_goes_on()
    {
        await using var pair = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        var pending = pair.Server.Input.ReadAsync(cancel.Token).AsTask();
        Assert.False(pending.IsCompleted);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending.WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await pair.Server.Input.ReadAsync(cancel.Token));
        await pair.Client.SendAsync("go");
        Assert.Equal("go", await ReadTextAsync(pair.Server.Input, 2));
    }

    [Fact]
    public async Task A_token_that_is_cancelled_after_its_read_does_not_disturb_the_next()
    {
        await using var pair = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        var pending = pair.Server.Input.ReadAsync(cancel.Token).AsTask();
        await pair.Client.SendAsync("one");
        pair.Server.Input.AdvanceTo((await pending.WaitAsync(Patience)).Buffer.End);
        pending = pair.Server.Input.ReadAsync().AsTask();
        await cancel.CancelAsync();
        Assert.False(pending.IsCompleted);
        await pair.Client.SendAsync("two");
        var result = await pending.WaitAsync(Patience);
        Assert.False(result.IsCanceled);
        pair.Server.Input.AdvanceTo(result.Buffer.End);
    }

    [Fact]
    public async Task CancelPendingFlush_wakes_a_flush_that_waits_and_no_byte_is_lost()
    {
        await using var pair = await OpenAsync();
        var bytes = new byte[20_000_000];
        new Random(4).NextBytes(bytes);
        var offset = 0;
        var flush = default(Task<FlushResult>);
        while (flush is null)
        {
            pair.Server.Output.Write(bytes.AsSpan(offset, 50_000));
            offset += 50_000;
            var flushed = pair.Server.Output.FlushAsync();
            if (!flushed.IsCompleted)
            {
                flush = flushed.AsTask();
            }
        }

        await Task.WhenAny(flush, Task.Delay(100));
        Assert.False(flush.IsCompleted);
        pair.Server.Output.CancelPendingFlush();
        Assert.True((await flush.WaitAsync(Patience)).IsCanceled);
        var rest = pair.Server.ShutdownOutputAsync().AsTask();
        var received = await pair.Client.ReadToEndAsync();
        Assert.True(bytes.AsSpan(0, offset).SequenceEqual(received));
        await rest.WaitAsync(Patience);

        // Once this looked like 38 KB lost: the client had read them, and its acknowledgement was still on its way.
        await Eventually.TrueAsync(() => pair.Server.BytesSent == offset, "every byte is acknowledged");
    }

    [Fact]
    public async Task A_token_cancels_a_flush_that_waits()
    {
        await using var pair = await OpenAsync();
        using var cancel = new CancellationTokenSource();
        var flush = default(Task<FlushResult>);
        while (flush is null)
        {
            pair.Server.Output.Write(new byte[50_000]);
            var flushed = pair.Server.Output.FlushAsync(cancel.Token);
            flush = flushed.IsCompleted ? null : flushed.AsTask();
        }

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flush.WaitAsync(Patience));
    }

    [Fact]
    public async Task An_abort_ends_a_flush_that_waits_and_says_that_the_client_is_gone()
    {
        await using var pair = await OpenAsync();
        var flush = default(Task<FlushResult>);
        while (flush is null)
        {
            pair.Server.Output.Write(new byte[50_000]);
            var flushed = pair.Server.Output.FlushAsync();
            flush = flushed.IsCompleted ? null : flushed.AsTask();
        }

        pair.Server.Abort();
        Assert.True((await flush.WaitAsync(Patience)).IsCompleted);
        Assert.True(pair.Server.IsClosed);
    }

    [Fact]
    public async Task A_client_that_is_gone_makes_a_flush_say_so_sooner_or_later()
    {
        await using var pair = await OpenAsync();
        await pair.Client.ResetAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                pair.Server.Output.Write("x"u8);
                return (await pair.Server.Output.FlushAsync().AsTask().WaitAsync(Patience)).IsCompleted;
            },
            "the flush has noticed");
    }

    [Fact]
    public async Task What_is_written_in_many_sizes_arrives_whole_and_in_order()
    {
        await using var pair = await OpenAsync();
        var random = new Random(5);
        var expected = new MemoryStream();
        var writing = WriteAsync();
        var received = await pair.Client.ReadToEndAsync();
        await writing.WaitAsync(Patience);
        Assert.True(expected.GetBuffer().AsSpan(0, (int)expected.Length).SequenceEqual(received));

        async Task WriteAsync()
        {
            for (var i = 0; i < 300; i++)
            {
                var memory = pair.Server.Output.GetMemory(random.Next(4) switch { 0 => 0, 1 => 1, 2 => random.Next(5000), _ => random.Next(70_000) });
                var length = random.Next(memory.Length + 1);
                random.NextBytes(memory.Span[..length]);
                expected.Write(memory.Span[..length]);
                pair.Server.Output.Advance(length);
                if (random.Next(5) == 0)
                {
                    Assert.False((await pair.Server.Output.FlushAsync()).IsCompleted);
                }
            }

            await pair.Server.ShutdownOutputAsync();
        }
    }

    // Over epoll it went back while a call was under way: the socket's queue had bytes that nobody had counted yet. A heartbeat that came
    // then took the client for one that reads less than nothing, and cut it off.
    [Fact]
    public async Task What_a_client_has_taken_never_goes_back()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(path, new byte[4_000_000]);
            using var file = File.OpenHandle(path);
            await using var pair = await OpenAsync();
            using var isDone = new CancellationTokenSource();
            var (most, fall) = (0L, 0L);
            var watching = new Thread(() =>
            {
                while (!isDone.IsCancellationRequested)
                {
                    var now = pair.Server.BytesSent;
                    fall = Math.Max(fall, most - now);
                    most = Math.Max(most, now);
                }
            });
            watching.Start();
            for (var round = 0; round < 20; round++)
            {
                var reading = pair.Client.ReadExactlyAsync(4_000_000);
                Assert.Equal(4_000_000, await pair.Server.SendFileAsync(file, 0, 4_000_000, CancellationToken.None));
                await reading;
            }

            await isDone.CancelAsync();
            watching.Join();
            Assert.Equal(0, fall);
            await Eventually.TrueAsync(() => pair.Server.BytesSent == 80_000_000, "all of it is taken in the end");
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_completed_reader_or_writer_is_not_to_be_used_any_more()
    {
        await using var pair = await OpenAsync();
        await pair.Client.SendAsync("unread");
        await pair.Server.Input.CompleteAsync(new InvalidOperationException("the reader gives up"));
        Assert.Throws<InvalidOperationException>(() => pair.Server.Input.TryRead(out _));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Server.Input.ReadAsync());
        pair.Server.Output.Write("last"u8);
        await pair.Server.Output.CompleteAsync();
        Assert.Throws<InvalidOperationException>(() => pair.Server.Output.GetMemory());
        Assert.Equal("last", Encoding.ASCII.GetString(await pair.Client.ReadExactlyAsync(4)));
    }

    // Over the sockets transport the disposal then threw what the pipe's end had been completed with.
    [Fact]
    public async Task A_writer_that_is_completed_with_an_exception_cuts_the_client_off()
    {
        await using var pair = await OpenAsync();
        pair.Server.Output.Write("half a resp"u8);
        await pair.Server.Output.CompleteAsync(new InvalidOperationException("the writer gives up"));
        await Assert.ThrowsAnyAsync<IOException>(() => pair.Client.ReadToEndAsync());
    }

    [Fact]
    public async Task AdvanceTo_without_a_read_is_a_mistake_and_is_told()
    {
        await using var pair = await OpenAsync();
        await pair.Client.SendAsync("abc");
        var all = await ReadAtLeastAsync(pair.Server.Input, 3);
        pair.Server.Input.AdvanceTo(all.End);
        Assert.Throws<InvalidOperationException>(() => pair.Server.Input.AdvanceTo(all.End));
    }

    [Fact]
    public async Task A_disposal_ends_a_read_that_waits()
    {
        await using var pair = await OpenAsync();
        var pending = pair.Server.Input.ReadAsync().AsTask();
        await pair.Server.DisposeAsync().AsTask().WaitAsync(Patience);
        await Task.WhenAny(pending, Task.Delay(Patience));
        Assert.True(pending.IsCompleted);
        Assert.Empty(await pair.Client.ReadToEndAsync().ContinueWith(static read => read.IsFaulted ? [] : read.GetAwaiter().GetResult(), TaskScheduler.Default));
    }

    // Reads that park, bytes and cancellations that come at the same moment: nothing may be lost, nothing may hang.
    [Fact]
    public async Task Cancellations_that_race_with_bytes_lose_nothing()
    {
        await using var pair = await OpenAsync();
        const int Count = 3000;
        using var stop = new CancellationTokenSource();
        var cancelling = OwnThread.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                pair.Server.Input.CancelPendingRead();
                Thread.SpinWait(200);
            }
        });
        var sending = SendAsync();
        var next = 0;
        while (next < Count)
        {
            var result = await pair.Server.Input.ReadAsync().AsTask().WaitAsync(Patience);
            foreach (var memory in result.Buffer)
            {
                foreach (var value in memory.ToArray())
                {
                    Assert.Equal((byte)next++, value);
                }
            }

            pair.Server.Input.AdvanceTo(result.Buffer.End);
        }

        await sending;
        await stop.CancelAsync();
        await cancelling;

        async Task SendAsync()
        {
            for (var i = 0; i < Count; i++)
            {
                await pair.Client.SendAsync(new[] { (byte)i });
            }
        }
    }

    private static async Task<ReadOnlySequence<byte>> ReadAtLeastAsync(PipeReader reader, int length)
    {
        while (true)
        {
            var result = await reader.ReadAsync().AsTask().WaitAsync(Patience);
            if (result.Buffer.Length >= length)
            {
                return result.Buffer;
            }

            Assert.False(result.IsCompleted);
            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private static async Task<string> ReadTextAsync(PipeReader reader, int length, int? consume = null)
    {
        while (true)
        {
            var result = await reader.ReadAsync().AsTask().WaitAsync(Patience);
            if (result.Buffer.Length >= length)
            {
                var text = Encoding.ASCII.GetString(result.Buffer);
                reader.AdvanceTo(result.Buffer.GetPosition(consume ?? length));
                return text;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private async Task<Pair> OpenAsync()
    {
        var transport = Track(CreateTransport());
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 64, CancellationToken.None))[0];
        var client = await ConnectAsync(transport, listener);
        var server = await listener.AcceptAsync().AsTask().WaitAsync(Patience);
        return new Pair(transport, listener, client, server!);
    }

    private sealed record Pair(ITransport Transport, IConnectionListener Listener, TestClient Client, TransportConnection Server) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync().AsTask().WaitAsync(Patience);
            await Listener.DisposeAsync();
            Assert.Empty(await Transport.StopAsync(Patience));
        }
    }
}
