using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using PipeServer.Http;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer.Server.Http1;

/// <summary>
/// The loop of <see cref="Http1Connection"/> for as long as nothing has to wait: takes what a parked read has received, on the thread that
/// has received it, answers each whole request and flushes, and the read is parked again without the async method being resumed.
/// </summary>
/// <remarks>
/// <para>
/// The steps are those of the async loop, and so are the rules. Whatever may have to wait is left to it, and whatever is not ordinary: half
/// a head, a body that is not all there or comes in chunks, a handler whose task is not complete, a full queue, output that does not go out, a
/// fault, the end. It goes on exactly where this has stopped, between two requests or within one, which is then still in the input.
/// </para>
/// <para>
/// A request for a worker is handed to the pool as it is, with its bytes left in the input. The worker goes on with what is buffered, and
/// parks the read again itself. Owned by the thread that has the parked read (see <see cref="IReadConsumer"/>), then by the async loop. Once all is
/// answered the exchange, and this with it, is another connection's.
/// </para>
/// </remarks>
internal sealed class SynchronousLoop(Http1Exchange exchange) : IWorkItem
{
    private readonly ServerContext _server = exchange.Server;
    private readonly RequestHead _head = exchange.Head;

    // What the request in progress keeps while it waits for a worker: the bytes at hand, and where it begins and ends in them.
    private byte[]? _array;
    private int _at;
    private int _behind;
    private int _end;

    private bool _hasRequest; // stopped within a request, before this step of it
    private NextStep _step;
    private ValueTask _handling;
    private Exception? _fault;
    private volatile bool _isServing; // from Consume on, until the async loop has taken over
    private TaskCompletionSource? _takenOver; // made by the rare handler that has to wait for that

    object IWorkItem.Description => exchange;

    /// <summary>The handler of the request in progress has been called here, and its task is not complete.</summary>
    public bool IsHandling { get; private set; }

    private Http1Connection Connection => exchange.Connection;

    /// <summary>Lets go of what the last request has left here.</summary>
    public void Reset()
    {
        _array = null;
        _hasRequest = IsHandling = _isServing = false;
        _handling = default;
        _fault = null;
        _takenOver = null;
    }

    /// <summary>See <see cref="IReadConsumer.Consume"/>. With <see cref="ReadConsumption.All"/> the exchange has been given back.</summary>
    public ReadConsumption Consume(byte[] array, int start, int length, out int next)
    {
        var outer = ExecutionContext.Capture();
        Enter(outer);
        next = start;
        ReadConsumption outcome;
        try
        {
            outcome = Serve(array, start + length, ref next);
        }
#pragma warning disable CA1031 // A fault of our own: told to the async loop, whose end it is.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = Fail(exception);
        }

