using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using PipeServer.Transport;

namespace PipeServer.Tests.Transport;

/// <summary>What the server relies on in a transport. One suite, unchanged over each of them.</summary>
public abstract class TransportConformanceTests
{
    private static readonly TimeSpan Patience = TestClient.Patience;

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
        var transport = CreateTransport();
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 64, CancellationToken.None))[0];
        var clients = new List<TestClient>();
        for (var i = 0; i < 10; i++)
        {
            clients.Add(await ConnectAsync(transport, listener));
        }

        listener.StopListening();
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
    }

    [Fact]
    public async Task StopListening_ends_an_accept_that_waits()
    {
        var transport = CreateTransport();
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 64, CancellationToken.None))[0];
        var accepting = listener.AcceptAsync().AsTask();
        Assert.False(accepting.IsCompleted);
        listener.StopListening();
        Assert.Null(await accepting.WaitAsync(Patience));
        await listener.DisposeAsync();
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
        var transport = CreateTransport();
        var listener = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 64, CancellationToken.None))[0];
        var client = await ConnectAsync(transport, listener);
        var server = await listener.AcceptAsync().AsTask().WaitAsync(Patience);
        return new Pair(listener, client, server!);
    }

    private sealed record Pair(IConnectionListener Listener, TestClient Client, TransportConnection Server) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync().AsTask().WaitAsync(Patience);
            await Listener.DisposeAsync();
        }
    }
}
