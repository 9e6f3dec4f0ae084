using System.Buffers;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Http.Frames;
using PipeServer.Transport;

namespace PipeServer.Server.Http2;

/// <summary>
/// The time that an HTTP/2 connection has: to begin, for the rest of a frame, between two requests, to acknowledge; and what of its streams waits for its
/// client. All of it is one deadline, set for each wait to whatever is due first. The owner's.
/// </summary>
internal abstract class ConnectionTimes : FrameActions
{
    /// <summary>How often what waits in streams is looked at: whether its client is too slow.</summary>
    protected const int LookMilliseconds = 1000;

    private long _finalBeat; // when what is due counts: a moment after it was found to be; 0: nothing was
    private long _due; // what the wait was set to
    private long _beginDue; // when the preface and the settings must have come
    private ArrivingData _arriving;
    private long _inputDue; // when a frame or a header block that has begun must be complete; 0: none has
    private int _dueBlock; // the stream whose header block that was; 0: none
    private long _lookDue; // when what waits in streams is looked at next; 0: nothing does
    private long _idleDue; // when a connection without a request is closed

    protected ConnectionTimes(ServerContext server, ObjectPool<Http2Stream> pool)
        : base(server, pool) => Receiver = new FrameReceiver((Http2Connection)this, Frames);

    /// <summary>Takes the client's frames.</summary>
    protected FrameReceiver Receiver { get; }

    /// <summary>Nothing that is written can arrive any more.</summary>
    protected bool IsClientGone { get; set; }

    public override void Attach(TransportConnection transport, long id)
    {
        IsClientGone = false;
        _finalBeat = _inputDue = _lookDue = _dueBlock = 0;
        _due = long.MaxValue;
        Receiver.Reset();
        base.Attach(transport, id);
        _beginDue = Server.Heartbeat.DeadlineAfter(Rules.RequestHeadTimeout);
        _idleDue = Server.Heartbeat.DeadlineAfter(Rules.KeepAliveTimeout);
    }

    /// <summary>The client's bytes were taken.</summary>
    /// <param name="rest">What the whole frames have left of a read.</param>
    /// <param name="hasTaken">There were whole frames: what is left has begun behind them, unless it is more of the same header block.</param>
    // A frame of DATA that somebody waits for has the time of its body.
    protected void SetInputDue(in ReadOnlySequence<byte> rest, bool hasTaken)
    {
        _arriving.Note(rest, this);
        var isInBody = _arriving.StreamId != 0 && Streams.Find(_arriving.StreamId) is { RequestBody.IsComplete: false };
        var block = Receiver.BlockStreamId;
        if ((rest.IsEmpty || isInBody) && block == 0)
        {
            _inputDue = 0;
        }
        else if (_inputDue == 0 || (hasTaken && (block == 0 || block != _dueBlock)))
        {
            _inputDue = Server.Heartbeat.DeadlineAfter(Rules.RequestHeadTimeout);
        }

        _dueBlock = block;
    }

    /// <summary>False at the connection's end. Else its state and its time are set for the wait.</summary>
    protected bool MayWait()
    {
        if (HasFailed || IsClientGone || (Slots == 0 && (HasLeft || IsClientLeaving)))
        {
            return false;
        }

        var due = Math.Min(_inputDue == 0 ? long.MaxValue : _inputDue, SettingsDue == 0 ? long.MaxValue : SettingsDue);
        due = LeaveAt == 0 ? due : Math.Min(due, LeaveAt);
        if (Slots > 0)
        {
            State = ConnectionState.Handling;
            due = Math.Min(due, DueOfStreams());
        }
        else
        {
            BeginIdle();
            due = Math.Min(due, Receiver.HasBegun ? _idleDue : _beginDue);
        }

        if (due > Deadlines.Now && !Draining.IsCancellationRequested)
        {
            _finalBeat = 0; // what was due is not any more; in a drain the heartbeat knows of other times than these
        }

        WaitUntil(Math.Max(due, _finalBeat));
        return true;
    }

    /// <summary>The wait that begins lasts no longer than this, by the heartbeat's clock.</summary>
    protected void WaitUntil(long due)
    {
        _due = due;
        if (due == long.MaxValue)
        {
            Deadlines.DropRead();
        }
        else
        {
            Deadlines.SetReadAt(due);
        }
    }

    private void BeginIdle()
    {
        if (State == ConnectionState.Handling)
        {
            _idleDue = Server.Heartbeat.DeadlineAfter(Rules.KeepAliveTimeout);
            ReleaseKept();
        }

        State = _inputDue != 0 ? ConnectionState.ReadingHead : Receiver.HasBegun ? ConnectionState.Idle : ConnectionState.New;
    }

