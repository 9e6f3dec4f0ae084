using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using PipeServer.Http;
using PipeServer.Routing;
using PipeServer.Workers;

namespace PipeServer.Server;

/// <summary>
/// One request and its answer, whatever protocol carries them: what <see cref="RequestPipeline"/> works on. Reused for other requests, those
/// of other connections too. Not thread-safe, but for <see cref="ToString"/>, which reports may call while it is at work.
/// </summary>
internal abstract class Exchange(RequestHead head) : BoundedWork
{
    private RouteHandler? _handler; // of this request, or of one before
    private bool _hasHandler;
    private EndPoint? _forwardedClient;
    private bool? _isForwardedHttps;
    private ExchangeExtras? _extras; // of this request, or of one before
    private bool _hasExtras;

    /// <summary>The connection that carries it. There is none before the first request and after the last one.</summary>
    public abstract Connection Connection { get; }

    /// <summary>True while a connection carries it.</summary>
    public abstract bool IsCarried { get; }

    /// <summary>The client's address: the one that a trusted proxy has named for this request, else the connection's.</summary>
    public EndPoint? RemoteEndPoint => _forwardedClient ?? Connection.RemoteEndPoint;

    /// <summary>The address that a trusted proxy has named, or null: of this request once it has a handler, before that perhaps of another one.</summary>
    public EndPoint? ForwardedClient => _forwardedClient;

    /// <summary>The client has asked by https: a trusted proxy says so of its own, or, where none says anything of that, the connection is encrypted.</summary>
    public bool IsHttps => _isForwardedHttps ?? Connection.IsTls;

    /// <summary>With <see cref="RequestError.TooManyRequests"/>: when the client may come again, in seconds.</summary>
    public int RetryAfterSeconds { get; set; }

    /// <summary>The request's head.</summary>
    public RequestHead Head => head;

    /// <summary>The request as handlers see it.</summary>
    public HttpRequest Request { get; protected init; } = null!;

    /// <summary>The response as handlers see it.</summary>
    public HttpResponse Response { get; protected init; } = null!;

    /// <summary>The way of the response to the client.</summary>
    public ResponseWriter Writer { get; protected init; } = null!;

    /// <summary>The handler that answers; null where the server itself does.</summary>
    public RouteHandler? Handler
    {
        get => _hasHandler ? _handler : null;
        set
        {
            _hasHandler = value is not null;

            // Mostly the same one as for the connection's last request, and then there is nothing for the collector to be told.
            if (_hasHandler && _handler != value)
            {
                _handler = value;
            }
        }
    }

    /// <summary>What the route table has said; it decides where there is neither a handler nor a refusal.</summary>
    public RouteOutcome Outcome { get; set; }

    /// <summary>The value of the Allow field that goes with <see cref="Outcome"/>, or null.</summary>
    public string? Allow { get; set; }

    /// <summary>Why the request is refused instead of being answered by its handler.</summary>
    public RequestError Refusal { get; set; }

    /// <summary>What the handler has thrown.</summary>
    public Exception? Fault { get; set; }

    /// <summary>What few requests need. Asking for it makes it: see <see cref="ExistingExtras"/>.</summary>
    public ExchangeExtras Extras
    {
        get
        {
            _hasExtras = true;
            return _extras ??= new ExchangeExtras();
        }
    }

    /// <summary>The same where the request has needed it, else null.</summary>
    public ExchangeExtras? ExistingExtras => _hasExtras ? _extras : null;

    /// <summary>The callbacks that its handler waits for, where any are left, else null.</summary>
    public ResponseHooks? WaitingHooks => _hasExtras ? _extras!.WaitingHooks : null;

    /// <summary>When the request began to wait for a worker or a permit: a timestamp of the server's clock.</summary>
    public long QueuedAt { get; set; }

    /// <summary>When that wait ended: a timestamp of the server's clock.</summary>
    public long DequeuedAt { get; set; }

    /// <summary>Somebody wants to know of this request; so of the three below. Only where a <see cref="RequestObserver"/> is.</summary>
    public bool IsObserved { get; set; }

    /// <summary>The activity that stands for the request; null where nobody has asked for one.</summary>
    public Activity? Activity { get; set; }

    /// <summary>When its head was complete: a timestamp of the server's clock. Only where a <see cref="RequestObserver"/> is.</summary>
    public long StartedAt { get; set; }

    /// <summary>The number of the worker that has run its handler. Only where a <see cref="RequestObserver"/> is.</summary>
    public int? Worker { get; set; }

    /// <summary>How much of the request's body has arrived.</summary>
    public abstract long BodyBytesReceived { get; }

    /// <summary>The handler is one that may block: it was given a worker, or a permit for the thread pool.</summary>
    public bool MayBlock { get; set; }

