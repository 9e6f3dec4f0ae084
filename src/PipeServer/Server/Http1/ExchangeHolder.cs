using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer.Server.Http1;

/// <summary>
/// An HTTP/1 connection as far as its exchange goes, which it holds from the first bytes of a request until all is answered and it waits for the
/// next one. <see cref="ExchangePool"/> has the others.
/// </summary>
internal abstract class ExchangeHolder : Connection
{
    private readonly ExchangePool _exchanges;
    private Http1Exchange? _exchange;
    private volatile bool _isRequestAborted;
    private bool _isCutDue; // under the lock

    protected ExchangeHolder(ServerContext server, ExchangePool exchanges)
        : base(server)
    {
        _exchanges = exchanges;
        Pipeline = server.Pipeline;
    }

    /// <summary>What the connection runs in, and so every handler; null where that is the default.</summary>
    public ExecutionContext? Context { get; private set; }

    /// <summary>True when what the last handler has left behind may still use the connection that has ended: it serves no other client.</summary>
    public bool IsLost { get; private set; }

    /// <summary>The request in progress, which is the last, was aborted by its handler: see <see cref="AbortRequest"/>. From any thread.</summary>
    public bool IsRequestAborted => _isRequestAborted;

    /// <summary>The least rate of the responses that are flushed now, in bytes a second.</summary>
    public int MinResponseDataRate => _exchange?.MinResponseDataRate ?? Rules.MinDataRate;

    /// <summary>The way of every request.</summary>
    protected RequestPipeline Pipeline { get; }

    /// <summary>What the last handler has begun with its request goes on, so that nobody else may get it.</summary>
    protected virtual bool IsExchangeInUse => _exchange is { RequestBody.IsReadLeft: true };

    /// <summary>The request in progress. For code that runs while there is one.</summary>
    protected Http1Exchange Exchange => _exchange!;

    /// <summary>Its head.</summary>
    protected RequestHead Head => _exchange!.Head;

    public override void Attach(TransportConnection transport, long id)
    {
        _isRequestAborted = _isCutDue = false;
        base.Attach(transport, id);
        Context = ExecutionContext.Capture();
    }

    public override void Detach()
    {
        Context = null;
        _exchange?.ReturnPermit(); // as in Lose
        if (_exchange is not { } exchange)
        {
            return;
        }

        if (IsExchangeInUse)
        {
            // Its read may be about to end, and needs the connection for that. What is written from now on has nowhere to go.
            IsLost = true;
            exchange.ResponseBody.Complete();
            Abandon();
            return;
        }

        exchange.Head.Reset();
        exchange.Reset();
        exchange.Synchronous.Reset();
        GiveBack(exchange);
    }

    public override void CountRequests(Span<long> methods)
    {
        if (State is ConnectionState.Handling or ConnectionState.Switched && _exchange is { Head: var head })
        {
            // In the other order than a head is reset: one that is empty by now has no method.
            var method = head.Method;
            methods[(int)method] += head.ByteLength > 0 ? 1 : 0;
        }
    }

    public override ISwitchedProtocol? SwitchedProtocol => _exchange?.ExistingExtras?.Switched;

    public override void Abandon() => _exchange?.Lose();

    /// <summary>
    /// The handler of the request in progress ends it: the connection is reset, and the ledger counts both as aborted. Answers to earlier requests that
    /// are whole and not sent yet go out first: their connection's thread is inside a synchronous handler then, and cuts the connection as soon as that
    /// has returned (<see cref="Http1Connection.HasUnflushedAnswers"/>), or the heartbeat does, because a handler may wait for that. From any thread.
    /// </summary>
    /// <param name="exchange">
    /// The request: both objects are pooled, and a call that comes late must not hit the next client. So nothing is written to it: its thread may give it
    /// to another connection meanwhile.
    /// </param>
    public void AbortRequest(Http1Exchange exchange)
    {
        var request = ReallyInProgress();
        lock (Deadlines)
        {
            if (HasEnded || request.Request == 0 || request != ReallyInProgress() || exchange != _exchange)
            {
                return;
            }

            _isRequestAborted = true;
            OnRequestAborted();
            if (!Tally.HasUnflushed)
            {
                WasAborted = true;
                Transport.Abort();
            }
        }
    }

    public override void OnHeartbeat(long now, bool draining)
    {
        if (_isRequestAborted && !WasAborted)
        {
            CutAborted();
        }

        base.OnHeartbeat(now, draining);
    }

    public override void DescribeRequests(ICollection<RequestDescription> descriptions) =>
        descriptions.Add(State is ConnectionState.Handling or ConnectionState.Switched
            ? RequestDescription.Of(_exchange, Server, OldestRequestStarted)
            : RequestDescription.NotArrived);

    public override void Observe(ICollection<RequestActivity> activities)
    {
        if (Observe(_exchange, worker: null) is { } activity)
        {
            activities.Add(activity);
        }
    }