        Leave(outer);
        return outcome;
    }

    // On a worker, which restores its own context afterwards. The request that has waited for it, then what is buffered behind.
    void IWorkItem.Run(long started, ExecutionContext? context)
    {
        Enter(context);
        Continue(isOnWorker: true, started);
    }

    /// <summary>The same on the thread pool; or, without a permit, wherever the request is refused.</summary>
    public void ContinueOnThreadPool()
    {
        var outer = ExecutionContext.Capture();
        Enter(outer);
        Continue(exchange.HasPermit, _server.TimeProvider.GetTimestamp());
        Leave(outer);
    }

    private void Continue(bool isOnWorker, long started)
    {
        var transport = Connection.Transport;
        var (array, next, behind, end) = (_array!, _at, _behind, _end);
        _array = null;
        ReadConsumption outcome;
        try
        {
            outcome = Go(Connection.AfterHop(isOnWorker, started));
            if (outcome == ReadConsumption.All || !_hasRequest)
            {
                next = behind;
            }

            if (outcome == ReadConsumption.All)
            {
                outcome = Serve(array, end, ref next);
            }
        }
#pragma warning disable CA1031 // As in Consume.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = Fail(exception);
        }

        if (outcome != ReadConsumption.Kept)
        {
            transport.ContinueRead(outcome, next);
        }
    }

    /// <summary>The async loop goes on. To be called after each of its reads.</summary>
    /// <returns>The next step of the request in progress, whose head the read begins with; null between two requests.</returns>
    public NextStep? TakeOver()
    {
        if (_fault is { } fault)
        {
            _fault = null;
            ExceptionDispatchInfo.Throw(fault);
        }

        NextStep? step = _hasRequest ? _step : null;
        _hasRequest = false;
        _isServing = IsHandling; // a handler that is at work learns it from HandleAsync
        return step;
    }

    /// <summary>The task of the handler: of the one that was called here, or of one that is called now.</summary>
    public ValueTask HandleAsync()
    {
        if (!IsHandling)
        {
            return exchange.Handler!.Answer(exchange.Request, exchange.Response);
        }

        var task = _handling;
        (_handling, IsHandling) = (default, false);
        _isServing = false;
        Interlocked.MemoryBarrier(); // pairs with the exchange in WaitUntilTakenOverAsync: one of the two sees the other
        Interlocked.Exchange(ref _takenOver, null)?.TrySetResult();
        return task;
    }

    /// <summary>For a handler that needs the connection's input for itself: the async loop has it then.</summary>
    public Task WaitUntilTakenOverAsync()
    {
        if (!_isServing)
        {
            return Task.CompletedTask;
        }

        // It is told by the async loop, on whatever thread that is then: not a place for a handler that may block.
        var takenOver = new TaskCompletionSource(
            exchange.MayBlock ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None);
        Interlocked.Exchange(ref _takenOver, takenOver);
        if (!_isServing)
        {
            takenOver.TrySetResult(); // a moment ago
        }

        return takenOver.Task;
    }

    // From the next request on. All: there is nothing left, and all answers are sent. `next` is always where the async loop would go on.
    private ReadConsumption Serve(byte[] array, int end, ref int next)
    {
        while (next < end)
        {
            if (RequestParser.Parse(array, next, end - next, _head, in Connection.Rules.Head) != ParseStatus.Complete)
            {
                return LeaveHead();
            }

            var behind = next + _head.ByteLength;
            if (!_head.Framing.HasBody)
            {
                Connection.BeginRequest();
            }
            else if (BeginWithBody(array, behind, end) is > 0 and var bodyEnd)
            {
                behind = bodyEnd;
            }
            else
            {
                return LeaveHead();
            }

            Connection.BeginWithoutBody(isMoreBuffered: behind < end);
            var outcome = Begin(array, next, behind, end);
            if (outcome != ReadConsumption.Kept && !_hasRequest)
            {
                next = behind;
            }

            if (outcome != ReadConsumption.All)
            {
                return outcome;
            }
        }

        if (!exchange.Output.TryFlush())
        {
            return ReadConsumption.Some;
        }

        Connection.BeginWaiting();
        return ReadConsumption.All;
    }

    // The async loop reads it from its first byte on.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private ReadConsumption LeaveHead()
    {
        _head.Reset();
        return ReadConsumption.Some;
    }

    // With a body that has arrived behind the head: where it ends. 0, and nothing begun, when not all of it is here, or it comes in chunks.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int BeginWithBody(byte[] array, int start, int end)
    {
        var framing = _head.Framing;
        if (framing.IsChunked || framing.ContentLength > end - start)
        {
            return 0;
        }

        Connection.BeginRequest();
        exchange.RequestBody.StartArrived(array, start, (int)framing.ContentLength);
        return start + (int)framing.ContentLength;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadConsumption Begin(byte[] array, int at, int behind, int end)
    {
        var step = _server.Pipeline.Begin(exchange);
        var mayStay = step == NextStep.Hop && _server.Workers.MayStayOnWorker;
        if (Connection.HasUnflushedAnswers && Connection.MustFlushBefore(step, mayStay))
        {
            if (!exchange.Output.TryFlush())
            {
                return StopBefore(step);
            }

            exchange.QueuedAt = _server.TimeProvider.GetTimestamp();
        }

        if (step >= NextStep.Hop)
        {
            if (!mayStay)
            {
                (_array, _at, _behind, _end) = (array, at, behind, end);
                return (step == NextStep.Hop ? _server.Workers.TryEnqueue(this) : _server.ThreadPool.TryStart(exchange))
                    ? ReadConsumption.Kept
                    : StopBefore(step);
            }

            step = Connection.AfterHop(isOnWorker: true, exchange.QueuedAt); // it has not waited
        }

        return Go(step);
    }

    // The request in progress, from the step behind its hop on. All: it is answered, and the next may begin.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadConsumption Go(NextStep step)
    {
        if (step == NextStep.Abandon || (step == NextStep.Handle && !TryHandle()))
        {
            return StopBefore(step);
        }

        if (exchange.WaitingHooks is not null)
        {
            return StopBefore(NextStep.End); // its callbacks may wait
        }

        if (!_server.Pipeline.TryEnd(exchange))
        {
            return StopBefore(NextStep.Cut);
        }

        exchange.EndRequest();
        return !Connection.IsClosing && !Connection.WasAborted && (!Connection.HasToSettle() || exchange.Output.TryFlush())
            ? ReadConsumption.All
            : ReadConsumption.Some;
    }

    // False when the handler's task is not complete, or has failed.
    private bool TryHandle()
    {
        try
        {
            var task = exchange.Handler!.Answer(exchange.Request, exchange.Response);
            if (!task.IsCompletedSuccessfully)
            {
                (_handling, IsHandling) = (task, true);
                return false;
            }

#pragma warning disable VSTHRD002 // Completed, so it does not block.
            task.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
        }
#pragma warning disable CA1031 // As in the async loop: contains a handler's fault.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            exchange.Fault = exception;
        }

        return true;
    }

    private ReadConsumption StopBefore(NextStep step)
    {
        _array = null;
        (_hasRequest, _step) = (true, step);
        return ReadConsumption.Some;
    }

    private ReadConsumption Fail(Exception exception)
    {
        _fault = exception;
        return ReadConsumption.Some;
    }

    // What a handler sets in its context is its own: the thread's next request may be another client's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Enter(ExecutionContext? outer)
    {
        _isServing = true;
        if (Connection.Context is { } context && context != outer)
        {
            ExecutionContext.Restore(context);
        }
    }

    private static void Leave(ExecutionContext? outer)
    {
        if (outer is not null && ExecutionContext.Capture() != outer)
        {
            ExecutionContext.Restore(outer);
        }
    }
}
