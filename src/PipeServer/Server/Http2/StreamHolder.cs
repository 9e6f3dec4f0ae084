using Microsoft.Extensions.ObjectPool;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Http.Frames;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer.Server.Http2;

/// <summary>
/// An HTTP/2 connection as far as its streams go: which there are, who of them wants to be looked at, and what becomes of each.
/// </summary>
/// <remarks>
/// The owner is whoever runs a turn of the connection's loop at the moment, on whatever thread. All others reach it by <see cref="Push"/>: the first that
/// does wakes the loop, and goes on with it unless it is a worker and the transport has a thread for it.
/// </remarks>
internal abstract class StreamHolder : WatchedConnection
{
    private readonly KeptStreams _kept;
    private SignalList _signalled; // a mutable struct
    private TaskCompletionSource? _signal; // in place of the read, once there is none
    private volatile bool _isFlushDone;
    private volatile int _ownerThread;
    private bool _wasLent;
    private FlushWaiters _flushWaiters; // a mutable struct

    protected StreamHolder(ServerContext server, ObjectPool<Http2Stream> pool)
        : base(server)
    {
        _kept = new KeptStreams(pool);
        Frames = new FrameOutput((Http2Connection)this);
        Sender = new ResponseSender((Http2Connection)this, Frames);
    }

    /// <summary>What the connection runs in, and so every handler; null where that is the default.</summary>
    public ExecutionContext? Context { get; private set; }

    /// <summary>This thread runs the connection's loop at this moment.</summary>
    public bool IsOwner => _ownerThread == Environment.CurrentManagedThreadId;

    /// <summary>Makes the windows larger where that pays; null until a body is read.</summary>
    protected WindowGrowth? Growth { get; set; }

    /// <summary>Some streams wait for a window: their time is to be looked at.</summary>
    public bool HasStalls { get; set; }

    /// <summary>Some request bodies may be incomplete: their time is to be looked at, since a handler may begin to wait any moment.</summary>
    public bool HasBodies { get; set; }

    /// <summary>Where frames are written to.</summary>
    protected FrameOutput Frames { get; }

    /// <summary>Frames the responses.</summary>
    protected ResponseSender Sender { get; }

    /// <summary>How many requests have not ended yet, those that were reset and whose handlers still run among them.</summary>
    public int Slots { get; private set; }

    /// <summary>The last stream that the client has opened.</summary>
    public int LastStreamId { get; set; }

    /// <summary>The streams that were reset lately.</summary>
    public ClosedStreams Closed;

    /// <summary>What the client may do that answers no request.</summary>
    protected ControlBudget Budget;

    /// <summary>What the client may send on all streams together.</summary>
    public ConnectionWindow Window { get; } = new();

    public override void Attach(TransportConnection transport, long id)
    {
        LastStreamId = Slots = 0;
        HasStalls = HasBodies = false;
        _signalled = default;
        _signal = null;
        Closed.Reset();
        Window.Start(FlowControl.ConnectionWindow);
        Sender.Reset();
        Frames.Reset();
        base.Attach(transport, id);
        Budget.Start(Deadlines.Now);
        Context = ExecutionContext.Capture();
    }

    public override void Detach()
    {
        Context = null;
        ReleaseKept();
    }

    // Those that are kept have no handler. Left to the collector, the streams of clients who open many and leave cost everybody else pauses.
    public override void Abandon() => ReleaseKept();

    /// <summary>Handlers begin in the connection's context.</summary>
    public void EnterContext() => EnterContext(Context);

    /// <summary>This thread goes on in a context; null: in the one that it is in.</summary>
    public static void EnterContext(ExecutionContext? context)
    {
        if (context is not null && ExecutionContext.Capture() != context)
        {
            ExecutionContext.Restore(context);
        }
    }

    /// <summary>A stream wants to be looked at. From any thread.</summary>
    public void Push(Http2Stream stream)
    {
        if (_signalled.Push(stream))
        {
            Wake(Id);
        }
    }

    /// <summary>A handler has aborted its request: the ledger says so now, the frame follows. From any thread.</summary>
    public void OnAbort() => Log.ConnectionAborted(Server.Logger, Id, RequestPipeline.AbortedByHandler);

