using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using PipeServer.Http;
using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>The contract of <see cref="PipeReader"/>, what ends a read, and the client's time.</summary>
public sealed class BodyReaderTests
{
    private readonly BodyHost _host = new();

    private Http2RequestBody Body => _host.Body;

    // The framework's pipe is the reference: the same steps, in any order, give the same results.
    [Fact]
    public async Task It_reads_as_the_frameworks_pipe_does()
    {
        var random = new Random(1811);
        for (var round = 0; round < 300; round++)
        {
            Body.Start(hasBody: true, -1, expectsContinue: false);
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
            await new ReaderScript(_host, pipe, random).RunAsync();
            Body.Detach();
            Assert.Equal(0, _host.Unread);
        }
    }

    [Fact]
    public async Task A_read_that_waits_goes_on_on_the_thread_pool()
    {
        var isOnPool = false;
        var ownThread = Environment.CurrentManagedThreadId;
        var thread = 0;
        async Task ReadAsync()
        {
            var read = await Body.ReadAsync();
            (isOnPool, thread) = (Thread.CurrentThread.IsThreadPoolThread, Environment.CurrentManagedThreadId);
            Body.AdvanceTo(read.Buffer.End);
        }

        var reading = ReadAsync();
        var owner = new Thread(() =>
        {
            ownThread = Environment.CurrentManagedThreadId;
            _host.Receive("a");
        });
        owner.Start();
        owner.Join();
        await reading;
        Assert.True(isOnPool);
        Assert.NotEqual(ownThread, thread);
    }

    [Fact]
    public async Task One_read_at_a_time()
    {
        var read = Body.ReadAsync();
        Assert.Throws<InvalidOperationException>(() => { _ = Body.ReadAsync().AsTask(); });
        Assert.Throws<InvalidOperationException>(() => Body.TryRead(out _));
        _host.Receive("ab");
        var result = await read;
        Assert.Throws<InvalidOperationException>(() => { _ = Body.ReadAsync().AsTask(); });
        Body.AdvanceTo(result.Buffer.Start);
        Assert.True(Body.TryRead(out result));
        Assert.Throws<ArgumentOutOfRangeException>(() => Body.AdvanceTo(new ReadOnlySequence<byte>(new byte[4]).GetPosition(1)));
        Body.AdvanceTo(result.Buffer.End);
        Assert.False(Body.TryRead(out _));
    }

    [Fact]
    public async Task A_pending_read_can_be_cancelled_and_so_can_the_next()
    {
        var read = Body.ReadAsync().AsTask();
        Body.CancelPendingRead();
        Assert.True((await read) is { IsCanceled: true, IsCompleted: false, Buffer.IsEmpty: true });
        Body.CancelPendingRead();
        _host.Receive("ab");
        var result = await Body.ReadAsync();
        Assert.Equal((true, 2L), (result.IsCanceled, result.Buffer.Length));
        Body.AdvanceTo(result.Buffer.End);
        read = Body.ReadAsync().AsTask();
        Assert.False(read.IsCompleted);
        _host.Receive("", endsStream: true);
        Assert.False((await read).IsCanceled);
    }

    [Fact]
    public async Task A_token_ends_the_wait_only()
    {
        using var cancelled = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        var read = Body.ReadAsync(cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.Equal(cancelled.Token, exception.CancellationToken);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Body.ReadAsync(cancelled.Token));
        read = Body.ReadAsync(other.Token).AsTask();
        _host.Receive("ab", endsStream: true);
        Assert.Equal(2, (await read).Buffer.Length);
        await other.CancelAsync();
        Body.AdvanceTo(default);
        Assert.True(Body.TryRead(out var result) && result.Buffer.Length == 2);
    }

