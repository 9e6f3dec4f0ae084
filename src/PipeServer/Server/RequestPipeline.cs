using System.Runtime.CompilerServices;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Routing;

namespace PipeServer.Server;

/// <summary>
/// A request's way from its head to the end of its answer, the same for every protocol: check, route, answer at once, hop, handle,
/// end. One object serves all connections.
/// </summary>
/// <remarks>
/// No step waits. The hop and the handler are awaited by the caller, in the one async method that its connection runs in, so that
/// a request costs no state machine of its own: one nested async method would allocate 100 to 268 bytes a request.
/// </remarks>
internal sealed class RequestPipeline(ServerContext server)
{
    /// <summary>Why a request was cut off whose handler has called <see cref="HttpRequest.Abort()"/>.</summary>
    public const string AbortedByHandler = "the handler has aborted it";

    private readonly ServerAnswers _answers = new(server);
    private readonly RequestObserver? _observer = server.Observer;

    /// <summary>What each request passes first; null where nothing of that is wanted. Exchanged as a whole.</summary>
    public RequestEntrance? Entrance { get; set; }

    /// <summary>A request for which there is no worker waits for one, instead of being refused.</summary>
    public bool MayWaitForWorker => server.Options.Overload == OverloadPolicy.Wait;

    /// <summary>Checks and routes a request whose head is complete, and answers it at once if its route can.</summary>
    public NextStep Begin(Exchange exchange)
    {
        if (Entrance is { } entrance && !entrance.TryEnter(exchange))
        {
            CheckBodyWithoutHandler(exchange);
            return NextStep.End;
        }

        var head = exchange.Head;
        var length = head.Framing.ContentLength;
        var refusal = length > 0 && length > exchange.Connection.Rules.MaxRequestBodyBytes ? RequestError.BodyTooLarge : head.NonFatalError;
        if (refusal != RequestError.None && !IsForChoice(exchange, refusal))
        {
            exchange.Request.Route = null;
            return RefuseWithoutHandler(exchange, refusal);
        }

        var match = server.Routes.Match(head);
        if (match.Handler is not { } handler)
        {
            (exchange.Outcome, exchange.Allow, exchange.Request.Route) = (match.Outcome, match.Allow, null);
            CheckBodyWithoutHandler(exchange);
            return NextStep.End;
        }

        exchange.Handler = handler;
        exchange.Request.Route = match.Pattern;
        if (handler.TryAnswer is { } tryAnswer && HasAnswered(exchange, tryAnswer))
        {
            return NextStep.End;
        }

        if (handler.Dispatch == Dispatch.Inline)
        {
            return NextStep.Handle;
        }

        if (handler.Dispatch != Dispatch.Worker)
        {
            return BeginElsewhere(exchange, handler);
        }

        exchange.QueuedAt = server.TimeProvider.GetTimestamp();
        return NextStep.Hop;
    }

    /// <summary>After the hop, or where there was no worker for it.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="isOnWorker">It is on a worker, or on the thread pool with a permit: false where there was none.</param>
    /// <param name="dequeuedAt">When a worker has got it, by the server's clock: as it was queued, where it was on a worker already.</param>
    public NextStep AfterHop(Exchange exchange, bool isOnWorker, long dequeuedAt)
    {
        if (exchange.IsClientGone)
        {
            Log.ConnectionAborted(
                server.Logger, exchange.Connection.Id, exchange.IsAborted ? AbortedByHandler : "the client left while its request waited for a worker");
            return NextStep.Abandon;
        }

        exchange.DequeuedAt = dequeuedAt;
        if (_observer is not null && isOnWorker)
        {
            _observer.OnWorker(exchange);
        }

        exchange.Refusal = !isOnWorker ? RequestError.QueueFull : HasWaitedTooLong(exchange) ? RequestError.QueueTimeout : RequestError.None;
        exchange.MayBlock = true;
        return exchange.Refusal == RequestError.None ? NextStep.Handle : NextStep.End;
    }

    /// <summary>Ends the answer: the handler's, or the server's own.</summary>
    /// <returns>False when only an abort can tell the client that its response is not whole.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryEnd(Exchange exchange)
    {
        var isWhole = TryEndUnobserved(exchange);
        Complete(exchange, isWhole);
        return isWhole;
    }

