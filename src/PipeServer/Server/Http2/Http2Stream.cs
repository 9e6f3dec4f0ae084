using System.Runtime.CompilerServices;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Http.Frames;
using PipeServer.Workers;

namespace PipeServer.Server.Http2;

/// <summary>A stream of an HTTP/2 connection: one request and its response (RFC 9113 §5), and the way of its handler.</summary>
/// <remarks>
/// Two sides work on it: the owner of the connection's output, which alone sends and receives frames, and whoever runs the handler.
/// <see cref="StreamState.Signal"/> is how the second one calls the first, and <see cref="IsDone"/> the last thing that it says: from then on the owner may
/// give the object to another request.
/// </remarks>
internal sealed class Http2Stream : StreamState, IWorkItem, IBodyHost
{
    private readonly Action _onHandled;
    private volatile bool _isGone;
    private volatile bool _isAborted;
    private volatile bool _isDone;
    private LazyCancellation _abort; // a mutable struct, as the next
    private LazyCancellation _halfClosed; // cancelled with it too
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _handling;

    public Http2Stream(ServerContext server)
        : base(new RequestHead())
    {
        Server = server;
        RequestBody = new Http2RequestBody(this);
        ResponseBody = new Http2ResponseBody(this);
        Writer = ResponseBody;
        Request = new HttpRequest(this, RequestBody, RequestBody);
        Response = new HttpResponse(ResponseBody);
        _onHandled = OnHandled;
    }

    /// <summary>Whose requests it carries.</summary>
    public ServerContext Server { get; }

    /// <summary>The request's body.</summary>
    public Http2RequestBody RequestBody { get; }

    /// <summary>The response's.</summary>
    public Http2ResponseBody ResponseBody { get; }

    public override BoundedThreadPool ThreadPool => Server.ThreadPool;

    public override Http2Connection Connection => Carrier!;

    public override bool IsCarried => Carrier is not null;

    public override long BodyBytesReceived => RequestBody.ReceivedBytes;

    public override bool IsClientGone => _isGone || Carrier!.Transport.IsClosed;

    public override bool IsAborted => _isAborted;

    public override CancellationToken Aborted => _isGone || Carrier is null
        ? new CancellationToken(canceled: true)
        : _abort.TokenOf(this, static stream => stream._isGone);

    public override CancellationToken HalfClosed => IsHalfClosed
        ? new CancellationToken(canceled: true)
        : _halfClosed.TokenOf(this, static stream => stream.IsHalfClosed);

    /// <summary>The stream was reset, by whomever, or its connection has ended: nothing of it is sent or received any more. From any thread.</summary>
    public bool IsGone => _isGone;

    /// <summary>Nobody runs its handler any more, nor will. From any thread.</summary>
    public bool IsDone => _isDone;

    /// <summary>
    /// The response cannot be ended: the owner resets the stream with this. Set before <see cref="IsDone"/>, or <see cref="StreamState.Signal"/>.
    /// </summary>
    public ErrorCode? ResetDue { get; private set; }

    /// <summary>The answer is to be counted as a refusal.</summary>
    public bool IsRefused { get; private set; }

    private bool IsHalfClosed => _isGone || Carrier is not { HasInputEnded: false };

    object IWorkItem.Description => this;

    TimeSpan IBodyHost.BodyTimeout => Connection.Rules.RequestBodyTimeout;

    Heartbeat IBodyHost.Heartbeat => Server.Heartbeat;

    ConnectionWindow IBodyHost.Window => Connection.Window;

    /// <summary>Begins with a head that is complete.</summary>
    public void Open(Http2Connection connection, int id, int sendWindow)
    {
        Begin(id, sendWindow, connection.Deadlines.Now);
        Priority = Head.Fields.IndexOf("priority"u8) is >= 0 and var index ? StreamPriority.Parse(Head.Fields.Value(index)) : StreamPriority.Unsaid;
        ResponseBody.Begin();
        Occupy(connection);
    }

    /// <summary>
    /// Lets go of the request; false where it is on its connection's list, which is gone through first. The owner's, when nobody else uses it.
    /// </summary>
    public bool TryRelease()
    {
        if (!TryFree())
        {
            return false;
        }

        AwaitAborts();

        RequestBody.Release();
        Leave();
        _isGone = _isAborted = _isDone = false;
        ResetDue = null;
        IsRefused = IsLost = false;
        ForgetState();
        _abort.Reset();
        _halfClosed.Reset();
        Head.Reset();
        Reset();
        ResponseBody.End(); // what an old handler writes late goes nowhere
        return true;
    }

    /// <summary>Gives large things back, before it goes to other connections.</summary>
    public void ReleaseMemory()
    {
        ResponseBody.Release();
        Response.Release();
        Head.Release();
    }

    /// <summary>Nothing of it is sent or received any more. The owner's, or of a handler that aborts it.</summary>
    /// <param name="reason">What reads of its body throw.</param>
    public void SetGone(Exception reason)
    {
        _isGone = true;
        RequestBody.Abort(reason);
        _abort.Cancel();
        _halfClosed.Cancel();
        WholeSent?.TrySetResult();
    }

    /// <summary>The client has ended the connection's other direction, which its handler may want to know. The owner's.</summary>
    public void SetHalfClosed() => _halfClosed.Cancel();

