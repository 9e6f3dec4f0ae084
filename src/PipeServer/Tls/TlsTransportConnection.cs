using System.Net;
using PipeServer.Transport;

namespace PipeServer.Tls;

/// <summary>A connection whose bytes are the plaintext of another one's. Counts of bytes are of the ciphertext.</summary>
internal abstract class TlsTransportConnection(TransportConnection inner) : TransportConnection
{
    /// <summary>No honest handshake sends more: a client's first message has a few hundred bytes, its certificates some thousand.</summary>
    public const int MaxHandshakeBytes = 64 * 1024;

    /// <summary>The connection that carries the records.</summary>
    protected TransportConnection Inner => inner;

    /// <summary>What the handshake has agreed on. Once it is done.</summary>
    public abstract TlsConnectionInfo Info { get; }

    /// <summary>The certificates that the handshake has asked the client for; null where it has asked for none. Once it is done.</summary>
    public TlsClientCertificates? Clients { get; protected set; }

    /// <summary>For which hosts it may be used. Set by who has had the handshake made.</summary>
    public ClientPolicy? Policy { get; set; }

    /// <summary>Makes the handshake. Once, before anything is read or written.</summary>
    /// <param name="io">Gives it the client's bytes and a thread to work on.</param>
    /// <exception cref="TlsHandshakeException">It has failed; the alert that says why is sent, as far as that is possible without waiting.</exception>
    /// <exception cref="IOException">The client has reset the connection, or it was aborted.</exception>
    public abstract ValueTask HandshakeAsync(IHandshakeIo io);

    public override EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public override bool IsClosed => inner.IsClosed;

    public override CancellationToken Closed => inner.Closed;

    public override long BytesSent => inner.BytesSent;

    public override long BytesReceived => inner.BytesReceived;

    internal override long BytesHandedOver => inner.BytesHandedOver;

    public override bool IsPaceKnown => inner.IsPaceKnown;

    public override long? UnreadBytes => inner.UnreadBytes;

    internal override bool TryCancelReadOnLoop() => inner.TryCancelReadOnLoop();

    internal override void Watch() => inner.Watch();

    public override void Abort() => inner.Abort();
}