    /// <summary>One exchange as it is shown, if it is still this connection's; else null.</summary>
    /// <param name="exchange">The exchange; null where the connection has none.</param>
    /// <param name="worker">The worker that is seen to run it, if that is known.</param>
    /// <remarks>
    /// The request's own threads go on meanwhile, and a buffer or an object may be another client's in the next moment. So what was read counts only if
    /// one and the same request was in progress before and after.
    /// </remarks>
    public RequestActivity? Observe(Http1Exchange? exchange, string? worker)
    {
        var (state, before, started) = (State, InProgress, OldestRequestStarted);
        var isSending = Deadlines.IsWriting;
        if (state is not (ConnectionState.Handling or ConnectionState.Switched) || (before.Request == 0 && !isSending))
        {
            return null;
        }

        var duration = TimeSpan.FromMilliseconds(Math.Max(0, Server.Heartbeat.Now - started));
        var client = ClientOfAnyThread();
        if (before.Request == 0)
        {
            return before == InProgress ? new RequestActivity(RequestActivity.UnreadAnswer, RequestStage.Sending, duration, worker, client) : null;
        }

        if (exchange is null || Shown(exchange) is not { } request)
        {
            return null;
        }

        var stage = isSending ? RequestStage.Sending
            : state == ConnectionState.Switched ? RequestStage.Switched
            : exchange is { MayBlock: false, Handler.Dispatch: not Dispatch.Inline } ? RequestStage.Queued
            : RequestStage.Handling;
        worker ??= Server.Workers.WorkerOf(exchange);
        client = exchange.Handler is null ? client : exchange.ForwardedClient ?? client;
        Volatile.ReadBarrier();
        return before == InProgress && exchange == _exchange
            ? new RequestActivity(RequestActivity.WithoutQuery(request), stage, duration, worker, client)
            : null;
    }

    /// <summary>All is answered and flushed: the connection waits for its client, and has no exchange any more.</summary>
    public void BeginWaiting()
    {
        State = ConnectionState.Idle;
        Deadlines.SetRead(Rules.KeepAliveTimeout);
        GiveBack(_exchange!);
    }

    /// <summary>The same where only part of a request may be here, or nothing.</summary>
    protected void BeginRead()
    {
        if (State == ConnectionState.ReadingHead || _exchange is not { } exchange)
        {
            return;
        }

        exchange.Head.Reset(); // it may have seen empty lines, which are read again
        if (State == ConnectionState.Handling)
        {
            BeginWaiting();
        }
        else
        {
            GiveBack(exchange);
        }
    }

    /// <summary>Ends a request that cannot be ended by the pipeline alone: it has callbacks, or there is no way but to cut it off.</summary>
    protected ValueTask EndOtherwiseAsync(NextStep next) =>
        Exchange.WaitingHooks is { } hooks ? EndHookedAsync(next, hooks) : AbandonAsync();

    /// <summary>
    /// Ends a request with callbacks, which are called before its response starts and after its last byte has been handed to the system: nothing of it is
    /// left to be flushed with the next one's.
    /// </summary>
    private async ValueTask EndHookedAsync(NextStep next, ResponseHooks hooks)
    {
        var exchange = Exchange;
        try
        {
            if (Tally.HasUnflushed && hooks.IsStartDue)
            {
                await exchange.Output.FlushForHandlerAsync(exchange, CancellationToken.None).ConfigureAwait(false); // what is whole does not wait for them
            }

            if (next == NextStep.Cut || !await Pipeline.TryEndAsync(exchange, next, hooks).ConfigureAwait(false))
            {
                await AbandonAsync().ConfigureAwait(false);
            }
            else if (hooks.HasCompleted)
            {
                await exchange.Output.FlushForHandlerAsync(exchange, CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            exchange.Extras.HasEnded = true;
            exchange.ResponseBody.End();
            await hooks.RunCompletedAsync(exchange).ConfigureAwait(false);
            exchange.ReturnPermit();
        }
    }

    /// <summary>The response cannot be ended. What was answered before in this batch is whole, and is sent before the cut.</summary>
    private async ValueTask AbandonAsync()
    {
        if (Tally.HasUnflushed && !Transport.IsClosed)
        {
            await Exchange.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }

        Abort();
    }

    /// <summary>A read has ended: there is an exchange from now on. See <see cref="SynchronousLoop.TakeOver"/>.</summary>
    protected NextStep? TakeOver() => (_exchange ?? Take(_exchanges.Rent())).Synchronous.TakeOver();

    /// <summary>The same while there is none, on a thread that offers bytes to consumers.</summary>
    protected Http1Exchange TakeOwn() => Take(_exchanges.RentOwn());

    /// <summary>Nothing that is written from now on may reach the client. From any thread.</summary>
    protected abstract void OnRequestAborted();

    // A handler that has aborted its request goes on, perhaps until it hears of that by its token: the second beat does not wait for it any longer. While a
    // flush waits for the client it has a deadline of its own.
    private void CutAborted()
    {
        lock (Deadlines)
        {
            if (HasEnded || !_isRequestAborted || Deadlines.IsWriting)
            {
                return;
            }

            if (_isCutDue)
            {
                WasAborted = true;
                Transport.Abort();
            }

            _isCutDue = true;
        }
    }

    // A flush of earlier answers, in the moment of it, makes this one seem answered, too: but not twice.
    private (long Connection, long Request) ReallyInProgress() => InProgress is { Request: not 0 } request ? request : InProgress;

    // Null for what is no request as the parser lets it pass: its parts were of different moments.
    private static string? Shown(Http1Exchange exchange)
    {
        try
        {
            var text = exchange.ToString();
            var target = text.AsSpan(text.IndexOf(' ', StringComparison.Ordinal) + 1);
            return target is ['/', ..] or "*" || target.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? text : null;
        }
#pragma warning disable CA1031 // It may be reset at this moment, in any order.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private Http1Exchange Take(Http1Exchange exchange)
    {
        exchange.Attach((Http1Connection)this);
        return _exchange = exchange;
    }

    // The last thing that is done with it: from then on it may be another connection's.
    private void GiveBack(Http1Exchange exchange)
    {
        _exchange = null;
        exchange.Release();
        if (exchange.RequestBody.IsReadLeft)
        {
            exchange.Lose();
        }
        else
        {
            _exchanges.Return(exchange);
        }
    }
}
