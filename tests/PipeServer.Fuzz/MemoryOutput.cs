using System.IO.Pipelines;

namespace PipeServer.Fuzz;

/// <summary>What a server writes to a memory connection. Aborted, a flush learns that the client is gone, as it does over the network.</summary>
internal sealed class MemoryOutput(PipeWriter inner) : PipeWriter
{
    private volatile bool _isAborted;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => inner.UnflushedBytes;

    /// <summary>From now on every flush, the one that waits too, says that the client is gone. From any thread.</summary>
    public void Abort()
    {
        _isAborted = true;
        inner.CancelPendingFlush();
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

    public override void Advance(int bytes) => inner.Advance(bytes);

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var flush = inner.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully && !_isAborted ? flush : WaitAsync(flush);
    }

    private async ValueTask<FlushResult> WaitAsync(ValueTask<FlushResult> flush)
    {
        var result = await flush;
        return _isAborted ? new FlushResult(isCanceled: false, isCompleted: true) : result;
    }
}
