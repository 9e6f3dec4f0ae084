using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Routing;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// The one request loop, for every transport: reads, parses all that is buffered, moves to a worker for each request whose
/// route wants one, lets the handler answer, and flushes once for the whole batch.
/// </summary>
/// <remarks>
/// There is no hop back: after the handler the loop goes on where it is, and only a read that has to wait gives the
/// connection back to its transport. Pooled: one object serves many connections, one after the other.
/// </remarks>
internal sealed class Http1Connection : Connection
{
    // Responses of one pipelined batch pile up in the output until there is nothing more to parse, or this much.
    private const int MaxUnflushedBytes = 64 * 1024;

    // For what a handler has left of its body: the next request must not wait for it for long.
    private static readonly TimeSpan UnreadBodyTimeout = TimeSpan.FromSeconds(5);

    // How long to wait, after our half-close, for the client's, or for its next byte: closing while it still sends would reset
    // the connection and could take the response with it (RFC 9112 §9.6). The limit is for one that sends on and on; both
    // are nginx's values.
    private static readonly TimeSpan LingerTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LingerLimit = TimeSpan.FromSeconds(30);

    private readonly RequestHead _head = new();
    private readonly RequestBody _requestBody;
    private readonly ResponseBody _responseBody;
    private readonly HttpRequest _request;

    private bool _isOnWorkerRoute;
    private bool _isMoreBuffered; // behind a request without body: the start of another one
    private bool _closing; // the response in progress, or the last one, is the connection's last
    private bool _clientIsGone;
    private bool _clientHasEnded; // half-closed

    public Http1Connection(ServerContext server)
        : base(server)
    {
        _requestBody = new RequestBody(this, server.Limits, server.Options.MaxRequestBodyBytes);
        _responseBody = new ResponseBody(this);
        _request = new HttpRequest(_head, _requestBody);
        Response = new HttpResponse(_responseBody);
    }

    /// <summary>
    /// What <c>Retry-After</c> says: the queue empties in well under a second unless all workers are stuck, and then nobody can
    /// tell.
    /// </summary>
    public static ReadOnlySpan<byte> RetryAfterSeconds => "1"u8;

    public HttpResponse Response { get; }

    public bool IsHeadRequest => _head.Method == RequestMethod.Head;

    public bool IsHttp10 => _head.MinorVersion == 0;

    public override void Attach(TransportConnection transport, long id)
    {
        _closing = _clientIsGone = _clientHasEnded = false;
        _head.Reset();
        Response.Reset();
        base.Attach(transport, id);
        _request.Attach(this);
    }

    public override void Detach()
    {
        _request.Attach(null);
        _head.Reset();
        _responseBody.Release();
    }

    public void CloseAfterResponse() => _closing = true;

    /// <summary>Writes the head of the response in progress, and settles whether it is the connection's last.</summary>
    /// <param name="framing">How the body ends.</param>
    /// <param name="contentLength">The body's length, where the framing tells it.</param>
    /// <param name="isWhole">The handler has ended: what it has not read of the request it never will.</param>
    /// <param name="prepared">What has field lines beside the response's own, framing included; or null.</param>
    public void WriteResponseHead(ResponseFraming framing, long contentLength, bool isWhole, PreparedResponse? prepared = null)
    {
        // A client that still waits for 100 Continue, and now will not get it, may send its body or not: the next bytes
        // have no certain meaning. Nor is a large unread body worth waiting for. In a drain the last response is the one
        // with nothing behind it: what is buffered already is answered first.
        _closing |= !_head.KeepAlive
            || Response.CloseConnection
            || _requestBody.ContinuePending
            || ((isWhole || !_requestBody.IsTouched) && _requestBody.IsTooLongToDrain)
            || (Server.Draining.IsCancellationRequested && !_isMoreBuffered && !_requestBody.IsMoreBehind());
        var connection = _closing ? ConnectionHeader.Close
            : IsHttp10 ? ConnectionHeader.KeepAlive
            : ConnectionHeader.None;
        ReadOnlySpan<byte> serverAndDate = Server.Heartbeat.ServerAndDate;
        if (prepared is { HasServer: true } && !Response.Fields.Has(KnownHeader.Server))
        {
            serverAndDate = DateHeader.WithoutServer(serverAndDate);
        }

        var lines = prepared is null ? default : prepared.Fields.AsSpan();
        ResponseHeadWriter.Write(
            Output, Response.StatusCode, serverAndDate, Response.Fields, framing, contentLength, connection, lines);
    }

