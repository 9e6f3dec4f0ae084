using System.Buffers;
using System.IO.Pipelines;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>
/// One way in which a request's body is framed: turns reads of the connection's input into reads of the body, and never goes beyond
/// the body's end. One object serves all bodies of its kind that its exchange brings.
/// </summary>
internal abstract class FramedBody
{
    /// <summary>
    /// A body that its handler did not want is read on, so that the connection can be kept, unless a new connection is cheaper for
    /// both sides than the rest of the body.
    /// </summary>
    protected const int MaxDrainBytes = 64 * 1024;

    /// <summary>True when every byte of the body has been taken from the connection's input.</summary>
    public abstract bool IsFullyRead { get; }

    /// <summary>True when the connection's input is not asked for the rest: nothing is left, or all of it was found in one piece.</summary>
    public virtual bool IsAtHand => IsFullyRead;

    /// <summary>How many bytes of the body have arrived.</summary>
    public abstract long ReceivedBytes { get; }

    /// <summary>True when more of the body is known to be unread than is worth discarding.</summary>
    public abstract bool IsTooLongToDrain { get; }

    /// <summary>True when a buffer with what has arrived of a body, of which nothing has been read, holds all of it.</summary>
    public abstract bool HasArrived(in ReadOnlySequence<byte> buffer);

    /// <summary>Starts a new body.</summary>
    /// <param name="contentLength">Its length in bytes, where the request has named one.</param>
    public abstract void Start(long contentLength);

    /// <summary>True with a result that needs nothing from the connection's input.</summary>
    public abstract bool TryReadBuffered(bool isCanceled, out ReadResult result);

    /// <summary>Takes a read of the connection's input.</summary>
    /// <param name="input">The read; the body advances the connection's input over it, now or when its own reader is advanced.</param>
    /// <param name="isCanceled">The handler has cancelled it.</param>
    /// <param name="result">With true: what the handler gets.</param>
    /// <returns>False when it holds nothing for the handler.</returns>
    /// <exception cref="BadHttpRequestException">The body is malformed, too large or cut short.</exception>
    public abstract bool TryTake(in ReadResult input, bool isCanceled, out ReadResult result);

    /// <summary>True when a buffer certainly has bytes that no earlier read has returned.</summary>
    public abstract bool HasNews(in ReadOnlySequence<byte> buffer);

    /// <summary>Ends a read of the handler's.</summary>
    public abstract void AdvanceTo(SequencePosition consumed, SequencePosition examined);

    /// <summary>Gives back what a read of the handler's still holds: it will not be advanced.</summary>
    public abstract void Release();

    /// <summary>Takes a read of the connection's input, after <see cref="Release"/>, and discards what is the body's.</summary>
    /// <returns>False when it is malformed.</returns>
    public abstract bool TryDiscard(in ReadResult input);

    /// <summary>True when there is something behind the body, as far as a buffer of the connection's input tells.</summary>
    public abstract bool IsMoreBehind(PipeReader input);

    /// <summary>Discards what has arrived, without waiting for more, where that can show that the body is malformed.</summary>
    public virtual RequestError DiscardArrived(PipeReader input) => RequestError.None;

    /// <summary>Gives back a read of the connection's input that only had a look.</summary>
    public static void PutBack(PipeReader input, in ReadResult read)
    {
        input.AdvanceTo(read.Buffer.Start);
        if (read.IsCanceled)
        {
            input.CancelPendingRead(); // it was meant for the handler's next read
        }
    }

    /// <summary>Looks at what has arrived, and leaves it where it is, where that can show that the body is malformed.</summary>
    public virtual RequestError Preview(in ReadOnlySequence<byte> buffer) => RequestError.None;
}
