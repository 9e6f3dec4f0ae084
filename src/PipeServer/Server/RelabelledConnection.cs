using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>A connection that stands for another one: the same bytes, and something else that is known of it.</summary>
internal abstract class RelabelledConnection(TransportConnection inner) : WrappedConnection(inner)
{
    public override PipeReader Input => Inner.Input;

    public override PipeWriter Output => Inner.Output;

    internal override bool TryFlush() => Inner.TryFlush();

    internal override ValueTask<ReadResult> ReadAsync(IReadConsumer consumer) => Inner.ReadAsync(consumer);

    internal override void ContinueRead(ReadConsumption outcome, int next) => Inner.ContinueRead(outcome, next);

    internal override bool MayCloseAtOnce() => Inner.MayCloseAtOnce();

    public override void Write(PinnedBytes bytes) => Inner.Write(bytes);

    public override ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken) =>
        Inner.SendFileAsync(file, offset, count, cancellationToken);

    public override ValueTask ShutdownOutputAsync() => Inner.ShutdownOutputAsync();

    public override ValueTask DisposeAsync() => Inner.DisposeAsync();
}
