using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>
/// Every line that the library logs. Source-generated: a level that is off costs one check and no formatting.
/// </summary>
internal static partial class Log
{
    // The wording of the workers' lines is the Rust Book's.
    [LoggerMessage(EventIds.WorkerGotJob, LogLevel.Debug, "Worker {Worker} got a job; executing.")]
    public static partial void WorkerGotJob(ILogger logger, int worker);

    [LoggerMessage(EventIds.WorkerDisconnected, LogLevel.Information, "Worker {Worker} disconnected; shutting down.")]
    public static partial void WorkerDisconnected(ILogger logger, int worker);

    [LoggerMessage(EventIds.ShuttingDownWorker, LogLevel.Information, "Shutting down worker {Worker}")]
    public static partial void ShuttingDownWorker(ILogger logger, int worker);

    [LoggerMessage(EventIds.WorkerStuck, LogLevel.Error,
        "Worker {Worker} did not end before the deadline: it has been running {Job} for {Seconds:F1} s.")]
    public static partial void WorkerStuck(ILogger logger, int worker, string job, double seconds);

    [LoggerMessage(EventIds.JobFaulted, LogLevel.Error, "Worker {Worker}: the job {Job} threw; the worker goes on.")]
    public static partial void JobFaulted(ILogger logger, int worker, string job, Exception exception);

