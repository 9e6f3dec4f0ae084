using System.Diagnostics.Metrics;
using System.Net;
using PipeServer.Server;

namespace PipeServer.Telemetry;

/// <summary>
/// What a server offers to listeners of <c>System.Diagnostics</c>: metrics by a meter of its own, told apart from other servers' by its address,
/// and activities by a source that is the process's.
/// </summary>
internal sealed class ServerTelemetry : RequestTelemetry, IDisposable
{
    /// <summary>The name of both.</summary>
    public const string Name = "PipeServer";

    private readonly Meter? _meter;
    private readonly RequestMetrics? _requests;
    private readonly bool _isStandard;
    private readonly bool _hasActivities;
    private Histogram<double>? _handshakes; // where TLS is spoken

    private ServerTelemetry(Meter? meter, bool isStandard, bool hasActivities)
    {
        _meter = meter;
        _isStandard = isStandard;
        _requests = meter is null ? null : new RequestMetrics(meter, isStandard);
        _hasActivities = hasActivities;
    }

    /// <summary>The library's version.</summary>
    public static string? Version => typeof(HttpServer).Assembly.GetName().Version?.ToString(3);

    public override bool IsEnabled =>
        _requests is { IsEnabled: true } || (RequestActivities.IsSupported && _hasActivities && RequestActivities.HasListeners);

    /// <summary>What the options want; null when that is nothing.</summary>
    /// <param name="options">The options.</param>
    /// <param name="endPoint">Where the server listens, the first of its places.</param>
    /// <param name="server">Whose meter it is: its scope, unless a factory makes it.</param>
    /// <exception cref="InvalidOperationException">The factory returns null.</exception>
    public static ServerTelemetry? TryCreate(HttpServerOptions options, EndPoint endPoint, object server) =>
        options is { Metrics: false, Activities: false }
            ? null
            : new ServerTelemetry(
                options.Metrics ? CreateMeter(options.MeterFactory, endPoint, server) : null, options.RequestMetrics, options.Activities);

    /// <summary>Offers what the server counts.</summary>
    /// <param name="read">Reads the truth.</param>
    /// <param name="isTlsSpoken">There are handshakes to tell of.</param>
    public void Observe(Func<ServerStatistics> read, bool isTlsSpoken)
    {
        if (_meter is not null)
        {
            if (isTlsSpoken)
            {
                _handshakes = _meter.CreateHistogram(
                    "pipeserver.tls.handshake.duration",
                    "s",
                    "How long TLS handshakes have taken from their first byte.",
                    tags: null,
                    RequestMetrics.DurationBuckets);
            }

            _ = new ServerMetrics(_meter, read, _isStandard, isTlsSpoken); // the meter's instruments keep it
        }
    }

    public override void RecordHandshake(HandshakeOutcome outcome, TlsVersion? version, TimeSpan duration)
    {
        if (_handshakes is { Enabled: true } handshakes)
        {
            handshakes.Record(duration.TotalSeconds, HandshakeTags.Of(outcome, version));
        }
    }

    /// <summary>Offers how long the server's certificates last.</summary>
    /// <param name="options">Gives the options in force.</param>
    public void ObserveCertificates(Func<HttpServerOptions> options)
    {
        if (_meter is not null)
        {
            CertificateMetrics.AddTo(_meter, options);
        }
    }

    public override void Begin(Exchange exchange)
    {
        if (RequestActivities.IsSupported && _hasActivities)
        {
            RequestActivities.Begin(exchange);
        }
    }

    public override void Resume(Exchange exchange)
    {
        if (RequestActivities.IsSupported && _hasActivities)
        {
            RequestActivities.Resume(exchange);
        }
    }

    public override void End(Exchange exchange, in RequestCompletion completion)
    {
        if (!IsEnabled && exchange.Activity is null)
        {
            return; // another listener wants to know of it
        }

        var errorType = ErrorTypes.Of(exchange, in completion);
        try
        {
            _requests?.Record(exchange, in completion, errorType);
        }
        finally
        {
            if (RequestActivities.IsSupported && _hasActivities)
            {
                RequestActivities.End(exchange, in completion, errorType);
            }
        }
    }

    /// <summary>Ends the meter: nobody listens to it any more.</summary>
    public void Dispose() => _meter?.Dispose();

    private static Meter CreateMeter(Func<MeterOptions, Meter>? factory, EndPoint endPoint, object server)
    {
        // Two servers of a process have instruments of the same names, and their figures must not become one.
        var options = new MeterOptions(Name)
        {
            Version = Version,
            Tags = endPoint is IPEndPoint ip
                ? [new("server.address", ip.Address.ToString()), new("server.port", ip.Port)]
                : [new("server.address", endPoint.ToString())],
        };
        if (factory is not null)
        {
            return factory(options) ?? throw new InvalidOperationException(
                $"{nameof(HttpServerOptions.MeterFactory)} must return a meter; it returned null. Leave it out for one of the server's own.");
        }

        options.Scope = server;
        return new Meter(options);
    }
}
