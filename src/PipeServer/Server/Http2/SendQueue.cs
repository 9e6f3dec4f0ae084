using System.Numerics;

namespace PipeServer.Server.Http2;

/// <summary>
/// The streams of a connection that have something to send and may, in the order of RFC 9218 §10. The owner's. A stream is in it once at most.
/// </summary>
internal sealed class SendQueue
{
    private const int Urgencies = 8;

    private readonly Line[] _lines = new Line[Urgencies];
    private uint _waiting; // one bit for each urgency that has streams

    /// <summary>Nobody waits.</summary>
    public bool IsEmpty => _waiting == 0;

    /// <summary>Puts a stream behind the others of its urgency, unless it waits already.</summary>
    public void Add(Http2Stream stream)
    {
        if (stream.IsQueued)
        {
            return;
        }

        stream.IsQueued = true;
        stream.NextToSend = null;
        stream.QueuedUrgency = stream.Priority.Urgency;
        ref var line = ref _lines[stream.QueuedUrgency];
        if (line.Last is null)
        {
            line.First = stream;
            _waiting |= 1u << stream.QueuedUrgency;
        }
        else
        {
            line.Last.NextToSend = stream;
        }

        line.Last = stream;
    }

    /// <summary>The one whose turn it is; it stays where it is.</summary>
    public Http2Stream? Peek() => _waiting == 0 ? null : _lines[BitOperations.TrailingZeroCount(_waiting)].First;

    /// <summary>Takes the one out whose turn it was.</summary>
    public void RemoveFirst()
    {
        var urgency = BitOperations.TrailingZeroCount(_waiting);
        ref var line = ref _lines[urgency];
        var stream = line.First!;
        line.First = stream.NextToSend;
        if (line.First is null)
        {
            line.Last = null;
            _waiting &= ~(1u << urgency);
        }

        stream.NextToSend = null;
        stream.IsQueued = false;
    }

    /// <summary>Its turn is over: it goes behind the others.</summary>
    public void Rotate()
    {
        var stream = Peek()!;
        RemoveFirst();
        Add(stream);
    }

    /// <summary>Takes a stream out, wherever it is.</summary>
    public void Remove(Http2Stream stream)
    {
        if (!stream.IsQueued)
        {
            return;
        }

        ref var line = ref _lines[stream.QueuedUrgency];
        Http2Stream? before = null;
        for (var at = line.First; at is not null; before = at, at = at.NextToSend)
        {
            if (at != stream)
            {
                continue;
            }

            if (before is null)
            {
                line.First = stream.NextToSend;
            }
            else
            {
                before.NextToSend = stream.NextToSend;
            }

            if (line.Last == stream)
            {
                line.Last = before;
            }

            break;
        }

        if (line.First is null)
        {
            _waiting &= ~(1u << stream.QueuedUrgency);
        }

        stream.NextToSend = null;
        stream.IsQueued = false;
    }

    /// <summary>All of them, the most urgent first, while none is added or taken out.</summary>
    public IEnumerator<Http2Stream> GetEnumerator()
    {
        foreach (var line in _lines)
        {
            for (var stream = line.First; stream is not null; stream = stream.NextToSend)
            {
                yield return stream;
            }
        }
    }

    private struct Line
    {
        public Http2Stream? First;
        public Http2Stream? Last;
    }
}
