using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Http.Frames;
using PipeServer.Transport;

namespace PipeServer.Server.Http2;

/// <summary>
/// A connection of HTTP/2: the loop that reads, takes the frames that are there, runs what runs inline, frames what there is to send, and flushes once; and
/// how it ends.
/// </summary>
/// <remarks>
/// All of that is a turn, which never waits. Between two turns the loop waits in a read, which <see cref="StreamHolder.Push"/> and the end of a flush cancel:
/// whoever does goes on with the loop. While a flush waits for the client, the loop goes on reading, as long as what it has to answer fits aside.
/// </remarks>
internal sealed class Http2Connection : FrameActions
{
    // How often what waits in streams is looked at: whether its client is too slow.
    private const int LookMilliseconds = 1000;

    // A fast client gets so many flushes in a row before its frames are looked at again.
    private const int MostFlushes = 8;

    private readonly FrameReceiver _receiver;
    private readonly Action _onFlushed;
    private ValueTask<FlushResult> _flush; // while the output is busy
    private volatile bool _isFlushDone;
    private bool _isClientGone;
    private bool _hasInputEnded;
    private bool _isFinalBeatGranted;
    private long _beginDue; // when the preface and the settings must have come
    private ArrivingData _arriving;
    private long _inputDue; // when a frame or a header block that has begun must be complete; 0: none has
    private long _idleDue; // when a connection without a request is closed

    public Http2Connection(ServerContext server, ObjectPool<Http2Stream> pool)
        : base(server, pool)
    {
        _receiver = new FrameReceiver(this, Frames);
        _onFlushed = () =>
        {
            var id = Id;
            _isFlushDone = true;
            Wake(id);
        };
    }

    public override void Attach(TransportConnection transport, long id)
    {
        _isClientGone = _hasInputEnded = _isFinalBeatGranted = _isFlushDone = false;
        _inputDue = 0;
        _flush = default;
        _receiver.Reset();
        base.Attach(transport, id);
        _beginDue = Server.Heartbeat.DeadlineAfter(Rules.RequestHeadTimeout);
        _idleDue = Server.Heartbeat.DeadlineAfter(Rules.KeepAliveTimeout);
    }

    public override void OnHeartbeat(long now, bool draining)
    {
        base.OnHeartbeat(now, draining);
        if (draining && !IsLeaving)
        {
            lock (Deadlines)
            {
                if (!HasEnded)
                {
                    ReadCancellation.Start(this, Transport); // its client is to be told
                }
            }
        }

        foreach (var stream in Streams.Snapshot)
        {
            stream?.ExistingExtras?.Switched?.OnBeat(now);
        }
    }

    /// <summary>The Server and Date fields of a stream's response, and those that its connection has: encoded.</summary>
    public ReadOnlySpan<byte> ServerFieldsOf(Http2Stream stream)
    {
        var fields = stream.Response.ListedFields;
        var heartbeat = Server.Heartbeat;
        var prepared = stream.ResponseBody.HeadFields;
        ReadOnlySpan<byte> block = (fields.Count > 0 && fields.IndexOf("Last-Modified"u8) >= 0) || prepared?.LastModified > heartbeat.Second
            ? heartbeat.Http2ServerAndDateNow
            : heartbeat.Http2ServerAndDate;
        return prepared is { HasServer: true } && !fields.Has(Http.KnownHeader.Server) ? Http.DateHeader.Http2WithoutServer(block) : block;
    }

