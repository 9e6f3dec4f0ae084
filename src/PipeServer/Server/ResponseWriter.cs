using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Server;

/// <summary>
/// The response's way to the client, which each protocol frames in its own manner: the <see cref="PipeWriter"/> that is
/// <see cref="HttpResponse.Body"/>, and what else <see cref="HttpResponse"/> asks of it.
/// </summary>
/// <param name="exchange">The request that it answers.</param>
internal abstract class ResponseWriter(Exchange exchange) : PipeWriter
{
    /// <summary>Nothing more is taken: the handler has completed the body, or has ended.</summary>
    protected bool IsCompleted;

    /// <summary>True when status and headers are sent or on their way.</summary>
    public bool HasStarted { get; protected set; }

    /// <summary>What the handler has completed the body with, if it was an exception.</summary>
    public Exception? Fault { get; protected set; }

    /// <summary>True when the handler has written bytes that are held back until their number is known.</summary>
    public abstract bool HasBufferedBytes { get; }

    /// <inheritdoc cref="HttpResponse.MinDataRate"/>
    public int MinDataRate
    {
        get => exchange.IsCarried ? exchange.MinResponseDataRate : 0;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (exchange.IsCarried)
            {
                exchange.Extras.MinResponseDataRate = value;
            }
        }
    }

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

    /// <summary>Ends the response after its handler: writes what is missing.</summary>
    /// <returns>Null, or what is wrong with a response that cannot be ended any more.</returns>
    /// <exception cref="InvalidOperationException">The handler has broken a rule, and nothing is sent yet.</exception>
    public abstract string? Finish();

    /// <summary>Makes it ready for the next response.</summary>
    public abstract void Reset();

    /// <summary>Of a response that is completed, or was aborted: what is written to an aborted one goes nowhere, and throws nothing.</summary>
    /// <exception cref="InvalidOperationException">It is not aborted, and nothing may be written any more.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    protected bool IsAborted() => exchange.IsAborted
        ? true
        : throw new InvalidOperationException("The response body has been completed; nothing more can be written.");
}
