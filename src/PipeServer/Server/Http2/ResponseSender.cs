using System.Runtime.CompilerServices;
using PipeServer.Http.Frames;

namespace PipeServer.Server.Http2;

/// <summary>
/// Frames the responses of a connection: HEADERS as soon as they are due, DATA within the windows, in pieces that take turns. The owner's.
/// </summary>
internal sealed class ResponseSender
{
    private const int SmallestUsualWindow = 1024;

    private readonly Http2Connection _connection;
    private readonly FrameOutput _output;
    private readonly HeadSender _heads;
    private readonly SendQueue _queue = new();
    private long _windowStalledAt; // by the heartbeat's clock; 0: the connection's window is open
    private List<Http2Stream>? _done; // streams in the queue that have nothing to wait for
    private bool _isFreeDue; // some streams in the queue have a head or an end to send, which no window stops
    private LateResets _lateResets; // a mutable struct

    public ResponseSender(Http2Connection connection, FrameOutput output)
    {
        (_connection, _output) = (connection, output);
        _heads = new HeadSender(connection, output, this);
    }

    /// <summary>How much may be sent on all streams together.</summary>
    public int Window { get; set; }

    /// <summary>Streams wait in the queue: for the connection's window, or for the client to read.</summary>
    public bool IsWaiting => !_queue.IsEmpty;

    /// <summary>What the client wants.</summary>
    public PeerSettings Peer;

    /// <summary>Makes it ready for the next _connection.</summary>
    public void Reset()
    {
        Window = 65535;
        _windowStalledAt = 0;
        Peer.Reset();
        while (_queue.Peek() is not null)
        {
            _queue.RemoveFirst();
        }

        _lateResets.Clear();
    }

    /// <summary>Sends what a stream has, as far as that may go now; the rest takes its turn.</summary>
    public void Send(Http2Stream stream)
    {
        var body = stream.ResponseBody;
        if (_output.IsBusy)
        {
            if (body.IsHeadDue || body.IsHandedOver || (body.IsEnding && !stream.IsEndSent))
            {
                Enqueue(stream);
            }

            return;
        }

        if (!HasDue(stream))
        {
            return;
        }

        SendHeadIfDue(stream);
        if (stream.IsEndSent)
        {
            return;
        }

        // An end needs no window, and so waits for no other stream's DATA.
        if (stream.IsQueued || (!_queue.IsEmpty && body.PendingLength > 0) || !TrySendWhole(stream))
        {
            Enqueue(stream);
        }
    }

    /// <summary>
    /// A handler resets its stream: what it has flushed before goes first, and the end where it has completed the response, ahead of its turn and as far as
    /// the windows let it. False while the output is busy: the connection looks at the stream again when that is over.
    /// </summary>
    public bool TrySendLast(Http2Stream stream)
    {
        if (!HasDue(stream))
        {
            return true;
        }

        if (_output.IsBusy)
        {
            _lateResets.Add(stream);
            return false;
        }

        var body = stream.ResponseBody;
        SendHeadIfDue(stream);
        while (HasDue(stream))
        {
            while (!_output.IsFull && MostOfNextPiece(stream, body.PendingLength) is > 0 and var length)
            {
                SendPiece(stream, length);
            }

            if (body.PendingLength > 0)
            {
                break;
            }

            EndPiece(stream);
        }

        return true;
    }

    /// <summary>A stream is gone: nothing of it is sent.</summary>
    public void Remove(Http2Stream stream)
    {
        _queue.Remove(stream);
        _lateResets.Remove(stream);
    }

    /// <summary>The window of a stream has grown, or its priority has changed.</summary>
    public void Resume(Http2Stream stream)
    {
        if (stream.IsQueued && stream.QueuedUrgency != stream.Priority.Urgency)
        {
            _queue.Remove(stream);
            _queue.Add(stream);
        }
        else if (stream is { IsQueued: false, StalledAt: not 0, SendWindow: > 0 })
        {
            Enqueue(stream);
        }
    }

    /// <summary>Sends pieces in turn, until nothing may be sent any more or enough is written for one flush.</summary>
    public void Pump()
    {
        if (Window > 0 || _queue.IsEmpty)
        {
            _windowStalledAt = 0;
        }

        if (_output.IsBusy)
        {
            return;
        }

        _lateResets.Look(_connection);
        if (_queue.IsEmpty)
        {
            return;
        }

        if (_isFreeDue)
        {
            SendWhatIsFree();
        }

        while (!_output.IsFull && _queue.Peek() is { } stream)
        {
            var body = stream.ResponseBody;
            var pending = body.PendingLength;
            if (pending == 0)
            {
                EndTurn(stream);
                continue;
            }

            if (Window <= 0)
            {
                _windowStalledAt = _windowStalledAt == 0 ? Math.Max(1, _connection.Deadlines.Now) : _windowStalledAt;
                _connection.HasStalls = true;
                break;
            }

            if (stream.SendWindow <= 0)
            {
                _queue.RemoveFirst();
                Stall(stream);
                continue;
            }

            SendPiece(stream, MostOfNextPiece(stream, pending));
            if (body.PendingLength == 0)
            {
                EndTurn(stream);
            }
            else if (stream.Priority.IsIncremental)
            {
                _queue.Rotate();
            }
        }
    }

    /// <summary>An interim response (RFC 9110 §15.2).</summary>
    public void SendContinue(Http2Stream stream) => _heads.SendContinue(stream);

