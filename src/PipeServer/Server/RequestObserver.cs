using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// Tells <see cref="HttpServerOptions.OnCompleted"/> and the server's telemetry of each request, once. Made only where there is one of the two.
/// </summary>
internal sealed class RequestObserver(RequestCompletedHandler? completed, RequestTelemetry? telemetry, TimeProvider timeProvider, ILogger logger)
{
    private int _hasFaulted;

    private bool IsWanted => completed is not null || telemetry!.IsEnabled;

    /// <summary>A request's head is complete.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(Exchange exchange)
    {
        exchange.IsObserved = IsWanted;
        if (exchange.IsObserved)
        {
            BeginObserved(exchange);
        }
    }

    private void BeginObserved(Exchange exchange)
    {
        exchange.StartedAt = timeProvider.GetTimestamp();
        (exchange.Worker, exchange.Activity) = (null, null);
        if (telemetry is { IsEnabled: true })
        {
            BeginTelemetry(exchange);
        }
    }

    /// <summary>It has got a worker, on whose thread this is.</summary>
    public void OnWorker(Exchange exchange)
    {
        if (exchange.IsObserved)
        {
            exchange.Worker = exchange.Connection.Server.Workers.CurrentWorker;
            telemetry?.Resume(exchange);
        }
    }

    /// <summary>A request has ended.</summary>
    /// <param name="exchange">The request, with its answer as far as there is one.</param>
    /// <param name="isWhole">The answer is written to its end.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Complete(Exchange exchange, bool isWhole)
    {
        // A head that was refused has not begun here.
        if (exchange.IsObserved || exchange.Refusal != RequestError.None)
        {
            CompleteObserved(exchange, isWhole);
        }
    }

    private void CompleteObserved(Exchange exchange, bool isWhole)
    {
        var head = exchange.Head;
        var isUnderstood = head.Error == RequestError.None && exchange.Refusal != RequestError.HeadTimeout;
        if (!(isUnderstood ? exchange.IsObserved : IsWanted))
        {
            return;
        }

        var hasStatus = isWhole || exchange.Writer.HasStarted;
        var fault = exchange.Fault ?? exchange.Writer.Fault;
        var outcome = isWhole
            ? exchange.Refusal != RequestError.None ? RequestOutcome.Refused : fault is not null ? RequestOutcome.Faulted : RequestOutcome.Answered
            : exchange.IsClientGone || fault is BadHttpRequestException ? RequestOutcome.Aborted : RequestOutcome.Faulted;
        Tell(exchange, new RequestCompletion(
            isUnderstood ? exchange.Request : null,
            exchange.Refusal == RequestError.HeadTimeout ? default : head.RequestLine,
            exchange.RemoteEndPoint)
        {
            Tls = exchange.Connection.Tls,
            StatusCode = hasStatus ? exchange.Response.StatusCode : 0,
            Outcome = outcome,
            Reason = outcome switch
            {
                RequestOutcome.Answered => null,
                RequestOutcome.Refused => RequestErrors.Text(exchange.Refusal),
                RequestOutcome.Faulted => "the handler failed",
                _ => exchange.IsAborted ? RequestPipeline.AbortedByHandler : (fault as BadHttpRequestException)?.Text ?? "the client left before its answer",
            },
            Exception = outcome == RequestOutcome.Faulted ? fault : null,
            BodyBytesReceived = isUnderstood ? exchange.BodyBytesReceived : 0,
            BodyBytesSent = exchange.Writer.BodyBytesSent,
            MessagesReceived = exchange.ExistingExtras?.Switched?.MessagesReceived,
            MessagesSent = exchange.ExistingExtras?.Switched?.MessagesSent,
            Duration = isUnderstood ? timeProvider.GetElapsedTime(exchange.StartedAt) : TimeSpan.Zero,
            QueueWait = isUnderstood && exchange.MayBlock ? timeProvider.GetElapsedTime(exchange.QueuedAt, exchange.DequeuedAt) : TimeSpan.Zero,
            Worker = isUnderstood ? exchange.Worker : null,
        });
    }

    /// <summary>A client was refused before anything of it was read.</summary>
    public void CompleteUnread(EndPoint? client, RequestError refusal) =>
        Tell(exchange: null, new RequestCompletion(request: null, requestLine: default, client)
        {
            StatusCode = RequestErrors.Status(refusal),
            Outcome = RequestOutcome.Refused,
            Reason = RequestErrors.Text(refusal),
        });

    private void Tell(Exchange? exchange, in RequestCompletion completion)
    {
        try
        {
            completed?.Invoke(in completion);
        }
#pragma warning disable CA1031 // Foreign code, whose faults change no request.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFault(exception);
        }

        if (exchange is null || telemetry is null)
        {
            return;
        }

        try
        {
            telemetry.End(exchange, in completion);
        }
#pragma warning disable CA1031 // Listeners to metrics and activities, the same.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFault(exception);
        }
    }

    private void BeginTelemetry(Exchange exchange)
    {
        try
        {
            telemetry!.Begin(exchange);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogFault(exception);
        }
    }

    // Once: it would come with every request.
    private void LogFault(Exception exception)
    {
        if (Interlocked.Exchange(ref _hasFaulted, 1) == 0)
        {
            Log.CompletedListenerFailed(logger, exception);
        }
    }
}
