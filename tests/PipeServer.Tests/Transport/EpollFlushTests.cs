using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

/// <summary>
/// The flush that does not wait: it takes everything or leaves the rest to the one that does, and no byte is sent twice or lost between
/// the two.
/// </summary>
public sealed class EpollFlushTests : IAsyncDisposable
{
    private readonly EpollTransport _transport = new(new EpollTransportOptions { Loops = 1 });
    private IConnectionListener? _listener;

    public async ValueTask DisposeAsync()
    {
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        Assert.Empty(await _transport.StopAsync(TestClient.Patience));
    }

    [Fact]
    public async Task What_one_call_takes_is_sent_and_counted_and_the_block_is_given_back()
    {
        var (client, server) = await OpenAsync();
        Assert.True(server.TryFlush()); // nothing is written, nothing is left
        for (var round = 1; round <= 3; round++)
        {
            server.Output.Write("pong"u8);
            Assert.True(server.TryFlush());
            Assert.Equal(0, server.Output.UnflushedBytes);
            Assert.Equal("pong", Encoding.ASCII.GetString(await client.ReadExactlyAsync(4)));
            await Eventually.TrueAsync(() => server.BytesSent == 4 * round, "all is acknowledged");
        }

        Assert.False((await server.Output.FlushAsync()).IsCompleted);
        await CloseAsync(client, server);
    }

    // A block that was asked for and not written into went back with a flush only: an idle connection must hold no memory.
    [Fact]
    public async Task A_block_without_bytes_is_given_back_too()
    {
        var (client, server) = await OpenAsync();
        var first = server.Output.GetMemory(1);
        Assert.True(server.TryFlush());
        Assert.Throws<ArgumentOutOfRangeException>(() => server.Output.Advance(1)); // there is no block to advance in
        Assert.NotEqual(0, first.Length);
        await CloseAsync(client, server);
    }

    [Fact]
    public async Task Several_blocks_leave_together_and_what_the_system_does_not_take_is_left()
    {
        var (client, server) = await OpenAsync();
        var bytes = Bytes(200_000);
        for (var round = 0; round < 100; round++)
        {
            server.Output.Write(bytes); // more than one block
            if (!server.TryFlush())
            {
                Assert.InRange(server.Output.UnflushedBytes, 1, bytes.Length);
                var flushing = server.Output.FlushAsync().AsTask();
                await ReadAsync(round + 1);
                Assert.False((await flushing.WaitAsync(TestClient.Patience)).IsCompleted);
                Assert.Equal(0, server.Output.UnflushedBytes);
                await CloseAsync(client, server);
                return;
            }

            Assert.Equal(0, server.Output.UnflushedBytes);
        }

        Assert.Fail("The system has taken 20 MB that nobody has read.");

        async Task ReadAsync(int times)
        {
            for (var time = 0; time < times; time++)
            {
                Assert.Equal(bytes, await client.ReadExactlyAsync(bytes.Length));
            }
        }
    }

    [Fact]
    public async Task What_the_system_does_not_take_is_sent_by_the_flush_that_waits_and_no_byte_is_lost()
    {
        var (client, server) = await OpenAsync();
        var bytes = Bytes(50_000_000);
        var written = 0;
        var flushing = default(Task<FlushResult>);
        while (flushing is null)
        {
            server.Output.Write(bytes.AsSpan(written, 4000));
            written += 4000;
            if (!server.TryFlush())
            {
                // The system may have found room in between.
                Assert.InRange(server.Output.UnflushedBytes, 1, 4000);
                var flushed = server.Output.FlushAsync();
                flushing = flushed.IsCompleted ? null : flushed.AsTask();
            }
        }

        var received = await client.ReadExactlyAsync(written);
        Assert.True(bytes.AsSpan(0, written).SequenceEqual(received));
        Assert.False((await flushing.WaitAsync(TestClient.Patience)).IsCompleted);
        server.Output.Write("!"u8);
        Assert.True(server.TryFlush());
        Assert.Equal("!"u8.ToArray(), await client.ReadExactlyAsync(1));
        await CloseAsync(client, server);
    }

    [Fact]
    public async Task A_cancellation_is_left_to_the_flush_that_tells_it()
    {
        var (client, server) = await OpenAsync();
        server.Output.Write("x"u8);
        server.Output.CancelPendingFlush();
        Assert.False(server.TryFlush());
        Assert.True((await server.Output.FlushAsync()).IsCanceled);
        Assert.True(server.TryFlush());
        Assert.Equal("x"u8.ToArray(), await client.ReadExactlyAsync(1));
        await CloseAsync(client, server);
    }

    [Fact]
    public async Task An_aborted_or_completed_output_is_not_flushed()
    {
        var (client, server) = await OpenAsync();
        server.Output.Write("x"u8);
        server.Abort();
        Assert.False(server.TryFlush());
        Assert.True((await server.Output.FlushAsync()).IsCompleted);
        await server.Output.CompleteAsync();
        Assert.False(server.TryFlush());
        await CloseAsync(client, server);
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static async Task CloseAsync(TestClient client, TransportConnection server)
    {
        await server.DisposeAsync();
        await client.DisposeAsync();
    }

    private async Task<(TestClient Client, TransportConnection Server)> OpenAsync()
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "The epoll transport needs Linux.");
        _listener = (await _transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        var client = await TestClient.ConnectAsync(_listener.EndPoint);
        return (client, (await _listener.AcceptAsync())!);
    }
}