    protected override async Task ServeAsync()
    {
        ExceptionDispatchInfo? end = null;
        try
        {
            Greet();
            await ServeFramesAsync().ConfigureAwait(false);
            if (_hasInputEnded)
            {
                await ServeRestAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            end = ExceptionDispatchInfo.Capture(exception);
        }

        if (Slots > 0)
        {
            WasAborted |= !HasFailed || _isClientGone;
            await EndStreamsAsync(end?.SourceException).ConfigureAwait(false);
        }

        end?.Throw();
    }

    protected override async Task EndAsync()
    {
        if (WasAborted || _isClientGone)
        {
            return;
        }

        while (Frames.IsBusy || Frames.HasWritten)
        {
            if (Frames.IsBusy)
            {
                var isGone = (await _flush.ConfigureAwait(false)).IsCompleted;
                EndFlush(isGone);
            }

            if (_isClientGone)
            {
                return;
            }

            StartFlush();
        }

        Deadlines.BeginWrite(Transport, Rules.MinDataRate);
        await Transport.ShutdownOutputAsync().ConfigureAwait(false);
        Deadlines.EndWrite();
        State = ConnectionState.Closing;
        if (!_hasInputEnded)
        {
            await LingeringClose.AfterAnswer.WaitAsync(this).ConfigureAwait(false);
        }
    }

    private async Task ServeFramesAsync()
    {
        while (true)
        {
            if (!Input.TryRead(out var read))
            {
                if (!MayWait())
                {
                    return;
                }

                read = await Input.ReadAsync().ConfigureAwait(false);
            }

            var buffer = read.Buffer;
            Turn(ref buffer);
            Input.AdvanceTo(buffer.Start, Frames.IsFull ? buffer.Start : buffer.End);
            if (read.IsCompleted && !Frames.IsFull)
            {
                _hasInputEnded = true;
                return;
            }

            if (Frames is { IsBusy: true, IsFull: true })
            {
                await WaitForFlushAsync().ConfigureAwait(false);
            }

            if (HasFailed || _isClientGone)
            {
                return;
            }
        }
    }

    // The client has half-closed: what has come as a whole is answered.
    private async Task ServeRestAsync()
    {
        BeginTurn();
        foreach (var stream in Streams.Snapshot.ToArray())
        {
            if (stream is { RequestBody.IsComplete: false })
            {
                Drop(stream, new IOException("The client has ended the connection within a request."));
                Look(stream);
            }
        }

        EndTurn();
        while (true)
        {
            var none = ReadOnlySequence<byte>.Empty;
            Turn(ref none);
            if (Slots == 0 || HasFailed || _isClientGone)
            {
                return;
            }

            Deadlines.SetReadAt(Deadlines.Now + LookMilliseconds);
            await WaitForSignalAsync().ConfigureAwait(false);
        }
    }

    // The connection is over: its handlers are told, and it ends when they have.
    private async Task EndStreamsAsync(Exception? reason)
    {
        Deadlines.DropRead();
        BeginTurn();
        DropAll(reason as IOException ?? new IOException("The connection was ended."));
        EndTurn();
        while (Slots > 0)
        {
            await WaitForSignalAsync().ConfigureAwait(false);
            BeginTurn();
            TakeSignals();
            EndTurn();
        }
    }

    private async Task WaitForFlushAsync()
    {
        while (!_isFlushDone)
        {
            await WaitForSignalAsync().ConfigureAwait(false);
        }

        StopWaiting();
    }

    private void Greet()
    {
        BeginTurn();
        Frames.Settings(
        [
            (SettingId.MaxConcurrentStreams, Rules.MaxStreams),
            (SettingId.InitialWindowSize, FlowControl.StreamWindow),
            (SettingId.MaxHeaderListSize, Rules.Head.MaxRequestHeadBytes),
            (SettingId.EnableConnectProtocol, 1),
            (SettingId.NoRfc7540Priorities, 1),
        ]);
        SettingsDue = Server.Heartbeat.DeadlineAfter(Rules.RequestHeadTimeout);
        Frames.WindowUpdate(0, Window.TakeUpdate());
        EndTurn();
    }

    private void Turn(ref ReadOnlySequence<byte> buffer)
    {
        var outer = ExecutionContext.Capture();
        BeginTurn();
        if (_isFlushDone)
        {
            EndFlush(ResultOf(_flush).IsCompleted);
        }

        TakeSignals();
        if (!HasFailed)
        {
            _receiver.Take(ref buffer);
            _arriving.Note(buffer, Transport);

            // A frame of DATA has the time of its body, if it is anybody's.
            var isInBody = Streams.Find(_arriving.StreamId) is { RequestBody.IsComplete: false };
            _inputDue = (buffer.IsEmpty || isInBody) && !_receiver.IsInBlock ? 0
                : _inputDue != 0 ? _inputDue
                : Server.Heartbeat.DeadlineAfter(Rules.RequestHeadTimeout);
        }

        if (Deadlines.IsReadExpired || (Draining.IsCancellationRequested && !IsLeaving))
        {
            CheckTimes();
        }

        Send();
        EndTurn();
        if (outer is not null && ExecutionContext.Capture() != outer)
        {
            ExecutionContext.Restore(outer);
        }
    }

    private void Send()
    {
        for (var flushes = 0; flushes < MostFlushes; flushes++)
        {
            TakeSignals();
            if (!HasFailed)
            {
                Sender.Pump();
                if (Window.TakeUpdate(Growth, Server.TimeProvider) is > 0 and var increment)
                {
                    Frames.WindowUpdate(0, increment);
                }
            }

            if (Frames.IsBusy || !Frames.HasWritten)
            {
                return;
            }

            StartFlush();
            if (!Sender.IsWaiting)
            {
                return;
            }
        }

        Wake(Id); // there is more: the client's frames have their turn between
    }

    private void StartFlush()
    {
        Frames.BeginFlush();
        if (Transport.TryFlush())
        {
            OnFlushed();
            return;
        }

#pragma warning disable CA2012 // Its result is taken once, by the owner, when it is there.
        _flush = Output.FlushAsync();
#pragma warning restore CA2012
        if (_flush.IsCompleted)
        {
            EndFlush(ResultOf(_flush).IsCompleted);
            return;
        }

        Frames.Wait();
        Deadlines.BeginWrite(Transport, Rules.MinDataRate);
        _flush.GetAwaiter().UnsafeOnCompleted(_onFlushed);
    }

#pragma warning disable VSTHRD002 // Completed, so it does not block.
    private static FlushResult ResultOf(in ValueTask<FlushResult> flush) => flush.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    private void EndFlush(bool isClientGone)
    {
        _isFlushDone = false;
        _flush = default;
        Deadlines.EndWrite();
        _isClientGone |= isClientGone;
        if (!isClientGone)
        {
            OnFlushed();
        }

        Frames.EndWait();
    }

    // False at the connection's end. Else its state and its time are set for the wait.
    private bool MayWait()
    {
        if (HasFailed || _isClientGone || (Slots == 0 && (HasLeft || IsClientLeaving)))
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
            due = Math.Min(due, _receiver.HasBegun ? _idleDue : _beginDue);
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

        State = _inputDue != 0 ? ConnectionState.ReadingHead : _receiver.HasBegun ? ConnectionState.Idle : ConnectionState.New;
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

    private void CheckTimes()
    {
        if (Draining.IsCancellationRequested)
        {
            CloseGracefully();
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
        if (!_receiver.HasBegun && now >= _beginDue)
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
        else if ((LeaveAt != 0 && now >= LeaveAt) || (Slots == 0 && Draining.IsCancellationRequested))
        {
            Leave();
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
        foreach (var stream in Streams.Snapshot.ToArray())
        {
            if (stream is null)
            {
                continue;
            }

            stream.RequestBody.CheckTime(now, _arriving.BytesOf(stream.Id, this));
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
