using System.Buffers;
using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer.Server.Http1;

/// <summary>
/// The request loop of HTTP/1, for every transport: reads, parses all that is buffered, moves to a worker for each request whose route wants
/// one, lets the handler answer, and flushes once for the whole batch, or earlier (<see cref="MustFlushBefore"/>).
/// </summary>
/// <remarks>
/// There is no hop back: after the handler the loop goes on where it is, and only a read that has to wait gives the connection
/// back to its transport. While that read waits, <see cref="SynchronousLoop"/> serves what does not have to. A connection that waits for a request
/// has no exchange (<see cref="ExchangePool"/>).
/// </remarks>
internal sealed class Http1Connection : ExchangeHolder, IReadConsumer
{
    // Responses of one pipelined batch pile up in the output until there is nothing more to parse, or this much.
    private const int MaxUnflushedBytes = 64 * 1024;

    // On a worker, answers wait for the handlers behind them in their batch for this long, and for the one that is running then.
    private static readonly TimeSpan LongestBatch = TimeSpan.FromMilliseconds(1);

    private readonly Http1Output _output;
    private bool _isInBody; // the input has moved on to the body of the request in progress, or to what is spoken behind it
    private SequencePosition _afterHead; // of a request that stays in the input, body and all: where the input moves to when the connection is switched
    private bool _clientHasEnded; // half-closed
    private bool _isLastRequest; // it is here as a whole, its client has said that no other one follows, and nothing came behind it
    private long _batchStarted; // when the first handler of what is not flushed began on a worker
    private SwitchedPipe? _switched; // set while a handler has the connection for good

    public Http1Connection(ServerContext server, ExchangePool exchanges)
        : base(server, exchanges) => _output = new Http1Output(this);

    /// <summary>Where responses go.</summary>
    public Http1Output Out => _output;

    /// <summary>What the heads of its responses have beside what all have.</summary>
    public HeadExtras Extras { get; private set; }

    /// <summary>The response in progress, or the last one, is the connection's last.</summary>
    public bool IsClosing => (Extras & HeadExtras.Closing) != HeadExtras.None;

    /// <summary>True when the start of another request is buffered behind one that has no body, or one that has arrived.</summary>
    public bool IsMoreBuffered { get; private set; }

    /// <summary>An answer is written and not flushed.</summary>
    public bool HasUnflushedAnswers => Tally.HasUnflushed;

    public override void Attach(TransportConnection transport, long id)
    {
        _clientHasEnded = _isInBody = _isLastRequest = false;
        _output.Reset();
        base.Attach(transport, id);
        Extras = Rules.StrictTransport is not null && Tls is not null ? HeadExtras.StrictTransport : HeadExtras.None;
    }

    public override void Detach()
    {
        base.Detach();
        _switched = null;
    }

    public ReadConsumption Consume(byte[] array, int start, int length, out int next) =>
        TakeOwn().Synchronous.Consume(array, start, length, out next);

    /// <summary>The connection ends with the response in progress.</summary>
    public void CloseAfterResponse() => Extras |= HeadExtras.Closing;

    /// <summary>Completes when a handler may have the input for itself; see <see cref="Switch"/>.</summary>
    public Task WaitForInputAsync() => Exchange.Synchronous.WaitUntilTakenOverAsync();

    /// <summary>Hands the connection to the handler of the request in progress: its loop takes no further request.</summary>
    public void Switch(SwitchedPipe pipe)
    {
        State = ConnectionState.Switched;
        CloseAfterResponse();
        Exchange.ReturnPermit(); // from here on the bound is the one of connections
        Exchange.RequestBody.Detach();
        if (!_isInBody)
        {
            Head.DetachForLong();
            Input.AdvanceTo(_afterHead);
            _isInBody = true;
        }

        _switched = pipe;
    }

    /// <summary>An answer is written.</summary>
    public void CountAnswer(bool isRefusal) => Tally.Count(isRefusal);

    /// <summary>All answers that were written have been handed to the system.</summary>
    public void OnFlushed() => Tally.Flush();

    /// <summary>A flush has found that the client has left.</summary>
    public void OnClientGone() => WasAborted = true;

    /// <summary>The head of a request is complete.</summary>
    public void BeginRequest()
    {
        Deadlines.DropRead();
        State = ConnectionState.Handling;
        Tally.Receive();
        OldestRequestStarted = Deadlines.Now;
        IsMoreBuffered = _isLastRequest = false;
        var exchange = Exchange;
        exchange.RequestBody.StartEmpty();
        exchange.Reset();
    }

    /// <summary>The request in progress has no body, or one that has arrived.</summary>
    /// <param name="isMoreBuffered">The start of another one is buffered behind it.</param>
    public void BeginWithoutBody(bool isMoreBuffered)
    {
        IsMoreBuffered = isMoreBuffered;
        _isLastRequest = !isMoreBuffered && !Head.KeepAlive;
    }