    /// <summary>Answers a request whose head did not come in time.</summary>
    public void RefuseLateHead(Exchange exchange)
    {
        exchange.RefuseHead(RequestError.HeadTimeout);
        Refuse(exchange, RequestError.HeadTimeout);
        _observer?.Complete(exchange, isWhole: true);
    }

    /// <summary>The same for a request that may have been given up.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="step"><see cref="NextStep.Abandon"/> where its client has left before its handler was called: there is nothing to write.</param>
    public bool TryEnd(Exchange exchange, NextStep step)
    {
        if (step != NextStep.Abandon)
        {
            return TryEnd(exchange);
        }

        Complete(exchange, isWhole: false);
        return false;
    }

    /// <summary>
    /// The same for a request with callbacks that wait for the start of its response. They are called before it is ended; behind an answer of the server's
    /// own that takes the place of the handler's, too. The one step that waits.
    /// </summary>
    public async ValueTask<bool> TryEndAsync(Exchange exchange, NextStep step, ResponseHooks hooks)
    {
        if (step == NextStep.Abandon || !hooks.IsStartDue || exchange.Handler is null || exchange.Refusal != RequestError.None || exchange.IsClientGone)
        {
            return TryEnd(exchange, step);
        }

        if (hooks.IsStarting)
        {
            // Whatever they do from now on, the next request must not feel it; the one that has started the response is no exception.
            exchange.Fault = new InvalidOperationException("The handler has ended while a callback of OnStarting was at work: await what starts the response.");
            Log.HandlerFaulted(server.Logger, exchange.ToString(), "the response was about to begin, so the connection is aborted", exchange.Fault);
            Complete(exchange, isWhole: false);
            return false;
        }

        if (exchange.Writer.HasStarted)
        {
            return TryEnd(exchange, step);
        }

        if (exchange.MustLeaveTransportThread)
        {
            await Task.Yield();
        }

        var hasFailed = (exchange.Fault ?? exchange.Writer.Fault) is { } fault && _answers.TryWriteFault(exchange, fault);
        hooks.ForgetFailure(); // it is what is answered
        try
        {
            await hooks.RunStartingAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Foreign code, like a handler.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (exchange.Fault, exchange.Refusal, hasFailed) = (exception, RequestError.None, false);
            hooks.ForgetFailure();
        }

        return hasFailed ? EndAnswered(exchange) : TryEnd(exchange, step);
    }

    // What callbacks have made of an answer of the server's own may be against the rules.
    private bool EndAnswered(Exchange exchange)
    {
        if (exchange.IsClientGone)
        {
            exchange.Refusal = RequestError.None; // nobody is told
            return TryEnd(exchange);
        }

        string? problem;
        try
        {
            problem = exchange.Writer.Finish();
        }
        catch (InvalidOperationException exception) when (!exchange.Writer.HasStarted)
        {
            Log.HandlerFaulted(server.Logger, exchange.ToString(), "answered 500", exception);
            _answers.WriteFault(exchange, exception);
            problem = exchange.Writer.Finish();
        }

        if (problem is not null)
        {
            Log.ResponseIncomplete(server.Logger, exchange.ToString(), problem);
        }
        else
        {
            exchange.Count(isRefusal: exchange.Refusal != RequestError.None);
        }

        Complete(exchange, isWhole: problem is null);
        return problem is null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryEndUnobserved(Exchange exchange)
    {
        if (exchange.Refusal != RequestError.None)
        {
            Refuse(exchange, exchange.Refusal);
            return true;
        }

        if (exchange.Handler is not null)
        {
            return TryEndHandled(exchange);
        }

        _answers.WriteWithoutHandler(exchange);
        End(exchange, isRefusal: false);
        return true;
    }

    private void Refuse(Exchange exchange, RequestError error)
    {
        _answers.WriteRefusal(exchange, error);
        End(exchange, isRefusal: true);
    }

    private static bool HasAnswered(Exchange exchange, TryRequestHandler tryAnswer)
    {
        try
        {
            return tryAnswer(exchange.Request, exchange.Response);
        }
#pragma warning disable CA1031 // As for the handler, which the caller contains.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            exchange.Fault = exception;
            return true;
        }
    }

    // The function that chooses may let the request have a longer body.
    private bool IsForChoice(Exchange exchange, RequestError refusal) =>
        refusal == RequestError.BodyTooLarge && exchange.Head.NonFatalError == RequestError.None
        && server.Routes.Match(exchange.Head).Handler is { Choice: not null };

