using System.Diagnostics.Metrics;
using PipeServer.Http;
using PipeServer.Server;

namespace PipeServer.Telemetry;

/// <summary>How long requests take, recorded one by one: only while somebody listens, and without an allocation.</summary>
internal sealed class RequestMetrics
{
    /// <summary>OpenTelemetry's for <c>http.server.request.duration</c>.</summary>
    public static readonly InstrumentAdvice<double> DurationBuckets = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    };

    // A worker that is free takes some ten microseconds; QueueTimeout is a minute.
    private static readonly InstrumentAdvice<double> WaitBuckets = new()
    {
        HistogramBucketBoundaries =
        [
            0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
        ],
    };

    private readonly Histogram<double>? _duration;
    private readonly Histogram<double> _queueWait;
    private readonly RequestTags _tags = new();

    /// <param name="meter">Gets the instruments.</param>
    /// <param name="isStandard">Also that of every HTTP server, <c>http.server.*</c>.</param>
    public RequestMetrics(Meter meter, bool isStandard)
    {
        _duration = isStandard
            ? meter.CreateHistogram("http.server.request.duration", "s", "Duration of HTTP server requests.", tags: null, DurationBuckets)
            : null;
        _queueWait = meter.CreateHistogram(
            "pipeserver.queue.wait", "s", "How long requests have waited for a worker or the thread pool, those that needed one.", tags: null, WaitBuckets);
    }

    /// <summary>Somebody listens.</summary>
    public bool IsEnabled => _duration is { Enabled: true } || _queueWait.Enabled;

    /// <summary>A request has ended.</summary>
    public void Record(Exchange exchange, in RequestCompletion completion, string? errorType)
    {
        if (_duration is { Enabled: true })
        {
            // Of a head that was not understood nothing is known but its refusal.
            _duration.Record(
                completion.Duration.TotalSeconds,
                _tags.Of(completion.Request is { } request
                    ? new RequestTagsKey(
                        exchange.Head.Method, completion.StatusCode, RequestTags.VersionOf(request), request.Route, errorType, exchange.IsHttps)
                    : new RequestTagsKey(RequestMethod.Other, completion.StatusCode, version: -1, route: null, errorType, exchange.IsHttps)));
        }

        if (_queueWait.Enabled && completion.Request is not null && exchange.MayBlock && exchange.Refusal != RequestError.QueueFull)
        {
            _queueWait.Record(completion.QueueWait.TotalSeconds);
        }
    }
}