    /// <summary>
    /// A whole answer does not wait for what may take its time: a worker, a body that has not come, a handler that may wait. Where nothing of
    /// that is ahead, a batch keeps its one flush.
    /// </summary>
    public bool MustFlushBefore(NextStep next, bool staysOnWorker) => next switch
    {
        NextStep.End or NextStep.Abandon or NextStep.Cut => false,
        _ when Exchange.Synchronous.IsHandling => false, // it was asked before the handler was called
        _ when _isInBody && !Exchange.RequestBody.HasArrived() => true,
        NextStep.Hop => !staysOnWorker
            || Server.TimeProvider.GetElapsedTime(_batchStarted, Exchange.QueuedAt) >= LongestBatch,
        NextStep.HopToThreadPool => true,
        _ => !Exchange.Handler!.IsSynchronous,
    };

    /// <summary>After the hop of the request in progress, or where there was no worker for it.</summary>
    public NextStep AfterHop(bool isOnWorker, long dequeuedAt)
    {
        var next = Pipeline.AfterHop(Exchange, isOnWorker, dequeuedAt);
        _batchStarted = Tally.HasUnflushed ? _batchStarted : Exchange.DequeuedAt;
        return next;
    }

    /// <summary>Something is due before the next request: see <see cref="TrySettleAsync"/>.</summary>
    public bool HasToSettle() => _isInBody || Output.UnflushedBytes > MaxUnflushedBytes;

    // A handler that has the connection may have left a read or a write behind.
    protected override bool IsExchangeInUse => _switched is not null || base.IsExchangeInUse;

    protected override void OnRequestAborted() => _output.OnAborted();

    protected override Task ServeAsync() => ServeRequestsAsync();

    protected override ValueTask DisposeTransportAsync(TransportConnection transport)
    {
        _switched?.End(); // its handler has faulted, or its client has left
        return base.DisposeTransportAsync(transport);
    }

    protected override async Task EndAsync()
    {
        if (WasAborted || _output.IsClientGone)
        {
            return;
        }

        await _output.ShutdownAsync().ConfigureAwait(false);
        State = ConnectionState.Closing;
        if (!_clientHasEnded && !(_isLastRequest && Transport.MayCloseAtOnce()) && MayStillRead())
        {
            await LingeringClose.AfterAnswer.WaitAsync(this).ConfigureAwait(false);
        }
    }

    // A read that a handler has left pending cannot be taken back.
    private bool MayStillRead() => _switched is null ? !IsExchangeInUse : _switched.MayStillRead;