    /// <summary>Where the connection's window stops all streams of the queue, each of them has waited since it did.</summary>
    public void StallAll()
    {
        if (_windowStalledAt == 0 || Window > 0)
        {
            return;
        }

        foreach (var stream in _queue)
        {
            stream.StalledAt = stream.StalledAt == 0 ? Math.Max(_windowStalledAt, stream.OpenedAt) : stream.StalledAt;
        }
    }

    // The handler has flushed, or nothing follows: a head is not sent before that is known.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasDue(Http2Stream stream) => !stream.IsEndSent && stream.ResponseBody is { IsHandedOver: true } or { IsEnding: true };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SendHeadIfDue(Http2Stream stream)
    {
        if (stream.ResponseBody.IsHeadDue)
        {
            _heads.Send(stream);
            if (stream.IsEndSent)
            {
                _connection.OnEndSent(stream);
            }
        }
    }

    private void Enqueue(Http2Stream stream)
    {
        if (stream.StalledAt != 0)
        {
            EndStall(stream);
        }

        _isFreeDue |= stream.ResponseBody.IsHeadDue || stream.ResponseBody.PendingLength == 0;
        _queue.Add(stream);
    }

    private void SendWhatIsFree()
    {
        _isFreeDue = false;
        foreach (var stream in _queue)
        {
            if (stream.ResponseBody.IsHeadDue)
            {
                _heads.Send(stream);
            }

            if (stream.IsEndSent || stream.ResponseBody.PendingLength == 0)
            {
                (_done ??= []).Add(stream);
            }
        }

        if (_done is { Count: > 0 } done)
        {
            foreach (var stream in done)
            {
                _queue.Remove(stream); // nothing of it waits for a window
                EndPiece(stream);
                if (stream.IsEndSent)
                {
                    _connection.Look(stream);
                }
            }

            done.Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TrySendWhole(Http2Stream stream)
    {
        var length = stream.ResponseBody.PendingLength;
        if (length > 0 && (length > stream.SendWindow || length > Window || length > FrameHeader.MaxLength))
        {
            return false;
        }

        if (length > 0)
        {
            SendPiece(stream, length);
        }

        EndPiece(stream);
        return true;
    }

    private int MostOfNextPiece(Http2Stream stream, int pending) =>
        Math.Min(Math.Min(pending, FrameHeader.MaxLength), Math.Min(Window, stream.SendWindow));

    // With END_STREAM where it is the last one and nothing follows.
    private void SendPiece(Http2Stream stream, int length)
    {
        var body = stream.ResponseBody;
        var room = _output.Take(FrameHeader.Bytes + length);
        var pending = body.Pending;
        var isLast = length == pending.Length && body is { IsEnding: true, IsHandedOver: false } && !HeadSender.HasTrailers(stream);
        FrameHeader.Write(room, length, FrameType.Data, isLast ? FrameFlags.EndStream : FrameFlags.None, stream.Id);
        pending[..length].CopyTo(room[FrameHeader.Bytes..]);
        body.MarkSent(length);
        Window -= length;
        stream.SendWindow -= length;
        stream.IsEndSent = isLast;
        _connection.OnDataSent(length);
        if (stream.StalledAt != 0)
        {
            EndStall(stream);
        }

        if (stream.Stalls.Waited > 0)
        {
            stream.Stalls = (stream.Stalls.Sent + length, stream.Stalls.Waited);
        }
    }

    // Its handler may have ended long ago, and nobody else looks at it then.
    private void EndTurn(Http2Stream stream)
    {
        _queue.RemoveFirst();
        EndPiece(stream);
        if (stream.IsEndSent)
        {
            _connection.Look(stream);
        }
    }

    // All that was handed over is sent.
    private void EndPiece(Http2Stream stream)
    {
        var body = stream.ResponseBody;
        if (body.IsHandedOver)
        {
            body.CompleteFlush();
            _connection.OnFlushSent();
            if (!body.IsEnding)
            {
                return;
            }

            if (!stream.IsEndSent && body.PendingLength > 0)
            {
                _queue.Add(stream); // what was written behind the last flush
                return;
            }
        }

        if (body.IsEnding && !stream.IsEndSent)
        {
            if (HeadSender.HasTrailers(stream))
            {
                _heads.SendTrailers(stream);
            }
            else
            {
                FrameHeader.Write(_output.Take(FrameHeader.Bytes), 0, FrameType.Data, FrameFlags.EndStream, stream.Id);
            }

            stream.IsEndSent = true;
        }

        if (stream.IsEndSent)
        {
            _connection.OnEndSent(stream, stream.Stalls.Waited > 0 && HasTinyWindows);
        }
    }

    // No answer of more than a line or two fits: a way to have many of them made and held.
    private bool HasTinyWindows => Peer.InitialWindow < SmallestUsualWindow;

    private void Stall(Http2Stream stream)
    {
        if (stream.StalledAt == 0)
        {
            stream.StalledAt = Math.Max(1, _connection.Deadlines.Now);
            _connection.HasStalls = true;
            if (stream.Stalls.Waited == 0 && HasTinyWindows)
            {
                _connection.Spend(ControlBudget.Held, "answers that are given no window");
            }
        }
    }

    private void EndStall(Http2Stream stream)
    {
        stream.Stalls = (stream.Stalls.Sent, stream.Stalls.Waited + Math.Max(1, _connection.Deadlines.Now - stream.StalledAt));
        stream.StalledAt = 0;
    }
}
