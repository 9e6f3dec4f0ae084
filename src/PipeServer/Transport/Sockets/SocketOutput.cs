using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace PipeServer.Transport.Sockets;

/// <summary>
/// The package's output. Written bytes are handed to its pipe a block at a time. When a send fails, the package completes the pipe
/// at both ends, even while the writer is writing. Bytes written from then on are dropped, and the next flush reports that the client
/// has gone.
/// </summary>
internal sealed class SocketOutput(SocketConnection connection, PipeWriter pipe, SendMemory memory) : PipeWriter
{
    private static readonly FlushResult ClientIsGone = new(isCanceled: false, isCompleted: true);

    // The block that is being filled, and how many bytes of it are written and not yet handed to the pipe.
    private Memory<byte> _block;
    private int _filled;
    private long _bytesWritten;
    private bool _isCompleted;
    private bool _isDiscarding;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => pipe.UnflushedBytes + _filled;

    /// <summary>How many bytes have been written so far, flushed or not. May be read on any thread.</summary>
    public long BytesWritten => Volatile.Read(ref _bytesWritten);

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_block.Length - _filled < Math.Max(sizeHint, 1) || _isCompleted)
        {
            TakeBlock(sizeHint);
        }

        return _block[_filled..];
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(_block.Length - _filled), nameof(bytes));
        _filled += bytes;
        Volatile.Write(ref _bytesWritten, _bytesWritten + bytes);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        HandOver();
        try
        {
            var flush = pipe.FlushAsync(cancellationToken);
            return flush.IsCompletedSuccessfully ? flush : AwaitAsync(flush);
        }
        catch (Exception exception) when (IsOfTheSend(exception) || IsOfABrokenPipe(exception))
        {
            return new(ClientIsGone);
        }
    }

    public override void CancelPendingFlush() => pipe.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (!_isCompleted)
        {
            HandOver();
            _isCompleted = true;
            memory.OnWriterCompleted();
        }

        if (exception is not null)
        {
            // The package would end the stream politely, and the client would take half a response for a whole one.
            connection.Abort();
        }

        try
        {
            pipe.Complete();
        }
        catch (Exception broken) when (IsOfABrokenPipe(broken))
        {
            // It is completed as far as it can be: the package has ended both of its sides.
        }
    }

    private static bool IsOfTheSend(Exception exception) => exception is SocketException or IOException;

    // An Advance that falls between the two halves of the package's completion is counted by the pipe, and its memory is gone: from then on
    // the pipe finds no memory to commit it to.
    private bool IsOfABrokenPipe(Exception exception) => exception is NullReferenceException && connection.IsEnding;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<FlushResult> AwaitAsync(ValueTask<FlushResult> flush)
    {
        try
        {
            return await flush.ConfigureAwait(false);
        }
        catch (Exception exception) when (IsOfTheSend(exception))
        {
            return ClientIsGone;
        }
    }

    private void TakeBlock(int sizeHint)
    {
        HandOver();
        _block = _isDiscarding ? default : TakeFromPipe(sizeHint);
        if (_block.Length < Math.Max(sizeHint, 1))
        {
            // The package has completed the pipe, before this call or during it.
            _isDiscarding = true;
            _block = new byte[Math.Max(sizeHint, SocketPipes.SegmentBytes)];
        }
    }

    private Memory<byte> TakeFromPipe(int sizeHint)
    {
        try
        {
            return pipe.GetMemory(sizeHint);
        }
        catch (InvalidOperationException) when (!_isCompleted)
        {
            return default;
        }
    }

    // Afterwards the block may already be on its way to the socket, so the next write asks the pipe for memory again.
    private void HandOver()
    {
        var filled = _filled;
        _filled = 0;
        _block = default;
        if (filled == 0 || _isDiscarding)
        {
            return;
        }

        try
        {
            pipe.Advance(filled);
        }
        catch (ArgumentOutOfRangeException)
        {
            // The package has completed the pipe since the block was taken.
        }
    }
}