    private async Task ServeRequestsAsync()
    {
        while (!IsClosing)
        {
            // :: Read. What is there already is served before anything is flushed. The result is not kept across a wait: an idle connection would hold it.
            if (!Input.TryRead(out var read))
            {
                if ((await _output.FlushAsync(CancellationToken.None).ConfigureAwait(false)).IsCompleted)
                {
                    return;
                }

                BeginRead();
                read = await Transport.ReadAsync(this).ConfigureAwait(false);
            }

            var (buffer, isCompleted, isCanceled, left) = (read.Buffer, read.IsCompleted, read.IsCanceled, TakeOver());
            if (left is null && (WasAborted || (HasToSettle() && !await TrySettleAsync().ConfigureAwait(false))))
            {
                return;
            }

            for (; left is not null ? TryPassHead(ref buffer) : !IsClosing && !_isInBody && TryTakeRequest(ref buffer); left = null)
            {
                // :: Route. No hop has a ConfigureAwait: the loop continues on a worker or with a permit, and nowhere else.
                var next = left ?? (Exchange.Refusal == RequestError.None ? Pipeline.Begin(Exchange) : NextStep.End);
                var mayStay = next == NextStep.Hop && Server.Workers.MayStayOnWorker;
                if (Tally.HasUnflushed && MustFlushBefore(next, mayStay))
                {
                    await _output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                    (mayStay, next) = (false, _output.IsClientGone ? NextStep.Abandon : next); // it may have waited, and gone on elsewhere
                    Exchange.QueuedAt = Server.TimeProvider.GetTimestamp(); // a slow client's time is not the queue's
                }

                Exchange.WatchBefore(next);
                if (next >= NextStep.Hop)
                {
                    var isThere = next == NextStep.HopToThreadPool ? await Exchange.TryContinueOnThreadPool() : mayStay
                        || await Server.Workers.TryContinueOnWorker(Exchange) || (Pipeline.MayWaitForWorker && await Server.Workers.WaitForWorker(Exchange));
                    next = AfterHop(isThere, mayStay ? Exchange.QueuedAt : Server.TimeProvider.GetTimestamp());
                }

                // :: Handle
                if (next == NextStep.Handle)
                {
                    try
                    {
                        await Exchange.Synchronous.HandleAsync().ConfigureAwait(false);
                    }
#pragma warning disable CA1031 // Contains a handler's fault.
                    catch (Exception exception)
#pragma warning restore CA1031
                    {
                        Exchange.Fault = exception;
                    }
                    Exchange.Fault = _switched is null ? Exchange.Fault : await EndSwitchedAsync().ConfigureAwait(false);
                }

                // :: End
                if (Exchange.WaitingHooks is not null || next == NextStep.Cut || !Pipeline.TryEnd(Exchange, next))
                {
                    await EndOtherwiseAsync(next).ConfigureAwait(false);
                }

                if (WasAborted || (HasToSettle() && !await TrySettleAsync().ConfigureAwait(false)))
                {
                    return;
                }

                Exchange.EndRequest();
            }

            if (!TryKeepRest(isCompleted, buffer) || (isCanceled && Deadlines.IsReadExpired && !MayWaitForFinalBeat()))
            {
                break;
            }
        }

        await _output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    // What is spoken there may have its own way to say goodbye.
    private async ValueTask<Exception?> EndSwitchedAsync() => Exchange.ExistingExtras?.Switched is { } switched
        ? await switched.EndAsync(Exchange.Fault).ConfigureAwait(false)
        : Exchange.Fault;

    // What is left of a read is kept until more comes, or until the connection ends. False: nothing more will come.
    private bool TryKeepRest(bool isCompleted, in ReadOnlySequence<byte> rest)
    {
        if (!_isInBody)
        {
            Input.AdvanceTo(rest.Start, IsClosing ? rest.Start : rest.End);
            _clientHasEnded = isCompleted; // half-closed: complete requests are answered, half a request is dropped
        }

        _isInBody = false;
        return !_clientHasEnded;
    }

    // True with a request to be answered, or to be refused as the exchange says.
    private bool TryTakeRequest(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return false;
        }

        var status = RequestParser.Parse(buffer, Head, in Rules.Head);
        if (status == ParseStatus.NeedMoreData)
        {
            // Empty lines alone do not make a request: a client may end its last body with one too many.
            if (Head.RequestLineStart >= 0)
            {
                BeginHead();
            }

            return false;
        }

        BeginRequest();
        if (status == ParseStatus.Invalid)
        {
            Exchange.RefuseHead(Head.Error);
            return true;
        }

        if (Head.Framing.HasBody)
        {
            // The body is read from the input itself, so the head has to make do without the receive buffer.
            Head.Detach();
            var hasMore = buffer.Length > Head.ByteLength;
            Input.AdvanceTo(buffer.GetPosition(Head.ByteLength));
            _isInBody = true;
            Exchange.RequestBody.Start(Head.Framing, continuePending: Head.ExpectsContinue && !hasMore);
        }
        else
        {
            TryPassHead(ref buffer);
            BeginWithoutBody(isMoreBuffered: !buffer.IsEmpty);
        }

        return true;
    }

    // A request without a body, or with one that has arrived: it stays in the input while it is in progress.
    private bool TryPassHead(ref ReadOnlySequence<byte> buffer)
    {
        _afterHead = buffer.GetPosition(Head.ByteLength + Exchange.RequestBody.BytesBehindHead);
        buffer = buffer.Slice(_afterHead);
        return true;
    }

    // Between two requests: discards the rest of a body that its handler did not read, and flushes a batch that has grown large. False: the
    // client is gone.
    private async ValueTask<bool> TrySettleAsync()
    {
        if (_isInBody)
        {
            var body = Exchange.RequestBody;
            body.Detach();
            if (!IsClosing && !body.IsFullyRead && (body.IsReadAtWork || !await body.TryDrainAsync().ConfigureAwait(false)))
            {
                CloseAfterResponse();
            }
        }

        if (Output.UnflushedBytes > MaxUnflushedBytes)
        {
            await _output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }

        return !_output.IsClientGone;
    }

    private void BeginHead()
    {
        // A first head has had its time since the accept; in a drain, which cut that short, a head that has begun gets its own.
        if (State is ConnectionState.Idle or ConnectionState.Handling
            || (State == ConnectionState.New && Draining.IsCancellationRequested))
        {
            Deadlines.SetRead(Rules.RequestHeadTimeout);
        }

        State = ConnectionState.ReadingHead;
        Exchange.ReleaseExtras(); // the client takes its time with this head, and nothing of the request before it is to be kept alive by that
    }

    // The time is up, and what came in that moment was not a whole request.
    private bool MayWaitForFinalBeat()
    {
        if (!Deadlines.IsFinalBeat)
        {
            Deadlines.GrantFinalBeat();
            return true;
        }

        Deadlines.EndRead();
        if (State == ConnectionState.Idle || (State == ConnectionState.New && Draining.IsCancellationRequested))
        {
            CloseAfterResponse(); // nobody has asked for anything: the connection is closed without a word
        }
        else
        {
            BeginRequest();
            Pipeline.RefuseLateHead(Exchange);
        }

        return false;
    }
}
