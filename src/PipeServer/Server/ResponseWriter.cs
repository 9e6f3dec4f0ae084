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

    /// <summary>Starts and ends the response with one that is encoded already.</summary>
    public abstract void Send(PreparedResponse prepared);

    /// <summary>Sends a part of a file; see <see cref="HttpResponse.SendFileAsync"/>.</summary>
    public abstract ValueTask<long> SendFileAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken);

    /// <summary>Ends the response after its handler: writes what is missing.</summary>
    /// <returns>Null, or what is wrong with a response that cannot be ended any more.</returns>
    /// <exception cref="InvalidOperationException">The handler has broken a rule, and nothing is sent yet.</exception>
    public abstract string? Finish();

    /// <summary>Makes it ready for the next response.</summary>
    public abstract void Reset();
}