    public void WritePrepared(PreparedResponse prepared)
    {
        if (prepared.Pinned is { } pinned)
        {
            Transport.Write(pinned);
        }
        else
        {
            Output.Write(prepared.Body.Span);
        }
    }

    /// <summary>Before a handler that has not looked at the body starts its response: a malformed one must get its 400.</summary>
    /// <exception cref="BadHttpRequestException">The body is malformed as far as it has arrived.</exception>
    public void ThrowIfBodyIsMalformed() => _requestBody.ThrowIfArrivedIsMalformed();

    public async ValueTask SendContinueAsync()
    {
        if (!_responseBody.HasStarted)
        {
            Output.Write("HTTP/1.1 100 Continue\r\n\r\n"u8);
            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Flushes from within a handler: what it gets to see is the fate of its own bytes.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<FlushResult> FlushForHandlerAsync(CancellationToken cancellationToken)
    {
        var result = await FlushAsync(cancellationToken).ConfigureAwait(false);
        if (MustLeaveTransportThread)
        {
            await Task.Yield();
        }

        return new FlushResult(result.IsCanceled, _clientIsGone);
    }

    /// <summary>Sends what is written, and a part of a file behind it.</summary>
    public async ValueTask<long> SendFileForHandlerAsync(SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        Deadlines.BeginWrite(Transport);
        try
        {
            var sent = await Transport.SendFileAsync(file, offset, count, cancellationToken).ConfigureAwait(false);
            if (MustLeaveTransportThread)
            {
                await Task.Yield();
            }

            AfterFlush(new FlushResult(isCanceled: false, isCompleted: Transport.IsClosed));
            return sent;
        }
        finally
        {
            Deadlines.EndWrite();
        }
    }

    /// <summary>
    /// After a wait for the client: a handler that may block goes on on the thread pool, because on the transport's thread
    /// it would hold up the very loop that it waits for. Not on a worker: all of them may be blocked, each waiting for this
    /// very wait to end. <c>Task.Yield</c> is the way there that allocates nothing.
    /// </summary>
    public bool MustLeaveTransportThread => _isOnWorkerRoute && !Server.Workers.IsOnWorker;

    /// <summary>The request in progress, for reports on stuck workers.</summary>
    public override string ToString() => _request.ToString();

    public override void DescribeRequests(ICollection<RequestDescription> descriptions)
    {
        if (State != ConnectionState.Handling)
        {
            descriptions.Add(new RequestDescription("a request that has not arrived yet", TimeSpan.Zero, null));
            return;
        }

        string request;
        try
        {
            request = _request.ToString();
        }
#pragma warning disable CA1031 // It is its connection's, which may be done with it at this moment.
        catch (Exception)
#pragma warning restore CA1031
        {
            descriptions.Add(new RequestDescription("a request that has just ended", TimeSpan.Zero, null));
            return;
        }

        var duration = TimeSpan.FromMilliseconds(Server.Heartbeat.Now - OldestRequestStarted);
        descriptions.Add(new RequestDescription(request, duration, Server.Workers.WorkerOf(this)));
    }

    protected override async Task ServeAsync()
    {
        await ServeRequestsAsync().ConfigureAwait(false);
        if (!WasAborted && !_clientIsGone)
        {
            await CloseAsync().ConfigureAwait(false);
        }
    }

    private async Task ServeRequestsAsync()
    {
        var input = Input;
        while (!_closing)
        {
            // :: Read. What is there already is served before anything is flushed.
            if (!input.TryRead(out var read))
            {
                await FlushAsync(CancellationToken.None).ConfigureAwait(false);
                if (_clientIsGone)
                {
                    return;
                }

                BeginWaiting();
                _responseBody.Release();
                _head.Release();
                read = await input.ReadAsync().ConfigureAwait(false);
            }

            var isTimedOut = read.IsCanceled && Deadlines.IsReadExpired;

            // :: Parse all that is buffered, and answer it.
            var buffer = read.Buffer;
            var isAdvanced = false;
            while (!_closing && !buffer.IsEmpty)
            {
                var status = RequestParser.Parse(buffer, _head, Server.Limits);
                if (status == ParseStatus.NeedMoreData)
                {
                    // Empty lines alone are no request: a client may end its last body with one too many.
                    if (_head.RequestLineStart >= 0)
                    {
                        BeginHead();
                    }

                    break;
                }

                BeginRequest();
                if (status == ParseStatus.Invalid)
                {
                    Reject(_head.Error);
                    break;
                }

                var afterHead = buffer.GetPosition(_head.ByteLength);
                if (_head.Framing.HasBody)
                {
                    // The body is read from the input itself, so the head has to make do without the receive buffer.
                    _head.Detach();
                    var hasMore = buffer.Length > _head.ByteLength;
                    input.AdvanceTo(afterHead);
                    isAdvanced = true;
                    _requestBody.Start(_head.Framing, continuePending: _head.ExpectsContinue && !hasMore);
                }
                else
                {
                    buffer = buffer.Slice(afterHead);
                    _isMoreBuffered = !buffer.IsEmpty;
                }

                // :: Route
                var match = default(RouteMatch);
                var refusal = CheckRequest();
                if (refusal == RequestError.None)
                {
                    match = Server.Routes.Match(_head.Method, _head.MethodBytes, _head.Target.Form, _head.Path);
                }

                // Without a handler the body is looked at here, as far as it has come.
                if (match.Endpoint is null && isAdvanced && !RequestErrors.ClosesConnection(refusal)
                    && CheckUnreadBody() is var malformed and not RequestError.None)
                {
                    refusal = malformed;
                }

                // :: Answer at once, if the route can
                var isAnswered = false;
                Exception? fault = null;
                if (match.Endpoint is { First: { } first })
                {
                    _request.RouteValues.Set(match);
                    try
                    {
                        isAnswered = first(_request, Response);
                    }
#pragma warning disable CA1031 // As for the handler, below.
                    catch (Exception exception)
#pragma warning restore CA1031
                    {
                        (isAnswered, fault) = (true, exception);
                    }
                }

                // :: Hop, if the route wants a worker
                if (!isAnswered && match.Endpoint is { Dispatch: Dispatch.Worker })
                {
                    var queued = Server.Options.TimeProvider.GetTimestamp();
                    if (!await Server.Workers.TryContinueOnWorker(this))
                    {
                        refusal = RequestError.QueueFull;
                        if (Server.Options.Overload == OverloadPolicy.Wait && await Server.Workers.WaitForWorker(this))
                        {
                            refusal = RequestError.None;
                        }
                    }

                    if (Transport.IsClosed)
                    {
                        Log.ConnectionAborted(Server.Logger, Id, "the client left while its request waited for a worker");
                        Abort();
                        return;
                    }

                    if (refusal == RequestError.None && HasWaitedTooLong(queued))
                    {
                        refusal = RequestError.QueueTimeout;
                    }
                }

                // :: Answer
                if (refusal != RequestError.None)
                {
                    Reject(refusal);
                }
                else if (match.Endpoint is null)
                {
                    AnswerWithoutHandler(match);
                }
                else
                {
                    if (!isAnswered)
                    {
                        _request.RouteValues.Set(match);
                        _isOnWorkerRoute = match.Endpoint.Dispatch == Dispatch.Worker;
                        try
                        {
                            await match.Endpoint.Handler(_request, Response).ConfigureAwait(false);
                            fault = _responseBody.Fault;
                        }
#pragma warning disable CA1031 // The one place that contains a handler's fault.
                        catch (Exception exception)
#pragma warning restore CA1031
                        {
                            fault = exception;
                        }
                    }

                    if (!TryEndResponse(fault))
                    {
                        // What was answered before in this batch is whole, and is sent before the cut.
                        if (Tally.HasUnflushed)
                        {
                            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
                        }

                        Abort();
                    }
                }

                if (WasAborted)
                {
                    return;
                }

                // :: Next
                if (isAdvanced)
                {
                    _requestBody.Detach();
                    if (!_closing && !_requestBody.IsFullyRead
                        && !await _requestBody.TryDrainAsync(UnreadBodyTimeout).ConfigureAwait(false))
                    {
                        _closing = true;
                    }
                }

                _head.Reset();
                if (Output.UnflushedBytes > MaxUnflushedBytes)
                {
                    await FlushAsync(CancellationToken.None).ConfigureAwait(false);
                    if (_clientIsGone)
                    {
                        break;
                    }
                }

                if (isAdvanced)
                {
                    break; // the input has moved on, with the body: what is behind it comes with the next read
                }
            }

            if (!isAdvanced)
            {
                input.AdvanceTo(buffer.Start, _closing ? buffer.Start : buffer.End);
            }

            if (read.IsCompleted && !isAdvanced)
            {
                // Half-closed: what was whole is answered, half a request is nothing.
                _clientHasEnded = true;
                break;
            }

            if (isTimedOut && Deadlines.IsReadExpired)
            {
                // What came in that moment was not a whole request.
                if (Deadlines.IsFinalBeat)
                {
                    Deadlines.EndRead();
                    RejectTimedOutHead();
                    break;
                }

                Deadlines.GrantFinalBeat();
            }
        }

        await FlushAsync(CancellationToken.None).ConfigureAwait(false);
    }

    private void BeginWaiting()
    {
        if (State == ConnectionState.Handling)
        {
            State = ConnectionState.Idle;
            Deadlines.SetRead(Server.Options.KeepAliveTimeout);
        }
    }

    private void BeginHead()
    {
        // A first head has had its time since the accept; in a drain, which cut that short, a head that has begun gets its own.
        if (State is ConnectionState.Idle or ConnectionState.Handling
            || (State == ConnectionState.New && Server.Draining.IsCancellationRequested))
        {
            Deadlines.SetRead(Server.Options.RequestHeadTimeout);
        }

        State = ConnectionState.ReadingHead;
    }

    private void BeginRequest()
    {
        Deadlines.EndRead();
        State = ConnectionState.Handling;
        Tally.Receive();
        OldestRequestStarted = Server.Heartbeat.Now;
        _isMoreBuffered = false;
        _isOnWorkerRoute = false;
        _requestBody.Start(BodyFraming.None, continuePending: false);
        Response.Reset();
    }

    private bool HasWaitedTooLong(long queued)
    {
        var timeout = Server.Options.QueueTimeout;
        return timeout != Timeout.InfiniteTimeSpan && Server.Options.TimeProvider.GetElapsedTime(queued) > timeout;
    }

    private RequestError CheckRequest()
    {
        if (_head.Framing.ContentLength > Server.Options.MaxRequestBodyBytes)
        {
            return RequestError.BodyTooLarge;
        }

        return _head.KeepingError;
    }

    private void RejectTimedOutHead()
    {
        // Nobody asked: an idle connection, or a new one in a drain, is closed without a word.
        if (State == ConnectionState.Idle
            || (State == ConnectionState.New && Server.Draining.IsCancellationRequested))
        {
            _closing = true;
            return;
        }

        BeginRequest();
        Reject(RequestError.HeadTimeout);
    }

    // Answers by the table of RequestErrors, instead of a handler.
    private void Reject(RequestError error)
    {
        var status = RequestErrors.Status(error);
        Log.RequestRejected(Server.Logger, Id, status, RequestErrors.Text(error));
        Response.Reset();
        Response.StatusCode = status;
        Response.CloseConnection = RequestErrors.ClosesConnection(error);
        if (error is RequestError.QueueFull or RequestError.QueueTimeout)
        {
            Response.Headers.SetBytes("Retry-After"u8, RetryAfterSeconds);
        }

        WriteErrorBody(error);
        EndRequest(isRefusal: true);
    }

    private void AnswerWithoutHandler(RouteMatch match)
    {
        if (match.Outcome == RouteOutcome.Options)
        {
            Response.StatusCode = 204;
            Response.Headers["Allow"] = match.Allow;
            EndRequest(isRefusal: false);
            return;
        }

        var error = match.Outcome switch
        {
            RouteOutcome.NotFound => RequestError.NotFound,
            RouteOutcome.MethodNotAllowed => RequestError.MethodNotAllowed,
            _ => RequestError.UnknownMethod,
        };
        Response.StatusCode = RequestErrors.Status(error);
        if (match.Allow is not null)
        {
            Response.Headers["Allow"] = match.Allow;
        }

        WriteErrorBody(error);
        EndRequest(isRefusal: false);
    }

    // The handler will read no more. What it has left of a chunked body and is here already gets checked before its answer
    // goes out, so that a request that has no meaning gets no other answer than that.
    private RequestError CheckUnreadBody()
    {
        _requestBody.Detach();
        return _requestBody.DiscardArrived();
    }

    private void WriteErrorBody(RequestError error)
    {
        var page = Server.Options.ServerErrorPage;
        if (Response.StatusCode is 500 or 503 && !page.IsEmpty)
        {
            Response.WriteBytes(page.Span, "text/html; charset=utf-8");
        }
        else
        {
            Response.WriteBytes(RequestErrors.Body(error), "text/plain; charset=utf-8");
        }
    }

    private void EndRequest(bool isRefusal)
    {
        _responseBody.Finish();
        if (isRefusal)
        {
            Tally.Refuse();
        }
        else
        {
            Tally.Complete();
        }
    }

    // After a handler: writes what it left to write, or contains what went wrong. False when only an abort can tell the
    // client that its response is not whole.
    private bool TryEndResponse(Exception? fault)
    {
        if (_clientIsGone || Transport.IsClosed)
        {
            // Nobody is there to read the answer: what the handler made of that is no fault.
            Log.ConnectionAborted(Server.Logger, Id, fault?.Message ?? "the client left before its answer");
            return false;
        }

        if (fault is null && _head.Framing.IsChunked && !_responseBody.HasStarted && CheckUnreadBody() is var malformed and not RequestError.None)
        {
            fault = new BadHttpRequestException(malformed);
        }

        if (fault is null)
        {
            try
            {
                var problem = _responseBody.Finish();
                if (problem is null)
                {
                    Tally.Complete();
                    return true;
                }

                Log.ResponseIncomplete(Server.Logger, _request.ToString(), problem);
                return false;
            }
            catch (InvalidOperationException exception)
            {
                fault = exception;
            }
        }

        if (fault is BadHttpRequestException bad)
        {
            if (_responseBody.HasStarted)
            {
                Log.ConnectionAborted(Server.Logger, Id, bad.Message);
                return false;
            }

            // Whatever the reason, the input is somewhere inside a body now.
            _closing = true;
            Reject(bad.Error);
            return true;
        }

        if (_responseBody.HasStarted)
        {
            Log.HandlerFaulted(Server.Logger, _request.ToString(), "the response had begun, so the connection is aborted", fault);
            return false;
        }

        Log.HandlerFaulted(Server.Logger, _request.ToString(), "answered 500", fault);
        Response.Reset();
        Response.StatusCode = 500;
        WriteErrorBody(RequestError.HandlerFault);
        EndRequest(isRefusal: false);
        return true;
    }

    /// <summary>Sends what is written.</summary>
    /// <remarks>Not async itself: the flush that need not wait, nearly every one, costs no state machine.</remarks>
    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken)
    {
        if (!Tally.HasUnflushed && Output.UnflushedBytes == 0)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, _clientIsGone));
        }

        var flush = Output.FlushAsync(cancellationToken);
