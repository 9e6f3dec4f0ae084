using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using PipeServer.Transport.Sockets;

namespace PipeServer.Tests.Transport;

/// <summary>What Pipelines.Sockets.Unofficial does otherwise than a transport may: each test fails without what SocketConnection does about it.</summary>
public sealed class SocketConnectionTests
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    // When a send fails, the package completes both ends of the output, and the block that a handler is writing into went back to
    // the pool that all connections share: 75 of 200 resets put one client's bytes into another's response.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task The_memory_of_a_failed_send_is_never_rented_to_another_connection()
    {
        for (var round = 0; round < Stress.Rounds(1000); round++)
        {
            var arrays = new RecordingPool(); // one a round: it keeps every array that it has seen
            var (client, connection) = await ConnectAsync(arrays);
            for (var i = 0; i < 6; i++)
            {
                // Until the system's buffers are full, and blocks wait in the pipe.
                await connection.Output.WriteAsync(new byte[8192]);
            }

            var held = connection.Output.GetMemory(16);
            client.LingerState = new LingerOption(enable: true, seconds: 0);
            client.Dispose();
            await Eventually.TrueAsync(() => connection.IsSendingOver, "the send has failed");
            held.Span.Fill(1);
            Assert.False(arrays.IsReturned(held), $"given back in round {round}");

            // What is written from now on goes nowhere, and the flush says so.
            connection.Output.Advance(16);
            connection.Output.Write(new byte[10_000]);
            Assert.True((await connection.Output.FlushAsync().AsTask().WaitAsync(Patience)).IsCompleted);
            await connection.DisposeAsync().AsTask().WaitAsync(Patience);
            Assert.False(arrays.IsReturned(held), $"given back at the end of round {round}");
        }
    }

    [Fact]
    public async Task The_memory_of_a_connection_that_ends_well_all_goes_back()
    {
        var arrays = new RecordingPool();
        var (client, connection) = await ConnectAsync(arrays);
        var sending = client.SendAsync(new byte[200_000]);
        for (var received = 0L; received < 200_000;)
        {
            var read = await connection.Input.ReadAsync();
            received += read.Buffer.Length;
            connection.Input.AdvanceTo(read.Buffer.End);
            connection.Output.Write(new byte[100]);
            await connection.Output.FlushAsync();
        }

        await sending;
        await connection.ShutdownOutputAsync().AsTask().WaitAsync(Patience);
        client.Dispose();
        await connection.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(arrays.Rented, arrays.Returned);
    }

    // An Advance between the two halves of the package's completion broke its pipe for good: flush and completion threw, and with them the
    // disposal, so that the connection was never counted out.
    [Fact]
    public async Task A_pipe_that_the_package_has_broken_is_a_client_that_is_gone()
    {
        var (client, connection) = await ConnectAsync(new RecordingPool());
        connection.Abort();
        await Eventually.TrueAsync(() => connection.IsEnding, "the package's loops end");
        var output = new SocketOutput(connection, new BrokenPipe(), new SendMemory(new RecordingPool()));
        output.Write("x"u8);
        Assert.True((await output.FlushAsync()).IsCompleted);
        output.Complete();
        client.Dispose();
        await connection.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    // A read after the failure threw the package's own exception, at once and not by its task.
    [Fact]
    public async Task A_read_after_a_reset_fails_as_any_read_does()
    {
        var (client, connection) = await ConnectAsync(new RecordingPool());
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
        await Eventually.TrueAsync(() => connection.IsClosed, "the reset is noticed");
        await Assert.ThrowsAnyAsync<IOException>(async () => await connection.Input.ReadAsync());
        await connection.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    // The package's own Dispose half-closes first: the client took what it had for the whole response.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task An_abort_is_a_reset()
    {
        for (var round = 0; round < Stress.Rounds(100); round++)
        {
            var (client, connection) = await ConnectAsync(ArrayPool<byte>.Shared);
            connection.Output.Write("half a resp"u8);
            await connection.Output.FlushAsync();
            connection.Abort();
            var error = await Assert.ThrowsAsync<SocketException>(async () =>
            {
                while (await client.ReceiveAsync(new byte[4]) > 0)
                {
                }
            });
            Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
            client.Dispose();
            await connection.DisposeAsync().AsTask().WaitAsync(Patience);
        }
    }

    // The package's own Dispose runs what waits for a read inside the call, and so on the heartbeat that aborts a late client.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task What_waits_for_a_read_never_runs_on_the_thread_that_aborts()
    {
        for (var round = 0; round < Stress.Rounds(100); round++)
        {
            var (client, connection) = await ConnectAsync(ArrayPool<byte>.Shared);
            var reading = ReadAsync(connection);
            var heartbeat = new Thread(connection.Abort);
            heartbeat.Start();
            heartbeat.Join();
            Assert.NotEqual(heartbeat.ManagedThreadId, await reading.WaitAsync(Patience));
            client.Dispose();
            await connection.DisposeAsync().AsTask().WaitAsync(Patience);
        }
    }

    // The package counts a send when all of it is done: a client that reads slowly seemed to stand still, and a send that failed
    // half way was not counted at all.
    [Fact]
    public async Task Bytes_are_counted_as_the_client_takes_them()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells how much has been acknowledged.");
        var (client, connection) = await ConnectAsync(ArrayPool<byte>.Shared);
        connection.Output.Write(new byte[60_000]);
        await connection.Output.FlushAsync();
        var taken = 0L;
        for (var read = 0; read < 40_000;)
        {
            read += await client.ReceiveAsync(new byte[5_000]);
            await Eventually.TrueAsync(() => connection.BytesSent >= read, $"{read} bytes are counted");
            taken = connection.BytesSent;
            Assert.InRange(taken, read, 60_000);
        }

        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
        await Eventually.TrueAsync(() => connection.IsClosed, "the reset is noticed");
        Assert.InRange(connection.BytesSent, taken, 60_000);
        connection.Abort();
        Assert.InRange(connection.BytesSent, taken, 60_000);
        await connection.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.InRange(connection.BytesSent, taken, 60_000);
    }

    // At the end of a connection the package's own count came out too small now and then.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Bytes_are_counted_exactly_to_the_end()
    {
        for (var round = 0; round < Stress.Rounds(200); round++)
        {
            var length = round % 200 * 31; // all three together fit the pipe: nobody reads while they are written
            var (client, connection) = await ConnectAsync(ArrayPool<byte>.Shared);
            var expected = 0;
            for (var i = 0; i < 3; i++)
            {
                connection.Output.Write(new byte[length + i]);
                expected += length + i;
                await connection.Output.FlushAsync();
            }

            var shutdown = connection.ShutdownOutputAsync().AsTask();
            var received = 0;
            var buffer = new byte[4096];
            while (await client.ReceiveAsync(buffer) is > 0 and var count)
            {
                received += count;
            }

            await shutdown.WaitAsync(Patience);
            client.Dispose();
            Assert.Equal(expected, received);
            await Eventually.TrueAsync(() => connection.BytesSent == expected, $"{expected} bytes are counted");
            await connection.DisposeAsync().AsTask().WaitAsync(Patience);
            Assert.Equal(expected, connection.BytesSent);
        }
    }

    // The package's loops await without ConfigureAwait; the context of an application may have one thread, which waits for us.
    [Fact]
    public async Task The_loops_do_not_belong_to_a_synchronization_context()
    {
        var (client, accepted) = await ConnectSocketsAsync();
        var context = new SilentContext();
        var connection = await Task.Run(() =>
        {
            SynchronizationContext.SetSynchronizationContext(context);
            var made = new SocketConnection(accepted);
            Assert.Same(context, SynchronizationContext.Current);
            SynchronizationContext.SetSynchronizationContext(null);
            return made;
        });
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync("ping"u8.ToArray());
            var read = await connection.Input.ReadAtLeastAsync(4).AsTask().WaitAsync(Patience);
            connection.Input.AdvanceTo(read.Buffer.End);
            await connection.Output.WriteAsync("pong"u8.ToArray());
            Assert.Equal(4, await client.ReceiveAsync(new byte[5]).WaitAsync(Patience));
        }

        Assert.Equal(0, context.Posts);
        client.Dispose();
        await connection.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    // Goes on where the read ends, as a connection's loop does.
    private static async Task<int> ReadAsync(SocketConnection connection)
    {
        try
        {
            await connection.Input.ReadAsync().ConfigureAwait(false);
            throw new InvalidOperationException("The read has not failed.");
        }
        catch (IOException)
        {
            return Environment.CurrentManagedThreadId;
        }
    }

    private static async Task<(Socket Client, SocketConnection Connection)> ConnectAsync(ArrayPool<byte> arrays)
    {
        var (client, accepted) = await ConnectSocketsAsync();
        return (client, new SocketConnection(accepted, arrays));
    }

    // Small buffers in the system, so that a send is soon stuck.
    private static async Task<(Socket Client, Socket Accepted)> ConnectSocketsAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(listener.LocalEndPoint!);
        var accepted = await listener.AcceptAsync();
        accepted.SendBufferSize = 4096;
        return (client, accepted);
    }

    /// <summary>Remembers what came back. Every array is a new one.</summary>
    private sealed class RecordingPool : ArrayPool<byte>
    {
        private readonly ConcurrentDictionary<byte[], bool> _returned = new();
        private int _rented;

        public int Rented => Volatile.Read(ref _rented);

        public int Returned => _returned.Count;

        public bool IsReturned(Memory<byte> memory)
        {
            Assert.True(MemoryMarshal.TryGetArray<byte>(memory, out var segment));
            return _returned.ContainsKey(segment.Array!);
        }

        public override byte[] Rent(int minimumLength)
        {
            Interlocked.Increment(ref _rented);
            return new byte[minimumLength];
        }

        public override void Return(byte[] array, bool clearArray = false) => Assert.True(_returned.TryAdd(array, true), "given back twice");
    }

    /// <summary>Counts what is posted, and never runs it.</summary>
    private sealed class SilentContext : SynchronizationContext
    {
        private int _posts;

        public int Posts => Volatile.Read(ref _posts);

        public override void Post(SendOrPostCallback d, object? state) => Interlocked.Increment(ref _posts);
    }

#pragma warning disable CA2201, MA0012 // It is what the pipe throws.
    // As a pipe is whose memory has gone between Advance and the commit.
    private sealed class BrokenPipe : PipeWriter
    {
        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null) => throw new NullReferenceException();

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => throw new NullReferenceException();

        public override Memory<byte> GetMemory(int sizeHint = 0) => new byte[4096];

        public override Span<byte> GetSpan(int sizeHint = 0) => new byte[4096];
    }
#pragma warning restore CA2201, MA0012
}
