using System.Buffers;
using System.IO.Pipelines;
using System.Net;
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
internal sealed class Http1Connection
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

    private readonly ServerContext _server;
    private readonly RequestHead _head = new();
    private readonly RequestBody _requestBody;
    private readonly ResponseBody _responseBody;
    private readonly HttpRequest _request;

    // Both pooled, this and the transport's connection: what comes from another thread, late, must not hit the next client.
    private readonly Lock _transportLock = new();
    private TransportConnection? _transport; // taken away under _transportLock when the connection ends
    private volatile ConnectionState _state;
    private long _requestStarted;
    private bool _isOnWorkerRoute;
    private bool _isMoreBuffered; // behind a request without body: the start of another one
    private bool _closing; // the response in progress, or the last one, is the connection's last
    private bool _clientIsGone;
    private bool _clientHasEnded; // half-closed
    private volatile bool _aborted;

    private RequestTally _tally;

    public Http1Connection(ServerContext server)
    {
        _server = server;
        Deadlines = new ConnectionDeadlines(server);
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

    public long Id { get; private set; }

    public PipeReader Input => _transport!.Input;

    public PipeWriter Output => _transport!.Output;

    public EndPoint? RemoteEndPoint => _transport?.RemoteEndPoint;

    public CancellationToken Aborted => _transport?.Closed ?? new CancellationToken(canceled: true);

    public CancellationToken Draining => _server.Draining;

    public HttpResponse Response { get; }

    public bool IsHeadRequest => _head.Method == RequestMethod.Head;

    public bool IsHttp10 => _head.MinorVersion == 0;

    public ConnectionState State => _state;

    public ConnectionDeadlines Deadlines { get; }

    /// <summary>When the request in progress was complete, by the heartbeat's clock.</summary>
    public long RequestStarted => Volatile.Read(ref _requestStarted);

    /// <summary>True when the connection was cut off instead of ended.</summary>
    public bool WasAborted => _aborted;

    public RequestCounts Counts => _tally.Counts;

    /// <summary>Takes over a new connection.</summary>
    public void Attach(TransportConnection transport, long id)
    {
        _transport = transport;
        Id = id;
        _state = ConnectionState.New;
        _closing = _clientIsGone = _clientHasEnded = _aborted = false;
        _tally = default;
        _head.Reset();
        Response.Reset();
        _request.Attach(this);
        Deadlines.EndWrite();
        Deadlines.SetRead(_server.Options.RequestHeadTimeout);
    }

    /// <summary>Lets go of the connection, so that the object can serve another one.</summary>
    public void Detach()
    {
        _request.Attach(null);
        _head.Reset();
        _responseBody.Release();
    }

    /// <summary>Serves the connection to its end. Never throws; ends with the transport closed.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ServeRequestsAsync().ConfigureAwait(false);
            if (!_aborted && !_clientIsGone)
            {
                await CloseAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Reset by the client or aborted by us: between two requests that is an end like any other.
            _aborted |= _state is ConnectionState.ReadingHead or ConnectionState.Handling;
            Log.ConnectionAborted(_server.Logger, Id, exception.Message);
        }
#pragma warning disable CA1031 // A fault of our own must cost this connection only, and must be seen.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.ConnectionFaulted(_server.Logger, Id, exception);
            Abort();
        }

        _tally.Close();
        Deadlines.Clear();
        TransportConnection transport;
        lock (_transportLock)
        {
            transport = _transport!;
            _transport = null;
        }

        await transport.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// The end of the grace period. Cuts off what is in progress; a connection that has its answers is closed, not reset: they
    /// may still be on their way. From any thread.
    /// </summary>
    /// <returns>True when that cut off a request, or a client that was never heard.</returns>
    public bool EndNow()
    {
        lock (_transportLock)
        {
            if (_state is ConnectionState.Idle or ConnectionState.Closing)
            {
                Deadlines.TightenRead(0);
                return false;
            }

            if (_transport is null || _aborted)
            {
                return false;
            }

            _aborted = true;
            _transport.Abort();
            return true;
        }
    }

    /// <summary>Ends the connection now. From any thread.</summary>
    /// <returns>True when that cut off a request; false when nothing was in progress.</returns>
    public bool Abort()
    {
        lock (_transportLock)
        {
            var cutsOff = _transport is not null && _state is ConnectionState.ReadingHead or ConnectionState.Handling;
            _aborted |= cutsOff;
            _transport?.Abort();
            return cutsOff;
        }
    }

    /// <summary>Looks whether the connection's time is up. Called by the heartbeat only.</summary>
    public void OnHeartbeat(long now, bool draining)
    {
        lock (_transportLock)
        {
            if (_transport is not { } transport)
            {
                return;
            }

            switch (Deadlines.Check(transport, _state, now, draining))
            {
                case DeadlineVerdict.ReadTimedOut:
                    // Not here: the connection's loop, or a handler that waits for its body, would run on the heartbeat's thread.
                    ThreadPool.UnsafeQueueUserWorkItem(static late => late.Connection.CancelPendingRead(late.Id), (Connection: this, Id), preferLocal: false);
                    break;
                case DeadlineVerdict.WriteTooSlow:
                    AbortSlowReader(transport, "the client reads its response too slowly");
                    break;
                case DeadlineVerdict.WriteTimedOut:
                    AbortSlowReader(transport, "the client does not read its response");
                    break;
                default:
                    break;
            }
        }
    }

    private void AbortSlowReader(TransportConnection transport, string reason)
    {
        Log.ConnectionAborted(_server.Logger, Id, reason);
        _aborted = true;
        transport.Abort();
    }

    private void CancelPendingRead(long id)
    {
        PipeReader? input;
        lock (_transportLock)
        {
            input = Id == id ? _transport?.Input : null;
        }

        input?.CancelPendingRead();
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
            || (_server.Draining.IsCancellationRequested && !_isMoreBuffered && !_requestBody.IsMoreBehind());
        var connection = _closing ? ConnectionHeader.Close
            : IsHttp10 ? ConnectionHeader.KeepAlive
            : ConnectionHeader.None;
        ReadOnlySpan<byte> serverAndDate = _server.Heartbeat.ServerAndDate;
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
            _transport!.Write(pinned);
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
        Deadlines.BeginWrite(_transport!);
        try
        {
            var sent = await _transport!.SendFileAsync(file, offset, count, cancellationToken).ConfigureAwait(false);
            if (MustLeaveTransportThread)
            {
                await Task.Yield();
            }

            AfterFlush(new FlushResult(isCanceled: false, isCompleted: _transport!.IsClosed));
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
    public bool MustLeaveTransportThread => _isOnWorkerRoute && !_server.Workers.IsOnWorker;

    /// <summary>The request in progress, for reports on stuck workers.</summary>
    public override string ToString() => _request.ToString();

    /// <summary>The request in progress. For reports, from any thread.</summary>
    public RequestDescription DescribeRequest()
    {
        if (_state != ConnectionState.Handling)
        {
            return new RequestDescription("a request that has not arrived yet", TimeSpan.Zero, null);
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
            return new RequestDescription("a request that has just ended", TimeSpan.Zero, null);
        }

        var duration = TimeSpan.FromMilliseconds(_server.Heartbeat.Now - RequestStarted);
        return new RequestDescription(request, duration, _server.Workers.WorkerOf(this));
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
                var status = RequestParser.Parse(buffer, _head, _server.Limits);
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
                    match = _server.Routes.Match(_head.Method, _head.MethodBytes, _head.Target.Form, _head.Path);
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
                    var queued = _server.Options.TimeProvider.GetTimestamp();
                    if (!await _server.Workers.TryContinueOnWorker(this))
                    {
                        refusal = RequestError.QueueFull;
                        if (_server.Options.Overload == OverloadPolicy.Wait && await _server.Workers.WaitForWorker(this))
                        {
                            refusal = RequestError.None;
                        }
                    }

                    if (_transport!.IsClosed)
                    {
                        Log.ConnectionAborted(_server.Logger, Id, "the client left while its request waited for a worker");
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
                        if (_tally.HasUnflushed)
                        {
                            await FlushAsync(CancellationToken.None).ConfigureAwait(false);
                        }

                        Abort();
                    }
                }

                if (_aborted)
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
        if (_state == ConnectionState.Handling)
        {
            _state = ConnectionState.Idle;
            Deadlines.SetRead(_server.Options.KeepAliveTimeout);
        }
    }

    private void BeginHead()
    {
        // A first head has had its time since the accept; in a drain, which cut that short, a head that has begun gets its own.
        if (_state is ConnectionState.Idle or ConnectionState.Handling
            || (_state == ConnectionState.New && _server.Draining.IsCancellationRequested))
        {
            Deadlines.SetRead(_server.Options.RequestHeadTimeout);
        }

        _state = ConnectionState.ReadingHead;
    }

    private void BeginRequest()
    {
        Deadlines.EndRead();
        _state = ConnectionState.Handling;
        _tally.Receive();
        Volatile.Write(ref _requestStarted, _server.Heartbeat.Now);
        _isMoreBuffered = false;
        _isOnWorkerRoute = false;
        _requestBody.Start(BodyFraming.None, continuePending: false);
        Response.Reset();
    }

    private bool HasWaitedTooLong(long queued)
    {
        var timeout = _server.Options.QueueTimeout;
        return timeout != Timeout.InfiniteTimeSpan && _server.Options.TimeProvider.GetElapsedTime(queued) > timeout;
    }

    private RequestError CheckRequest()
    {
        if (_head.Framing.ContentLength > _server.Options.MaxRequestBodyBytes)
        {
            return RequestError.BodyTooLarge;
        }

        return _head.KeepingError;
    }

    private void RejectTimedOutHead()
    {
        // Nobody asked: an idle connection, or a new one in a drain, is closed without a word.
        if (_state == ConnectionState.Idle
            || (_state == ConnectionState.New && _server.Draining.IsCancellationRequested))
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
        Log.RequestRejected(_server.Logger, Id, status, RequestErrors.Text(error));
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
        var page = _server.Options.ServerErrorPage;
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
            _tally.Refuse();
        }
        else
        {
            _tally.Complete();
        }
    }

    // After a handler: writes what it left to write, or contains what went wrong. False when only an abort can tell the
    // client that its response is not whole.
    private bool TryEndResponse(Exception? fault)
    {
        if (_clientIsGone || _transport!.IsClosed)
        {
            // Nobody is there to read the answer: what the handler made of that is no fault.
            Log.ConnectionAborted(_server.Logger, Id, fault?.Message ?? "the client left before its answer");
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
                    _tally.Complete();
                    return true;
                }

                Log.ResponseIncomplete(_server.Logger, _request.ToString(), problem);
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
                Log.ConnectionAborted(_server.Logger, Id, bad.Message);
                return false;
            }

            // Whatever the reason, the input is somewhere inside a body now.
            _closing = true;
            Reject(bad.Error);
            return true;
        }

        if (_responseBody.HasStarted)
        {
            Log.HandlerFaulted(_server.Logger, _request.ToString(), "the response had begun, so the connection is aborted", fault);
            return false;
        }

        Log.HandlerFaulted(_server.Logger, _request.ToString(), "answered 500", fault);
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
        if (!_tally.HasUnflushed && Output.UnflushedBytes == 0)
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
        Deadlines.BeginWrite(_transport!);
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
            _clientIsGone = _aborted = true;
        }
        else if (!result.IsCanceled)
        {
            _tally.Flush();
        }

        return result;
    }

    // RFC 9112 §9.6: half-close, read until the client has closed too, then close; a client that is still sending must
    // get its response, not a reset.
    private async Task CloseAsync()
    {
        Deadlines.BeginWrite(_transport!);
        await _transport!.ShutdownOutputAsync().ConfigureAwait(false);
        Deadlines.EndWrite();
        _state = ConnectionState.Closing;
        if (_clientHasEnded)
        {
            return;
        }

        var limit = _server.Heartbeat.DeadlineAfter(LingerLimit);
        var isLimitedByDrain = false;
        while (true)
        {
            if (_server.Heartbeat.IsDraining && !isLimitedByDrain)
            {
                // Once, not for each byte that comes.
                isLimitedByDrain = true;
                limit = Math.Min(limit, _server.Heartbeat.DeadlineAfter(DrainRules.LingerTimeout));
            }

            Deadlines.SetReadAt(Math.Min(limit, _server.Heartbeat.DeadlineAfter(LingerTimeout)));
            var read = await Input.ReadAsync().ConfigureAwait(false);
            Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || (read.IsCanceled && Deadlines.IsReadExpired))
            {
                return;
            }
        }
    }
}
