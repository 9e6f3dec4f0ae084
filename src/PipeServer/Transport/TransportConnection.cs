using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport;

/// <summary>
/// One client's two byte streams. The owner reads <see cref="Input"/> and writes <see cref="Output"/>, one operation at a
/// time each; <see cref="Abort"/> may come from any thread.
/// </summary>
public abstract class TransportConnection : IDuplexPipe, IAsyncDisposable
{
    /// <summary>
    /// What the client sends. Completes when the client has half-closed; throws <see cref="IOException"/> when the
    /// connection was reset or aborted.
    /// </summary>
    public abstract PipeReader Input { get; }

    /// <summary>
    /// What the client gets. A flush whose result is completed says that the client is gone. Knows its
    /// <see cref="PipeWriter.UnflushedBytes"/>.
    /// </summary>
    public abstract PipeWriter Output { get; }

    /// <summary>The client's address, where the transport knows one.</summary>
    public abstract EndPoint? RemoteEndPoint { get; }

    /// <summary>The address that the client has connected to, where the transport knows one. Default: null.</summary>
    public virtual EndPoint? LocalEndPoint => null;

    /// <summary>True once <see cref="Closed"/> is cancelled; cheaper than the token.</summary>
    public abstract bool IsClosed { get; }

    /// <summary>
    /// Cancelled when the connection is reset or aborted: nothing that is written from then on can arrive. A half-close
    /// does not cancel it.
    /// </summary>
    public abstract CancellationToken Closed { get; }

    /// <summary>
    /// Cancelled when the client has ended its side of the connection, whether or not anybody reads, and when <see cref="Closed"/> is. What the client has
    /// sent before may still be there to be read, and it may still read itself. Default, for transports that cannot tell: <see cref="Closed"/>. May be asked
    /// for on any thread.
    /// </summary>
    public virtual CancellationToken HalfClosed => Closed;

    /// <summary>
    /// How many bytes the client has taken so far: acknowledged, where that can be told, or else taken by the system. Never goes
    /// back. Tells a slow client from one that has stopped reading.
    /// </summary>
    public abstract long BytesSent { get; }

    /// <summary>
    /// How many bytes have come from the client so far, 0 where the transport does not count them. Never goes back; true until the connection is
    /// disposed of. May be read on any thread.
    /// </summary>
    public virtual long BytesReceived => 0;

    /// <summary>The same of what the system has taken for the client, without asking how much of that has arrived: it takes no call.</summary>
    internal virtual long BytesHandedOver => BytesSent;

    /// <summary>
    /// False where <see cref="BytesSent"/> stands still for long and then goes far, however steadily the client reads: over a unix
    /// socket. Default: true.
    /// </summary>
    public virtual bool IsPaceKnown => true;

    /// <summary>
    /// How much of what the system has taken the client has still to read, in bytes of the system's own bookkeeping; null where that is not
    /// told, or <see cref="BytesSent"/> tells it better. Over a unix socket of Linux it tells a slow client from one that has stopped
    /// reading: it falls with each piece, of some 32 KiB, that has been read, and while nothing is read it stands still. May be read on any thread.
    /// </summary>
    public virtual long? UnreadBytes => null;

    /// <summary>
    /// Sends what is written to <see cref="Output"/> without waiting, where the transport can do so more cheaply than by a flush. Called when no
    /// flush is in progress.
    /// </summary>
    /// <returns>True when everything has been handed to the system; false when a flush must see to what is left, or to why it cannot go.</returns>
    internal virtual bool TryFlush() => false;

    /// <summary>
    /// Reads from <see cref="Input"/>. While the read waits, a transport that can do so offers what comes to a consumer first, and completes
    /// the read only with what that leaves. Over all others this is <see cref="PipeReader.ReadAsync"/>.
    /// </summary>
    internal virtual ValueTask<ReadResult> ReadAsync(IReadConsumer consumer) => Input.ReadAsync(CancellationToken.None);

    /// <summary>Goes on with the read that its consumer has kept. From the thread that has kept it, which lets go of it by this call.</summary>
    /// <param name="outcome"><see cref="ReadConsumption.All"/> or <see cref="ReadConsumption.Some"/>.</param>
    /// <param name="next">Where in the array that was offered the first byte lies that is not taken.</param>
    internal virtual void ContinueRead(ReadConsumption outcome, int next) =>
        throw new NotSupportedException("This transport offers its reads to no consumer, so there is none to go on with.");

    /// <summary>
    /// Cancels a read as <see cref="PipeReader.CancelPendingRead"/> does, but its caller goes on elsewhere, on a thread of the transport; false,
    /// and nothing done, where the transport has none. For a heartbeat that finds no other thread.
    /// </summary>
    internal virtual bool TryCancelReadOnLoop() => false;

    /// <summary>
    /// From now on <see cref="IsClosed"/>, <see cref="Closed"/> and <see cref="HalfClosed"/> tell of a client that leaves, whether or not anybody reads. To be
    /// called before work that may take its time: a transport may have put off what it costs to be told. Cheap when it has been called before.
    /// </summary>
    internal virtual void Watch()
    {
    }

    /// <summary>
    /// True when a close right behind <see cref="ShutdownOutputAsync"/>, without reading until the client has closed too, cannot take back
    /// what was sent: everything has left for the client, the end in order behind it, and as far as is known nothing that the client has
    /// sent is unread (RFC 9112 §9.6). For a client that has said that it sends nothing more.
    /// </summary>
    internal virtual bool MayCloseAtOnce() => false;

    /// <summary>Writes bytes to <see cref="Output"/>, without copying them where the transport can send them from where they lie.</summary>
    public virtual void Write(PinnedBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        Output.Write(bytes.Memory.Span);
    }

    /// <summary>
    /// Sends what is written to <see cref="Output"/>, and a part of a file behind it. Reads the file on the calling thread, and
    /// after a wait for the client on the thread pool, never on one of the transport's own: the disk may take its time.
    /// </summary>
    /// <remarks>This one goes by pooled memory, a block at a time; a transport whose system can do better overrides it.</remarks>
    /// <param name="file">A regular file, open for reading.</param>
    /// <param name="offset">Where the part starts.</param>
    /// <param name="count">How many bytes it has.</param>
    /// <param name="cancellationToken">Ends the wait for the client.</param>
    /// <returns>
    /// How many bytes of the file the system has taken: fewer when the file has ended, or the client is gone. From then on a change
    /// of the file does not change what the client gets; only a client on this very machine may still have some of it to read.
    /// </returns>
    public virtual ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        return FileCopy.ToWriterAsync(Output, file, offset, count, cancellationToken);
    }

    /// <summary>
    /// Completes <see cref="Output"/>: sends what was flushed, then half-closes. Done when every byte is handed to the
    /// system, or the client is gone.
    /// </summary>
    public abstract ValueTask ShutdownOutputAsync();

    /// <summary>Ends the connection now; what is not sent is lost, and the client sees a reset. May be called again.</summary>
    public abstract void Abort();

    /// <summary>Completes both pipes, closes, and waits until the transport is done with the connection.</summary>
    public abstract ValueTask DisposeAsync();
}