    public override void Abort(uint errorCode)
    {
        BeginAbort();
        var connection = Carrier is { } carrier && !_isDone && !_isGone ? carrier : null;
        if (connection is not null)
        {
            _isAborted = true;
            ResetDue = (ErrorCode)errorCode;
            SetGone(new IOException("The request was aborted."));
        }

        EndAbort();
        if (connection is not null)
        {
            connection.OnAbort();
            Signal();
        }
    }

    public override RequestError CheckUnreadBody() => RequestError.None; // what is malformed has ended the stream

    public override void CloseAfterResponse()
    {
        // Others are on the connection.
    }

    public override void Count(bool isRefusal) => IsRefused = isRefusal;

    public override RequestActivity? Observe(string worker) => Carrier?.Observe(this, worker);

    /// <summary>Does what comes next, on the owner's thread. Never throws.</summary>
    public void Go(NextStep next)
    {
        switch (next)
        {
            case NextStep.Handle:
                Handle();
                break;
            case NextStep.Hop:
                if (!Server.Workers.TryEnqueue(this))
                {
                    HopOtherwise();
                }

                break;
            case NextStep.HopToThreadPool:
                if (!ThreadPool.TryStart(this))
                {
                    AfterHop(isThere: false, Server.TimeProvider.GetTimestamp());
                }

                break;
            default:
                EndHandling(next);
                break;
        }
    }

    void IWorkItem.Run(long started, ExecutionContext? context)
    {
        Carrier!.EnterContext();
        AfterHop(isThere: true, started);
    }

    protected override void Run()
    {
        var outer = ExecutionContext.Capture();
        Carrier!.EnterContext();
        AfterHop(HasPermit, Server.TimeProvider.GetTimestamp());
        StreamHolder.EnterContext(outer);
    }

    private void HopOtherwise()
    {
        if (Server.Pipeline.MayWaitForWorker)
        {
            _ = WaitForWorkerAsync();
        }
        else
        {
            AfterHop(isThere: false, Server.TimeProvider.GetTimestamp());
        }
    }

    private async Task WaitForWorkerAsync()
    {
        var isThere = await Server.Workers.WaitForWorker(this);
        AfterHop(isThere, Server.TimeProvider.GetTimestamp());
    }

    private void AfterHop(bool isThere, long dequeuedAt)
    {
        if (Server.Pipeline.AfterHop(this, isThere, dequeuedAt) is var next && next == NextStep.Handle)
        {
            Handle();
        }
        else
        {
            EndHandling(next);
        }
    }

    private void Handle()
    {
#pragma warning disable CA2012, VSTHRD002 // Its result is taken once, when it is there.
        try
        {
            var handling = Handler!.Answer(Request, Response).ConfigureAwait(false).GetAwaiter();
            if (!handling.IsCompleted)
            {
                _handling = handling;
                handling.UnsafeOnCompleted(_onHandled);
                return;
            }

            handling.GetResult();
        }
#pragma warning restore CA2012, VSTHRD002
#pragma warning disable CA1031 // Contains a handler's fault.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fault = exception;
        }

        EndHandling(NextStep.End);
    }

    private void OnHandled()
    {
        try
        {
#pragma warning disable VSTHRD002 // Completed, so it does not block.
            _handling.GetResult();
#pragma warning restore VSTHRD002
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fault = exception;
        }

        _handling = default;
        EndHandling(NextStep.End);
    }

    private void EndHandling(NextStep step)
    {
        if (ExistingExtras?.Switched is { } switched)
        {
            _ = EndSwitchedAsync(switched);
        }
        else
        {
            EndAnswer(step);
        }
    }

    // What is spoken there may have its own way to say goodbye.
    private async Task EndSwitchedAsync(ISwitchedProtocol switched)
    {
        try
        {
            Fault = await switched.EndAsync(Fault).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // As for the handler.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Fault = exception;
        }

        EndAnswer(NextStep.End);
    }

    private void EndAnswer(NextStep step)
    {
        if (WaitingHooks is { } hooks)
        {
            _ = EndHookedAsync(step, hooks);
            return;
        }

        var isWhole = false;
        try
        {
            isWhole = Server.Pipeline.TryEnd(this, step);
        }
#pragma warning disable CA1031 // A fault of our own costs this stream only, and must be seen.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ConnectionFaulted(Server.Logger, Connection.Id, exception);
            ReturnPermit();
        }

        Settle(isWhole);
        Finish();
    }

    private async Task EndHookedAsync(NextStep step, ResponseHooks hooks)
    {
        try
        {
            var isWhole = await Server.Pipeline.TryEndAsync(this, step, hooks).ConfigureAwait(false);
            var whole = isWhole && hooks.HasCompleted ? WholeSent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            Settle(isWhole);
            if (whole is not null)
            {
                await WaitUntilSentAsync(whole).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ConnectionFaulted(Server.Logger, Connection.Id, exception);
            Settle(isWhole: false);
        }
        finally
        {
            Extras.HasEnded = true;
            ResponseBody.End();
            await hooks.RunCompletedAsync(this).ConfigureAwait(false);
            ReturnPermit();
            Finish();
        }
    }

    // The answer is as it is.
    private void Settle(bool isWhole)
    {
        RequestBody.Detach();
        IsLost = ResponseBody.IsInUse || WaitingHooks is { IsStarting: true };
        if (isWhole)
        {
            ResponseBody.EndOutput();
        }
        else
        {
            ResetDue ??= ErrorCode.InternalError;
        }
    }

    // The last thing that is done here.
    private void Finish()
    {
        _isDone = true;
        Call();
    }
}
