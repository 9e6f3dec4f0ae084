using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Server;

/// <summary>
/// The response's way to the client, which each protocol frames in its own manner: the <see cref="PipeWriter"/> that is
/// <see cref="HttpResponse.Body"/>, and what else <see cref="HttpResponse"/> asks of it.
/// </summary>
internal abstract class ResponseWriter : PipeWriter
{
    /// <summary>True when status and headers are sent or on their way.</summary>
    public bool HasStarted { get; protected set; }

    /// <summary>What the handler has completed the body with, if it was an exception.</summary>
    public Exception? Fault { get; protected set; }

    /// <summary>True when the handler has written bytes that are held back until their number is known.</summary>
    public abstract bool HasBufferedBytes { get; }

    /// <summary>See <see cref="HttpResponse.CanUpgrade"/>.</summary>
    public abstract bool CanUpgrade { get; }

    /// <summary>How many bytes of the body the client gets of what was written so far.</summary>
    public abstract long BodyBytesSent { get; }

    /// <summary>Writes bytes of the body, as <see cref="BuffersExtensions.Write"/> does.</summary>
    public virtual void WriteBytes(ReadOnlySpan<byte> bytes) => this.Write(bytes);

    /// <summary>Starts and ends the response with one that is encoded already.</summary>
    public abstract void Send(PreparedResponse prepared);

    /// <summary>The same with a body that is fetched first; false, with nothing written, when its source does not have it.</summary>
    public abstract bool TrySend(PreparedResponse prepared, IBodySource source);

    /// <summary>Sends a part of a file; see <see cref="HttpResponse.SendFileAsync"/>.</summary>
    public abstract ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken);

    /// <summary>
    /// Sends the head, and hands the connection to the handler for good, to speak another protocol on it (RFC 9110 §7.8). It ends when the
    /// handler does.
    /// </summary>
    /// <param name="statusCode">101, or the status that the other protocol begins with.</param>
    /// <exception cref="InvalidOperationException">The response has been started, or the request's body is not read to its end.</exception>
    public abstract ValueTask<IDuplexPipe> SwitchAsync(int statusCode);

    /// <summary>The same with 101, where the client has offered that; see <see cref="HttpResponse.UpgradeAsync"/>.</summary>
    public abstract ValueTask<IDuplexPipe> UpgradeAsync();

    /// <summary>Ends the response after its handler: writes what is missing.</summary>
    /// <returns>Null, or what is wrong with a response that cannot be ended any more.</returns>
    /// <exception cref="InvalidOperationException">The handler has broken a rule, and nothing is sent yet.</exception>
    public abstract string? Finish();

    /// <summary>Makes it ready for the next response.</summary>
    public abstract void Reset();
}