    // Apart, so that what runs inline or on a worker pays for none of it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private NextStep BeginElsewhere(Exchange exchange, RouteHandler handler)
    {
        if (handler.Choice is { } choice)
        {
            return BeginChosen(exchange, choice);
        }

        exchange.QueuedAt = server.TimeProvider.GetTimestamp();
        return NextStep.HopToThreadPool;
    }

    private NextStep BeginChosen(Exchange exchange, DispatchChoice choice)
    {
        RouteHandler handler;
        try
        {
            handler = choice.For(exchange.Request);
        }
#pragma warning disable CA1031 // As for the handler, whose fault it is.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            exchange.Fault = exception;
            return NextStep.End;
        }

        exchange.Handler = handler;
        if (exchange.IsClientGone)
        {
            return NextStep.Abandon; // the function may have aborted the request
        }

        if (exchange.Head.Framing.ContentLength > exchange.MaxBodyBytes)
        {
            return RefuseWithoutHandler(exchange, RequestError.BodyTooLarge);
        }

        if (handler.Dispatch == Dispatch.Inline)
        {
            return NextStep.Handle;
        }

        exchange.QueuedAt = server.TimeProvider.GetTimestamp();
        return handler.Dispatch == Dispatch.Worker ? NextStep.Hop : NextStep.HopToThreadPool;
    }

    private static NextStep RefuseWithoutHandler(Exchange exchange, RequestError refusal)
    {
        exchange.Refusal = refusal;
        CheckBodyWithoutHandler(exchange);
        return NextStep.End;
    }

    // Without a handler the body is looked at here, as far as it has come.
    private static void CheckBodyWithoutHandler(Exchange exchange)
    {
        if (exchange.Head.Framing.HasBody && !RequestErrors.ClosesConnection(exchange.Refusal)
            && exchange.CheckUnreadBody() is var malformed and not RequestError.None)
        {
            exchange.Refusal = malformed;
        }
    }

    private static void End(Exchange exchange, bool isRefusal)
    {
        exchange.Writer.Finish();
        exchange.Count(isRefusal);
    }

    // The end of every request that may have had a handler, however it has ended.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Complete(Exchange exchange, bool isWhole)
    {
        _observer?.Complete(exchange, isWhole);
        if (exchange.HasPermit && exchange.WaitingHooks is not { HasCompleted: true })
        {
            exchange.ReturnPermit(); // else behind the callbacks of the end, which may block as the handler may
        }
    }

    private static bool HasWaitedTooLong(Exchange exchange) => exchange.DequeuedAt - exchange.QueuedAt > exchange.Connection.Rules.QueueTimeout;

    private bool TryEndHandled(Exchange exchange)
    {
        var fault = exchange.Fault ?? exchange.Writer.Fault;
        if (exchange.IsClientGone)
        {
            // An exception that the handler threw because of that is not its fault.
            Log.ConnectionAborted(
                server.Logger, exchange.Connection.Id, exchange.IsAborted ? AbortedByHandler : fault?.Message ?? "the client left before its answer");
            return false;
        }

        if (fault is null or BadHttpRequestException { Error: RequestError.None } && exchange.Head.Framing.IsChunked && !exchange.Writer.HasStarted
            && exchange.CheckUnreadBody() is var malformed and not RequestError.None)
        {
            fault = new BadHttpRequestException(malformed);
        }

        if (fault is null)
        {
            try
            {
                var problem = exchange.Writer.Finish();
                if (problem is null)
                {
                    exchange.Count(isRefusal: false);
                    return true;
                }

                Log.ResponseIncomplete(server.Logger, exchange.ToString(), problem);
                return false;
            }
            catch (InvalidOperationException exception)
            {
                exchange.Fault = fault = exception;
            }
        }

        return TryEndFaulted(exchange, fault);
    }

    private bool TryEndFaulted(Exchange exchange, Exception fault)
    {
        if (exchange.ExistingExtras?.Switched is { EndsInOrder: true } switched)
        {
            Log.HandlerFaulted(server.Logger, exchange.ToString(), $"its {switched.Name} is closed with an error", fault);
            exchange.Count(isRefusal: false);
            return true;
        }

        if (!_answers.TryWriteFault(exchange, fault))
        {
            return false;
        }

        End(exchange, isRefusal: exchange.Refusal != RequestError.None);
        return true;
    }
}
