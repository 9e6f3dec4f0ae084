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

    private bool _isFinalBeatGranted;
    private long _beginDue; // when the preface and the settings must have come
    private ArrivingData _arriving;
    private long _inputDue; // when a frame or a header block that has begun must be complete; 0: none has
    private int _dueBlock; // the stream whose header block that was; 0: none
    private long _idleDue; // when a connection without a request is closed

    protected ConnectionTimes(ServerContext server, ObjectPool<Http2Stream> pool)
        : base(server, pool) => Receiver = new FrameReceiver((Http2Connection)this, Frames);

    /// <summary>Takes the client's frames.</summary>
    protected FrameReceiver Receiver { get; }

    /// <summary>Nothing that is written can arrive any more.</summary>
    protected bool IsClientGone { get; set; }

    public override void Attach(TransportConnection transport, long id)
    {
        IsClientGone = _isFinalBeatGranted = false;
        _inputDue = _dueBlock = 0;
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

        due = _isFinalBeatGranted ? Math.Max(due, Deadlines.Now + 1) : due;
        if (due == long.MaxValue)
        {
            Deadlines.DropRead();
        }
        else
        {
            Deadlines.SetReadAt(due);
        }

        return true;
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

    private long DueOfStreams()
    {
        var (due, oldest) = (HasStalls || Sender.IsWaiting ? Deadlines.Now + LookMilliseconds : long.MaxValue, long.MaxValue);
        foreach (var stream in Streams.Snapshot)
        {
            if (stream is null)
            {
                continue;
            }

            oldest = Math.Min(oldest, stream.OpenedAt);
            if (!stream.RequestBody.IsComplete)
            {
                due = Math.Min(due, Deadlines.Now + LookMilliseconds); // its handler may begin to wait any moment
            }
        }

        OldestRequestStarted = oldest == long.MaxValue ? OldestRequestStarted : oldest;
        return due;
    }

    /// <summary>Does what is due.</summary>
    protected void CheckTimes()
    {
        if (Draining.IsCancellationRequested && LastStreamId > 0)
        {
            CloseGracefully(); // else its first request may be on its way, and is the last
        }

        if (!Deadlines.IsReadExpired)
        {
            return;
        }

        // After a pause of the whole process every deadline has passed, while what the client sent meanwhile is still on its way.
        _isFinalBeatGranted = !_isFinalBeatGranted;
        if (_isFinalBeatGranted)
        {
            return;
        }

        var now = Deadlines.Now;
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

    private void CheckStreams(long now)
    {
        HasStalls = false;
        Sender.StallAll();
        foreach (var stream in Streams.Snapshot.ToArray())
        {
            if (stream is null)
            {
                continue;
            }

            stream.RequestBody.CheckTime(now, _arriving.BytesOf(stream.Id, this));
            if (stream is { IsDone: true, DiscardsSince: not 0 } && now - stream.DiscardsSince >= Rules.RequestBodyTimeout.TotalMilliseconds)
            {
                ResetStream(stream, ErrorCode.NoError); // its answer is there, and its client sends nothing more
                Look(stream);
                continue;
            }

            if (stream.StalledAt == 0)
            {
                continue;
            }

            HasStalls = true;
            var stalled = now - stream.StalledAt;
            if (stalled >= Rules.ResponseWriteTimeout.TotalMilliseconds
                || ConnectionDeadlines.IsTooSlow(stream.Stalls.Waited + stalled, stream.Stalls.Sent, stream.MinResponseDataRate))
            {
                ResetStream(stream, ErrorCode.Cancel);
                Look(stream);
            }
        }
    }
}