#pragma warning disable VSTHRD103 // Completed, so it does not block.
        return flush.IsCompletedSuccessfully
            ? new ValueTask<FlushResult>(AfterFlush(flush.Result))
            : FlushSlowlyAsync(flush);
#pragma warning restore VSTHRD103
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> FlushSlowlyAsync(ValueTask<FlushResult> flush)
    {
        Deadlines.BeginWrite(Transport);
        try
        {
            return AfterFlush(await flush.ConfigureAwait(false));
        }
        finally
        {
            Deadlines.EndWrite();
        }
    }

    private FlushResult AfterFlush(FlushResult result)
    {
        if (result.IsCompleted)
        {
            _clientIsGone = WasAborted = true;
        }
        else if (!result.IsCanceled)
        {
            Tally.Flush();
        }

        return result;
    }

    // RFC 9112 §9.6: half-close, read until the client has closed too, then close; a client that is still sending must
    // get its response, not a reset.
    private async Task CloseAsync()
    {
        Deadlines.BeginWrite(Transport);
        await Transport.ShutdownOutputAsync().ConfigureAwait(false);
        Deadlines.EndWrite();
        State = ConnectionState.Closing;
        if (_clientHasEnded)
        {
            return;
        }

        var limit = Server.Heartbeat.DeadlineAfter(LingerLimit);
        var isLimitedByDrain = false;
        while (true)
        {
            if (Server.Heartbeat.IsDraining && !isLimitedByDrain)
            {
                // Once, not for each byte that comes.
                isLimitedByDrain = true;
                limit = Math.Min(limit, Server.Heartbeat.DeadlineAfter(DrainRules.LingerTimeout));
            }

            Deadlines.SetReadAt(Math.Min(limit, Server.Heartbeat.DeadlineAfter(LingerTimeout)));
            var read = await Input.ReadAsync().ConfigureAwait(false);
            Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || (read.IsCanceled && Deadlines.IsReadExpired))
            {
                return;
            }
        }
    }
}
