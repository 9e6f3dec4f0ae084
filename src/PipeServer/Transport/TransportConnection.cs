using System.IO.Pipelines;
using System.Net;

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

    /// <summary>True once <see cref="Closed"/> is cancelled, for those who only want to look.</summary>
    public abstract bool IsClosed { get; }

    /// <summary>
    /// Cancelled when the connection is reset or aborted: nothing that is written from then on can arrive. A half-close
    /// does not cancel it.
    /// </summary>
    public abstract CancellationToken Closed { get; }

    /// <summary>How many bytes the system has taken so far: tells a slow client from one that has stopped reading.</summary>
    public abstract long BytesSent { get; }

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
