using System.Net;

namespace PipeServer.Transport;

/// <summary>A connection around another one, of which it says what is known: addresses, end, counts. Which bytes it has, its own kind says.</summary>
internal abstract class WrappedConnection(TransportConnection inner) : TransportConnection
{
    /// <summary>The connection inside.</summary>
    protected TransportConnection Inner => inner;

    public override EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public override EndPoint? LocalEndPoint => inner.LocalEndPoint;

    public override bool IsClosed => inner.IsClosed;

    public override CancellationToken Closed => inner.Closed;

    public override CancellationToken HalfClosed => inner.HalfClosed;

    public override long BytesSent => inner.BytesSent;

    public override long BytesReceived => inner.BytesReceived;

    internal override long BytesHandedOver => inner.BytesHandedOver;

    public override bool IsPaceKnown => inner.IsPaceKnown;

    public override long? UnreadBytes => inner.UnreadBytes;

    internal override bool TryCancelReadOnLoop() => inner.TryCancelReadOnLoop();

    internal override void Watch() => inner.Watch();

    public override void Abort() => inner.Abort();
}