    [Fact]
    public async Task After_an_abort_every_read_throws()
    {
        var gone = new IOException("reset");
        _host.Receive("ab");
        var read = await Body.ReadAsync();
        Body.Abort(gone);
        Assert.Equal(0, _host.Unread);
        Assert.Equal("ab", Encoding.ASCII.GetString(read.Buffer.ToArray())); // is still the handler's
        Body.AdvanceTo(read.Buffer.Start);
        Assert.Same(gone, await Assert.ThrowsAsync<IOException>(async () => await Body.ReadAsync()));
        Assert.Same(gone, Assert.Throws<IOException>(() => Body.TryRead(out _)));
        Assert.Equal(DataVerdict.Taken, _host.Receive("c"));
        Body.Abort(new IOException("again"));
        Assert.Same(gone, Assert.Throws<IOException>(() => Body.TryRead(out _)));
        Assert.Equal(0, _host.Unread);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_abort_wakes_a_read_that_waits(bool isComplete)
    {
        if (isComplete)
        {
            _host.Receive("a", endsStream: true);
        }

        var gone = new IOException("reset");
        var read = isComplete ? null : Body.ReadAsync().AsTask();
        Body.Abort(gone);
        Assert.Same(gone, await Assert.ThrowsAsync<IOException>(async () => await (read ?? Body.ReadAsync().AsTask())));
        Assert.False(Body.IsWaiting);
        Assert.False(Body.IsFullyRead);
    }

    [Fact]
    public async Task A_body_that_its_handler_has_completed_is_discarded()
    {
        _host.Receive("abc");
        var read = await Body.ReadAsync();
        Body.AdvanceTo(read.Buffer.GetPosition(1), read.Buffer.GetPosition(1));
        Body.Complete();
        Assert.Equal(0, _host.Unread);
        _host.Receive("def", endsStream: true);
        Assert.Equal((0, false), (_host.Unread, Body.IsFullyRead));
        Assert.Throws<InvalidOperationException>(() => Body.TryRead(out _));
        Body.Detach();
    }

    // A handler that has ended and still waits gets an end, and nothing of the stream's next request.
    [Fact]
    public async Task A_late_read_gets_nothing_of_the_next_body()
    {
        var read = Body.ReadAsync();
        Body.Detach();
        Body.Start(hasBody: true, -1, expectsContinue: false);
        _host.Receive("secret");
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await read);

        Assert.Equal("secret".Length, (await Body.ReadAsync()).Buffer.Length);
        Body.AdvanceTo(default);
        read = Body.ReadAsync();
        Assert.True(read.IsCompleted);
        Body.Detach();
        Body.Start(hasBody: true, -1, expectsContinue: false);
        var waiting = Body.ReadAsync();
        _host.Receive("ab");
        Body.Detach(); // the result was there, and nobody has taken it
        Body.Start(hasBody: true, -1, expectsContinue: false);
        _host.Receive("secret");
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await waiting);
        Assert.Equal("secret".Length, (await Body.ReadAsync()).Buffer.Length);
    }

    [Fact]
    public async Task A_read_that_the_handlers_end_finds_waiting_is_told()
    {
        var read = Body.ReadAsync().AsTask();
        Body.Detach();
        await Assert.ThrowsAsync<IOException>(() => read);
    }

    [Fact]
    public async Task A_client_that_sends_nothing_is_408_after_one_more_beat()
    {
        Assert.Equal(long.MaxValue, Body.DueAt);
        var read = Body.ReadAsync().AsTask();
        var due = Body.DueAt;
        Assert.InRange(due, 30_000, 30_500);
        Assert.Equal(RequestError.None, Body.CheckTime(due - 1));
        Assert.Equal(RequestError.None, Body.CheckTime(due)); // after a pause of the process what was sent may be on its way
        Assert.Equal(due + 1, Body.DueAt);
        Assert.Equal(RequestError.BodyTimeout, Body.CheckTime(due + 1));
        var bad = await Assert.ThrowsAsync<BadHttpRequestException>(() => read);
        Assert.Equal((RequestError.BodyTimeout, long.MaxValue), (bad.Error, Body.DueAt));
    }

    [Fact]
    public async Task A_frame_that_comes_slowly_is_progress()
    {
        var read = Body.ReadAsync().AsTask();
        var due = Body.DueAt;
        _host.Clock.Advance(TimeSpan.FromMilliseconds(due));
        Assert.Equal(RequestError.None, Body.CheckTime(due, arriving: 100));
        Assert.True(Body.DueAt > due + 29_000);
        Assert.False(read.IsCompleted);
        Body.Abort(new IOException("reset"));
        await Assert.ThrowsAsync<IOException>(() => read);
    }

    // Bytes that keep coming, but fewer than the least rate: after five seconds of waiting in all, 240 bytes a second.
    [Fact]
    public async Task A_client_that_is_too_slow_is_408()
    {
        _host.MinBodyDataRate = 240;
        for (var second = 0; second < 60; second++)
        {
            var read = Body.ReadAsync().AsTask();
            _host.Clock.Advance(TimeSpan.FromSeconds(1));
            var now = _host.Heartbeat.Now;
            if (Body.CheckTime(now) == RequestError.BodyTimeout)
            {
                await Assert.ThrowsAsync<BadHttpRequestException>(() => read);
                Assert.InRange(second, 4, 8);
                return;
            }

            _host.Receive("a");
            Body.AdvanceTo((await read).Buffer.End);
        }

        Assert.Fail("a byte a second was enough");
    }

    [Fact]
    public async Task A_stop_ends_the_wait_before_it_ends_itself()
    {
        var read = Body.ReadAsync().AsTask();
        _host.Heartbeat.BeginDrain(TimeSpan.FromSeconds(5));
        var due = Body.DueAt;
        Assert.InRange(due, 1, 5_000);
        Assert.Equal(RequestError.None, Body.CheckTime(due));
        Assert.Equal(RequestError.BodyTimeout, Body.CheckTime(due + 1));
        await Assert.ThrowsAsync<BadHttpRequestException>(() => read);
        _host.Heartbeat.Dispose();
    }

    // One thread that receives, one that reads, and a client that keeps to its windows: every byte once and in order, and both windows whole at the end.
    [Fact]
    public async Task Owner_and_handler_at_the_same_time()
    {
        const int Total = 16 * 1024 * 1024;
        var left = FlowControl.StreamWindow;
        var connectionLeft = FlowControl.ConnectionWindow;
        var body = Body;
        var reading = Task.Run(async () =>
        {
            var random = new Random(7);
            var expected = 0L;
            while (true)
            {
                var read = await body.ReadAsync();
                var taken = read.IsCompleted ? read.Buffer.Length : random.NextInt64(read.Buffer.Length + 1);
                foreach (var memory in read.Buffer.Slice(0, taken))
                {
                    foreach (var value in memory.Span)
                    {
                        if (value != (byte)(expected++ * 31 >> 3))
                        {
                            throw new InvalidDataException($"byte {expected}");
                        }
                    }
                }

                var consumed = read.Buffer.GetPosition(taken);
                body.AdvanceTo(consumed, random.Next(3) == 0 ? consumed : read.Buffer.End);
                if (read.IsCompleted)
                {
                    return expected;
                }
            }
        });

        var frame = new byte[16384];
        var source = new Random(5);
        var sent = 0L;
        while (sent < Total && !reading.IsCompleted)
        {
            var length = (int)Math.Min(Math.Min(source.Next(1, frame.Length), Total - sent), Math.Min(left, connectionLeft));
            for (var i = 0; i < length; i++)
            {
                frame[i] = (byte)((sent + i) * 31 >> 3);
            }

            if (length > 0)
            {
                Assert.True(_host.Window.TryTake(length));
                Assert.Equal(DataVerdict.Taken, body.Receive(frame.AsSpan(0, length), length, endsStream: false));
                sent += length;
                left -= length;
                connectionLeft -= length;
            }
            else
            {
                await Task.Yield(); // the reader may wait for this very thread of the pool
            }

            left += body.TakeWindowUpdate();
            connectionLeft += _host.Window.TakeUpdate();
        }

        body.Receive([], 0, endsStream: true);
        Assert.Equal(Total, await reading);
        Assert.Equal(0, _host.Unread);
    }
}
