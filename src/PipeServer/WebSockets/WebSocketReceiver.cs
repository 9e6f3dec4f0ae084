using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace PipeServer.WebSockets;

/// <summary>
/// The receives of a <see cref="ServerWebSocket"/>: one at a time. One for which all is here costs no state machine, and one that waits holds no memory of
/// the connection's.
/// </summary>
internal sealed class WebSocketReceiver(ServerWebSocket socket, PipeReader input, FrameReader frames, WebSocketTimes times, InflatingSocket? inflating)
{
    private const int DiscardBytes = 1024;

    private TaskCompletionSource? _received; // made by the first who has to wait for the end of another one's receive, and awaited by all who have to
    private int _isReceiving;

    /// <summary>What the client sends is read.</summary>
    public bool IsReceiving => Volatile.Read(ref _isReceiving) != 0;

    /// <summary>A receive has returned the client's close frame, to somebody who had room for a message: there is nothing behind it.</summary>
    public bool IsCloseTold { get; private set; }

    /// <summary>Counts a message that <see cref="InflatingSocket"/> has read.</summary>
    public void CountMessage() => frames.CountMessage();

    /// <summary>See <see cref="ServerWebSocket.ReceiveAsync(Memory{byte}, CancellationToken)"/>.</summary>
    public ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (frames.IsClosed)
        {
            IsCloseTold |= !buffer.IsEmpty; // a receive without a buffer only looks
            return new(new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, endOfMessage: true));
        }

        if (Interlocked.Exchange(ref _isReceiving, 1) != 0)
        {
            return ValueTask.FromException<ValueWebSocketReceiveResult>(new InvalidOperationException("A receive is in progress: await it before the next."));
        }

        if (inflating is not null || cancellationToken.IsCancellationRequested)
        {
            return WaitAsync(buffer, cancellationToken);
        }

        try
        {
            if (TryTakeAtHand(buffer.Span, out var result) || (input.TryRead(out var read) && TryTake(read, buffer.Span, out result)))
            {
                EndReceive();
                return new(result);
            }
        }
        catch (Exception exception) when (exception is IOException or WebSocketException)
        {
            EndReceive();
            return ValueTask.FromException<ValueWebSocketReceiveResult>(socket.Vanished(exception));
        }

        return WaitAsync(buffer, cancellationToken);
    }

    /// <summary>Reads the frames of messages as they came, for who decompresses them.</summary>
    /// <returns>How many bytes were read; 0 at the end, and where there was no room.</returns>
    /// <exception cref="WebSocketException">The client has broken a rule, or has vanished.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReadRawAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (frames.IsAtHand)
        {
            var none = ReadOnlySequence<byte>.Empty;
            frames.TryTakeRaw(ref none, buffer.Span, out var taken);
            return taken;
        }

        while (true)
        {
            var read = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            times.OnReceived();
            var bytes = read.Buffer;
            var found = frames.TryTakeRaw(ref bytes, buffer.Span, out var count);
            input.AdvanceTo(bytes.Start, found == FrameRead.NeedsMore ? bytes.End : bytes.Start);
            if (found == FrameRead.Data)
            {
                return count;
            }

            if (found == FrameRead.Violation)
            {
                throw Refused();
            }

            if (read.IsCompleted)
            {
                throw socket.Left();
            }
        }
    }

    // A receive that has to wait, or whose bytes are compressed.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ValueWebSocketReceiveResult> WaitAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            if (inflating is not null)
            {
                var inflated = await inflating.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                OnTaken(inflated, buffer.Length);
                return inflated;
            }

            ValueWebSocketReceiveResult result;
            while (!TryTakeAtHand(buffer.Span, out result)
                && !TryTake(await input.ReadAsync(cancellationToken).ConfigureAwait(false), buffer.Span, out result))
            {
                // Half a frame, or control frames.
            }

            return result;
        }
        catch (OperationCanceledException)
        {
            socket.Abort();
            throw;
        }
        catch (Exception exception) when (exception is IOException or WebSocketException)
        {
            throw socket.Vanished(exception);
        }
        finally
        {
            EndReceive();
        }
    }

    private bool TryTakeAtHand(Span<byte> destination, out ValueWebSocketReceiveResult result)
    {
        result = default;
        var none = ReadOnlySequence<byte>.Empty;
        return frames.IsAtHand && frames.TryTake(ref none, destination, out result) == FrameRead.Data;
    }

    private bool TryTake(in ReadResult read, Span<byte> destination, out ValueWebSocketReceiveResult result)
    {
        var bytes = read.Buffer;
        var hasNews = !bytes.IsEmpty;
        var found = frames.TryTake(ref bytes, destination, out result);
        input.AdvanceTo(bytes.Start, found == FrameRead.NeedsMore ? bytes.End : bytes.Start);
        if (hasNews)
        {
            times.OnReceived();
        }

        switch (found)
        {
            case FrameRead.Data or FrameRead.Close:
                OnTaken(result, destination.Length);
                return true;
            case FrameRead.Violation:
                throw Refused();
            default:
                return !read.IsCompleted ? false : throw socket.Left();
        }
    }

    private void OnTaken(in ValueWebSocketReceiveResult result, int room)
    {
        if (result.MessageType == WebSocketMessageType.Close)
        {
            IsCloseTold |= room > 0;
        }
        else
        {
            times.OnMessage();
        }
    }

    /// <summary>Reads on until the client's close frame comes, and discards what comes before it.</summary>
    public async ValueTask WaitForCloseAsync(CancellationToken cancellationToken)
    {
        if (frames.IsClosed || socket.IsAborted)
        {
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(DiscardBytes);
        try
        {
            while (!frames.IsClosed && !socket.IsAborted)
            {
                if (Interlocked.Exchange(ref _isReceiving, 1) == 0)
                {
                    times.BeginClosing(); // nobody wants what comes before it: a client that goes on sending gets no more time by that
                    await WaitAsync(buffer, cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    await WaitForReceiverAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // A receive of the application's is in progress: the close frame, or the end of the connection, comes to it.
    private async ValueTask WaitForReceiverAsync(CancellationToken cancellationToken)
    {
        var own = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var received = Interlocked.CompareExchange(ref _received, own, null) ?? own;
        if (IsReceiving)
        {
            await received.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void EndReceive()
    {
        Interlocked.Exchange(ref _isReceiving, 0);
        if (Volatile.Read(ref _received) is not null)
        {
            Interlocked.Exchange(ref _received, null)?.TrySetResult();
        }
    }

    private WebSocketException Refused() => socket.Refused(frames.Violation!.Value.Status, frames.Violation.Value.Text);
}