    /// <summary>When the streams are to be looked at next: a client that sends on and on does not put it off.</summary>
    protected long DueOfStreams()
    {
        if (!HasStalls && !HasBodies && !Sender.IsWaiting)
        {
            _lookDue = 0;
            return long.MaxValue;
        }

        _lookDue = _lookDue == 0 ? Deadlines.Now + LookMilliseconds : _lookDue;
        return _lookDue;
    }

    /// <summary>Something is due, as far as is known.</summary>
    // By the clock too: a deadline that expires while a turn ends is set anew before anybody has seen it, and a client can see to that with each beat.
    protected bool IsTimeUp => Deadlines.IsReadExpired || Deadlines.Now > _due;

    /// <summary>Does what is due.</summary>
    protected void CheckTimes()
    {
        if (Draining.IsCancellationRequested && LastStreamId > 0)
        {
            CloseGracefully(); // else its first request may be on its way, and is the last
        }

        if (!IsTimeUp)
        {
            return;
        }

        // After a pause of the whole process every deadline has passed, while what the client sent meanwhile is still on its way.
        // Of the moment at which it was found, and not of each turn: a client that sends on and on does not put it off.
        var now = Deadlines.Now;
        if (_finalBeat == 0)
        {
            _finalBeat = now + 1;
        }

        if (now < _finalBeat)
        {
            return;
        }

        _finalBeat = 0;
        if (!Receiver.HasBegun && now >= _beginDue)
        {
            Fail(ErrorCode.ProtocolError, "the connection has not begun in time");
        }
        else if (_inputDue != 0 && now >= _inputDue)
        {
            Fail(ErrorCode.EnhanceYourCalm, "a frame or a header block took too long");
        }
        else if (SettingsDue != 0 && now >= SettingsDue)
        {
            Fail(ErrorCode.SettingsTimeout, "the settings were not acknowledged");
        }
        else if (LeaveAt != 0 && (now >= LeaveAt || (Slots == 0 && now >= Server.Heartbeat.LatestRead)))
        {
            Leave();
        }
        else if (Slots == 0 && Draining.IsCancellationRequested)
        {
            CloseGracefully();
        }
        else if (Slots == 0)
        {
            if (now >= _idleDue)
            {
                CloseGracefully();
            }
        }
        else
        {
            CheckStreams(now);
        }
    }

    /// <summary>
    /// Resets what waits for a window of a client that sends nothing more, and so opens none; true where there was any. Outside of a turn.
    /// </summary>
    protected bool ResetWithoutWindow()
    {
        var isAny = false;
        BeginTurn();
        foreach (var stream in Streams.Snapshot.ToArray())
        {
            if (stream is { IsEndSent: false, ResponseBody.PendingLength: > 0 } && (stream.SendWindow <= 0 || Sender.Window <= 0))
            {
                ResetStream(stream, ErrorCode.Cancel);
                Look(stream);
                isAny = true;
            }
        }

        EndTurn();
        return isAny;
    }

    private void CheckStreams(long now)
    {
        _lookDue = 0;
        HasStalls = HasBodies = false;
        Sender.StallAll();
        foreach (var stream in Streams.Snapshot.ToArray())
        {
            if (stream is null)
            {
                continue;
            }

            HasBodies |= !stream.RequestBody.IsComplete;
            stream.RequestBody.CheckTime(now, _arriving.BytesOf(stream.Id, this));
            if (stream is { IsDone: true, DiscardsSince: not 0 } && now - stream.DiscardsSince >= Rules.RequestBodyTimeout.TotalMilliseconds)
            {
                ResetStream(stream, ErrorCode.NoError); // its answer is there, and its client sends nothing more
                Look(stream);
                continue;
            }

            if (stream is { StalledAt: 0, IsQueued: false })
            {
                continue;
            }

            // One that may go on since a moment ago is judged by what it has waited before: its client may open the window by a byte with each look.
            HasStalls |= stream.StalledAt != 0;
            var stalled = stream.StalledAt == 0 ? 0 : now - stream.StalledAt;
            if (stalled >= Rules.ResponseWriteTimeout.TotalMilliseconds
                || ConnectionDeadlines.IsTooSlow(stream.Stalls.Waited + stalled, stream.Stalls.Sent, stream.MinResponseDataRate))
            {
                ResetStream(stream, ErrorCode.Cancel);
                Look(stream);
            }
        }
    }
}