    /// <summary>END_STREAM has been written.</summary>
    public void OnEndSent(Http2Stream stream, bool wasHeld = false)
    {
        Tally.Count(stream.IsRefused);
        Budget.Give(wasHeld ? ControlBudget.ForAnswer + ControlBudget.Held : ControlBudget.ForAnswer);
        if (stream.Response.CloseConnection && stream is { Refusal: RequestError.None, Fault: null })
        {
            CloseGracefully();
        }
    }

    /// <summary>
    /// Sends what a stream has, takes what it gives back, and ends it where all is done. The owner's; the stream may be another request's after it.
    /// </summary>
    public void Look(Http2Stream stream)
    {
        var body = stream.RequestBody;
        if (!stream.IsGone)
        {
            if (body.IsContinueDue && !stream.ResponseBody.HasStarted)
            {
                body.MarkContinueSent();
                Sender.SendContinue(stream);
            }

            Sender.Send(stream);
            if (stream is { IsEndSent: true, WholeSent: { } whole })
            {
                OnWholeSent(stream, whole);
            }
        }

        if (body.IsWindowUpdateDue && !stream.IsGone)
        {
            Growth ??= new WindowGrowth(Server.TimeProvider.TimestampFrequency); // not before: most connections have no body that needs it
            if (body.TakeWindowUpdate(Growth, Server.TimeProvider.GetTimestamp()) is > 0 and var increment)
            {
                Frames.WindowUpdate(stream.Id, increment);
            }
        }

        if (stream.ResetDue is { } code && stream.IsOpen && Sender.TrySendLast(stream))
        {
            ResetStream(stream, code);
        }

        if (stream.IsDone)
        {
            EndStream(stream);
        }
    }

    /// <summary>Resets a stream, which is told to its handler.</summary>
    public void ResetStream(Http2Stream stream, ErrorCode code)
    {
        WriteReset(stream.Id, code);
        Drop(stream, new IOException($"The stream was reset by the server ({code})."));
    }

    /// <summary>The window of a stream has grown, or its priority has changed.</summary>
    public void Resume(Http2Stream stream) => Sender.Resume(stream);

    /// <summary>The connection ends politely: no new stream is taken, and those that there are end.</summary>
    public abstract void CloseGracefully();

    internal override void CancelPendingRead(long id)
    {
        base.CancelPendingRead(id);
        Volatile.Read(ref _signal)?.TrySetResult();
    }

    /// <summary>Wakes the loop. From any thread.</summary>
    /// <param name="id">The connection's number: a call that comes late must not wake the next one.</param>
    protected void Wake(long id)
    {
        if (Volatile.Read(ref _signal) is { } signal)
        {
            signal.TrySetResult();
        }
        else if (Worker.Current is null || !TryWakeOnLoop(id))
        {
            base.CancelPendingRead(id);
        }
    }

    // Where the transport has a thread for it, no worker goes on with the loop: several answers share a turn and a flush then, instead of one for each.
    private bool TryWakeOnLoop(long id)
    {
        TransportConnection? transport;
        lock (Deadlines)
        {
            transport = Id == id ? Transport : null;
        }

        return transport?.TryCancelReadOnLoop() == true;
    }

    /// <summary>A turn of the loop begins on this thread.</summary>
    /// <remarks>What runs inline in it must not block, on whatever thread it is: a worker's is lent to it.</remarks>
    protected void BeginTurn()
    {
        _ownerThread = Environment.CurrentManagedThreadId;
        _wasLent = Worker.Lend(true);
    }

    /// <summary>It ends.</summary>
    protected void EndTurn()
    {
        Worker.Lend(_wasLent);
        _ownerThread = 0;
    }

    /// <summary>Looks at all streams that have signalled, in their order.</summary>
    protected void TakeSignals()
    {
        while (_signalled.Take() is { } stream)
        {
            stream.TakeSignal();
            Look(stream);
        }
    }

    /// <summary>A flush that was pending has a result, which the owner has not taken. From any thread.</summary>
    protected bool IsFlushDone { get => _isFlushDone; set => _isFlushDone = value; }