    [LoggerMessage(EventIds.JobFaultedListenerFailed, LogLevel.Error, "A JobFaulted event handler threw.")]
    public static partial void JobFaultedListenerFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventIds.WorkerNotStarted, LogLevel.Error,
        "Worker {Worker} could not be started, because the system refuses another thread; workers that run: {Started}. The next job that "
        + "finds none tries again, after a second at the earliest. Raise the limit of threads (ulimit -u, TasksMax, pids.max), or give the process "
        + "more memory.")]
    public static partial void WorkerNotStarted(ILogger logger, int worker, int started, Exception exception);

    [LoggerMessage(EventIds.RefusedJobFaulted, LogLevel.Error,
        "A job that waited for room in the queue was told that the pool takes no more jobs, and threw.")]
    public static partial void RefusedJobFaulted(ILogger logger, Exception exception);

    [LoggerMessage(EventIds.DrainStarted, LogLevel.Debug,
        "Draining: {Connections} connections, {Requests} requests in flight, up to {Seconds:F1} s.")]
    public static partial void DrainStarted(ILogger logger, int connections, long requests, double seconds);

    [LoggerMessage(EventIds.DrainDeadline, LogLevel.Warning, "Cut off ({Reason}): {Request}")]
    public static partial void RequestCutOff(ILogger logger, string reason, string request);

    [LoggerMessage(EventIds.DrainCensus, LogLevel.Information,
        "drain: idle={Idle} reading={Reading} handling={Handling} writing={Writing} queued={Queued} oldest={Oldest}")]
    public static partial void DrainCensus(
        ILogger logger, int idle, int reading, int handling, int writing, int queued, string oldest);

    [LoggerMessage(EventIds.ShutdownCompleted, LogLevel.Debug, "Stopped: {Outcome} after {Seconds:F3} s.")]
    public static partial void ShutdownCompleted(ILogger logger, string outcome, double seconds);

    [LoggerMessage(EventIds.AcceptFailed, LogLevel.Warning,
        "Accepting failed ({Reason}); trying again in {Milliseconds} ms. Out of descriptors? Raise 'ulimit -n' or lower MaxConnections.")]
    public static partial void AcceptFailed(ILogger logger, string reason, double milliseconds);

    [LoggerMessage(EventIds.AcceptLoopEnded, LogLevel.Critical, "A listener has ended though nobody stopped it; no new connection is taken.")]
    public static partial void AcceptLoopEnded(ILogger logger);

    [LoggerMessage(EventIds.ConnectionLimitReached, LogLevel.Warning,
        "All {Limit} connections are in use; {Consequence}. Raise MaxConnections (--max-connections), or 'ulimit -n' where that is lower.")]
    public static partial void ConnectionLimitReached(ILogger logger, int limit, string consequence);

    [LoggerMessage(EventIds.HeartbeatFailed, LogLevel.Error, "The heartbeat failed once; it goes on.")]
    public static partial void HeartbeatFailed(ILogger logger, Exception exception);

    [LoggerMessage(
        EventIds.WarmUpFailed,
        LogLevel.Warning,
        "What is needed when descriptors run out could not be run through in advance; the server serves all the same.")]
    public static partial void WarmUpFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventIds.HandlerFaulted, LogLevel.Error, "The handler of {Request} threw; {Consequence}.")]
    public static partial void HandlerFaulted(ILogger logger, string request, string consequence, Exception exception);

    [LoggerMessage(EventIds.ConnectionFaulted, LogLevel.Error, "Connection {Connection} ended by a fault of the server.")]
    public static partial void ConnectionFaulted(ILogger logger, long connection, Exception exception);

    [LoggerMessage(EventIds.RequestRejected, LogLevel.Debug, "Connection {Connection}: answered {Status}: {Reason}")]
    public static partial void RequestRejected(ILogger logger, long connection, int status, string reason);

    [LoggerMessage(EventIds.ClientRefused, LogLevel.Warning, "Refused {Client}: {Status}, {Reason}")]
    public static partial void ClientRefused(ILogger logger, string client, int status, string reason);

    [LoggerMessage(EventIds.MoreClientsRefused, LogLevel.Warning, "Refused {Count} more within a second: {Statuses}.")]
    public static partial void MoreClientsRefused(ILogger logger, long count, string statuses);

    [LoggerMessage(EventIds.CompletedListenerFailed, LogLevel.Error, "A listener of OnCompleted, metrics or activities threw; further faults are not logged.")]
    public static partial void CompletedListenerFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventIds.CompletedHookFailed, LogLevel.Error, "A callback of the response to {Request} (OnCompleted) threw; the response had gone before.")]
    public static partial void CompletedHookFailed(ILogger logger, string request, Exception exception);

    [LoggerMessage(EventIds.ResponseIncomplete, LogLevel.Error, "{Request}: {Problem}; the connection is aborted.")]
    public static partial void ResponseIncomplete(ILogger logger, string request, string problem);

    [LoggerMessage(EventIds.ConnectionAborted, LogLevel.Debug, "Connection {Connection} aborted: {Reason}")]
    public static partial void ConnectionAborted(ILogger logger, long connection, string reason);

    [LoggerMessage(EventIds.ProxyHeaderMissing, LogLevel.Warning,
        "Connection {Connection} was closed: {Reason}. Name each proxy by TrustedProxies (--trusted-proxy), and let no other client come to this endpoint. "
        + "Further ones are logged at the level Debug.")]
    public static partial void ProxyHeaderMissing(ILogger logger, long connection, string reason);

    [LoggerMessage(EventIds.LoopFaulted, LogLevel.Error, "A handler on {Loop} threw; its connection is aborted, the loop goes on.")]
    public static partial void LoopFaulted(ILogger logger, string loop, Exception exception);

    [LoggerMessage(EventIds.LoopEnded, LogLevel.Critical, "{Loop} ended by a fault; its connections are aborted.")]
    public static partial void LoopEnded(ILogger logger, string loop, Exception exception);

    [LoggerMessage(EventIds.LoopWaitFailed, LogLevel.Error, "{Loop} could not wait for events; it tries again.")]
    public static partial void LoopWaitFailed(ILogger logger, string loop, Exception exception);

    [LoggerMessage(EventIds.LoopStuck, LogLevel.Error, "{Loop} did not end before the deadline: a handler blocks it.")]
    public static partial void LoopStuck(ILogger logger, string loop);

    [LoggerMessage(EventIds.TransportFallback, LogLevel.Warning, "epoll is not available here; using the sockets transport.")]
    public static partial void TransportFallback(ILogger logger);

    [LoggerMessage(EventIds.HandshakeThreadStuck, LogLevel.Error,
        "{Thread} did not end before the deadline: a handshake, or a source of certificates, holds it.")]
    public static partial void HandshakeThreadStuck(ILogger logger, string thread);

    [LoggerMessage(EventIds.RootSwitched, LogLevel.Information, "ROOT {Name} leads to another folder now, {Path}; new requests get it.")]
    public static partial void RootSwitched(ILogger logger, string name, string path);

    [LoggerMessage(EventIds.RootLost, LogLevel.Warning,
        "ROOT {Name} {Problem}; what it led to before, {Path}, is served meanwhile.")]
    public static partial void RootLost(ILogger logger, string name, string problem, string path);

    [LoggerMessage(EventIds.RootFound, LogLevel.Information, "ROOT {Name} leads to a folder again: {Path}.")]
    public static partial void RootFound(ILogger logger, string name, string path);

    [LoggerMessage(EventIds.TlsCertificateUnusable, LogLevel.Error, "The certificate {Subject} cannot be used; handshakes that need it fail: {Problem}")]
    public static partial void TlsCertificateUnusable(ILogger logger, string subject, string problem);

    [LoggerMessage(EventIds.TlsEngineFallback, LogLevel.Warning,
        "libssl.so.3 cannot be loaded: TLS goes by SslStream, which costs more and resumes no sessions. Install OpenSSL 3 (Debian: libssl3).")]
    public static partial void TlsEngineFallback(ILogger logger);

    [LoggerMessage(EventIds.WebSocketCutOff, LogLevel.Debug, "The WebSocket of {Request} was cut off: {Reason}.")]
    public static partial void WebSocketCutOff(ILogger logger, string request, string reason);

    [LoggerMessage(EventIds.Http2ConnectionError, LogLevel.Debug, "Connection {Connection} ended with GOAWAY({Code}): {Reason}.")]
    public static partial void Http2ConnectionError(ILogger logger, long connection, string code, string reason);

    // A warning, because it is one client's doing, and an operator can see to it.
    [LoggerMessage(EventIds.Http2Calmed, LogLevel.Warning,
        "Connection {Connection} from {Client} ended with GOAWAY(ENHANCE_YOUR_CALM): {Reason}.")]
    public static partial void Http2Calmed(ILogger logger, long connection, string client, string reason);

    [LoggerMessage(EventIds.Http2ClientError, LogLevel.Debug, "Connection {Connection}: its client has sent GOAWAY({Code}): {Reason}")]
    public static partial void Http2ClientError(ILogger logger, long connection, string code, string reason);
}
