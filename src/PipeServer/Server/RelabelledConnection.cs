using System.IO.Pipelines;
using System.Net;
using Microsoft.Win32.SafeHandles;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>A connection that stands for another one: the same bytes, and something else that is known of it.</summary>
internal abstract class RelabelledConnection(TransportConnection inner) : TransportConnection
{
    public override PipeReader Input => inner.Input;

    public override PipeWriter Output => inner.Output;

    public override EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public override bool IsClosed => inner.IsClosed;

    public override CancellationToken Closed => inner.Closed;

    public override long BytesSent => inner.BytesSent;

    public override long BytesReceived => inner.BytesReceived;

    internal override long BytesHandedOver => inner.BytesHandedOver;

    public override bool IsPaceKnown => inner.IsPaceKnown;

    public override long? UnreadBytes => inner.UnreadBytes;

    internal override bool TryFlush() => inner.TryFlush();

    internal override ValueTask<ReadResult> ReadAsync(IReadConsumer consumer) => inner.ReadAsync(consumer);

    internal override bool TryCancelReadOnLoop() => inner.TryCancelReadOnLoop();

    internal override void ContinueRead(ReadConsumption outcome, int next) => inner.ContinueRead(outcome, next);

    internal override void Watch() => inner.Watch();

    internal override bool MayCloseAtOnce() => inner.MayCloseAtOnce();

    public override void Write(PinnedBytes bytes) => inner.Write(bytes);

    public override ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken) =>
        inner.SendFileAsync(file, offset, count, cancellationToken);

    public override ValueTask ShutdownOutputAsync() => inner.ShutdownOutputAsync();

    public override void Abort() => inner.Abort();

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