    /// <summary>Waits for a signal where no read can be woken.</summary>
    protected async Task WaitForSignalAsync()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _signal, source);
        Interlocked.MemoryBarrier(); // whoever has something to say and has not seen that has woken the read
        if (_signalled.IsEmpty && !IsFlushDone)
        {
            await source.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Reads can be woken again.</summary>
    protected void StopWaiting()
    {
        Volatile.Write(ref _signal, null);
        Interlocked.MemoryBarrier(); // whoever has not seen that has signalled before the turn that follows
    }

    /// <summary>A stream for a request whose head is about to be decoded.</summary>
    public Http2Stream RentStream() => _kept.Rent();

    /// <summary>Takes back one that has carried no request.</summary>
    public void ReturnStream(Http2Stream stream)
    {
        stream.Head.Reset();
        _kept.Return(stream);
    }

    /// <summary>A request has arrived.</summary>
    public void OpenStream(Http2Stream stream, int id)
    {
        Tally.Receive();
        stream.Open((Http2Connection)this, id, Sender.Peer.InitialWindow);
        stream.IsOpen = true;
        Streams.Add(stream);
        if (Slots++ == 0)
        {
            State = ConnectionState.Handling;
            OldestRequestStarted = stream.OpenedAt;
        }
    }

    /// <summary>RST_STREAM: what its client has sent meanwhile is no fault.</summary>
    protected void WriteReset(int id, ErrorCode code)
    {
        Frames.ResetStream(id, code);
        Closed.Add(id, byClient: false);
    }

    /// <summary>A stream is over, whoever says so; its handler may go on.</summary>
    protected void Drop(Http2Stream stream, Exception reason)
    {
        RemoveFromTable(stream);
        if (!stream.IsEndSent)
        {
            Tally.Abort();
        }

        stream.SetGone(reason);
        stream.ResponseBody.CompleteFlush();
    }

    /// <summary>The connection is over, and so are all of its streams.</summary>
    protected void DropAll(Exception reason)
    {
        foreach (var stream in Streams.Snapshot.ToArray())
        {
            if (stream is not null)
            {
                Drop(stream, reason);
                if (stream.IsDone)
                {
                    EndStream(stream);
                }
            }
        }

        _flushWaiters.Release();
    }

    /// <summary>All that was written has been handed to the system.</summary>
    protected void OnFlushed()
    {
        Tally.Flush();
        _flushWaiters.Release();
    }

    /// <summary>Nothing is in progress: what many streams have needed goes back.</summary>
    protected void ReleaseKept()
    {
        _kept.Release();
        Streams.Release();
    }

    // Its handler has ended. What the client still sends of the body is taken and thrown away, within bounds: many clients read no answer before they have
    // sent all.
    private void EndStream(Http2Stream stream)
    {
        if (stream.IsOpen)
        {
            if (!stream.IsEndSent)
            {
                return;
            }

            if (!stream.RequestBody.IsComplete)
            {
                if (!stream.RequestBody.IsTooLongToDiscard)
                {
                    stream.DiscardsSince = stream.DiscardsSince == 0 ? Math.Max(1, Deadlines.Now) : stream.DiscardsSince;
                    return;
                }

                ResetStream(stream, ErrorCode.NoError); // RFC 9113 §8.1
            }
            else
            {
                RemoveFromTable(stream);
            }
        }

        var isLost = stream.IsLost;
        if (stream.TryRelease())
        {
            Slots--;
            if (!isLost)
            {
                _kept.Return(stream);
            }
        }
    }

    // It is handed to the system with the flush that follows, or has been.
    private void OnWholeSent(Http2Stream stream, TaskCompletionSource whole)
    {
        stream.WholeSent = null;
        if (Frames.IsBusy || Frames.HasWritten)
        {
            _flushWaiters.Add(whole);
        }
        else
        {
            whole.TrySetResult();
        }
    }

    private void RemoveFromTable(Http2Stream stream)
    {
        if (stream.IsOpen)
        {
            stream.IsOpen = false;
            Streams.Remove(stream.Id);
            Sender.Remove(stream); // it may wait there for its turn, which it does not need any more
        }
    }
}