    /// <summary>Nothing that is written from now on can arrive.</summary>
    public abstract bool IsClientGone { get; }

    /// <summary>Its handler, or somebody whom that has given the request, has aborted it. From any thread.</summary>
    public abstract bool IsAborted { get; }

    /// <summary>See <see cref="HttpRequest.Aborted"/>.</summary>
    public virtual CancellationToken Aborted => IsAborted ? new CancellationToken(canceled: true) : Connection.Aborted;

    /// <summary>See <see cref="HttpRequest.HalfClosed"/>.</summary>
    public virtual CancellationToken HalfClosed => IsAborted ? new CancellationToken(canceled: true) : Connection.HalfClosed;

    /// <summary>What the request's body may have at most, in bytes.</summary>
    public long MaxBodyBytes => ExistingExtras?.MaxBodyBytes ?? Connection.Rules.MaxRequestBodyBytes;

    /// <summary>The least rate of the request's body, in bytes a second; 0: any.</summary>
    public int MinBodyDataRate => ExistingExtras?.MinBodyDataRate ?? Connection.Rules.MinDataRate;

    /// <summary>The same of the response.</summary>
    public int MinResponseDataRate => ExistingExtras?.MinResponseDataRate ?? Connection.Rules.MinDataRate;

    /// <summary>
    /// After a wait for the client, a handler that may block continues on the thread pool, because on the transport's thread it would
    /// hold up the very loop that it waits for. Not on a worker: all of them may be blocked, each waiting for this very wait to end.
    /// </summary>
    public bool MustLeaveTransportThread => MayBlock && !(Connection.Server.Workers.IsOnWorker && Handler is { Dispatch: Dispatch.Worker });

    /// <summary>The request as it is shown to who watches the server; null when it has just ended. From any thread.</summary>
    /// <param name="worker">The worker that is seen to run it.</param>
    public abstract RequestActivity? Observe(string worker);

    /// <summary>
    /// Checks what has arrived of a body that nobody will read any more, so that a malformed request is answered as one.
    /// </summary>
    public abstract RequestError CheckUnreadBody();

    /// <summary>What follows this request cannot be understood: its answer is the connection's last.</summary>
    public abstract void CloseAfterResponse();

    /// <summary>
    /// Ends it now, with whatever of its answer has left: what carries it is reset. Of no effect once it is answered, or is nobody's any more. From
    /// any thread.
    /// </summary>
    /// <param name="errorCode">What a protocol with codes tells the client.</param>
    public abstract void Abort(uint errorCode);

    /// <summary>Counts the answer, which is written to its end.</summary>
    /// <param name="isRefusal">The server has answered instead of a handler.</param>
    public abstract void Count(bool isRefusal);

    /// <summary>A client that leaves is to be noticed while its request waits for a worker, or in a handler that may wait.</summary>
    /// <param name="next">What comes next.</param>
    public void WatchBefore(NextStep next)
    {
        if (next >= NextStep.Hop || (next == NextStep.Handle && !Handler!.IsSynchronous))
        {
            Connection.Transport.Watch();
        }
    }

    /// <summary>Notes what a trusted proxy says of the request's client. For each request, where there is <see cref="ClientForwarding"/>.</summary>
    /// <param name="client">Its address; null where it is the connection's.</param>
    /// <param name="isHttps">It has asked by https; null where that is not told.</param>
    public void SetClient(EndPoint? client, bool? isHttps)
    {
        _isForwardedHttps = isHttps;
        if (_forwardedClient != client)
        {
            _forwardedClient = client;
        }
    }

    /// <summary>Refuses a request by its head, of which nothing is believed then: its client is the connection's.</summary>
    public void RefuseHead(RequestError error)
    {
        Refusal = error;
        SetClient(client: null, isHttps: null);
    }

    /// <summary>Forgets the last request, but for its client, which the next one has anew.</summary>
    public void Reset()
    {
        Handler = null;
        Refusal = RequestError.None;
        Fault = null;
        MayBlock = false;
        Response.Reset();
        ReleaseExtras();
    }

    /// <summary>Forgets what the request has needed beside what all need: nothing of it outlives the request.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReleaseExtras()
    {
        if (_hasExtras)
        {
            ForgetExtras();
        }
    }

    /// <summary>Another answer goes out instead of what was set and written so far; only the callbacks stay.</summary>
    public void RestartResponse()
    {
        Response.Reset();
        ExistingExtras?.ForgetResponse();
    }

    // Apart, so that requests without them pay a test.
    private void ForgetExtras()
    {
        _hasExtras = false;
        _extras!.Reset();
    }

    /// <summary>The request in words, for logs and for reports on stuck workers.</summary>
    public override string ToString() => Request.ToString();
}
