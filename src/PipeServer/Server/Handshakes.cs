using PipeServer.Workers;

namespace PipeServer.Server;

/// <summary>
/// The TLS handshakes of a server: how many may be in progress, the threads that do their costly part, and what has become of them. Made only where TLS is
/// spoken. Thread-safe.
/// </summary>
internal sealed class Handshakes
{
    private readonly Permits _places;
    private readonly long[] _counts = new long[Enum.GetValues<HandshakeOutcome>().Length * Versions];
    private readonly RequestTelemetry? _telemetry;
    private int _active;

    // Not known, 1.2, 1.3.
    private const int Versions = 3;

    /// <param name="options">The options in force.</param>
    /// <param name="telemetry">Who listens, or null.</param>
    public Handshakes(HttpServerOptions options, RequestTelemetry? telemetry)
    {
        _places = new Permits(Most(options));
        _telemetry = telemetry;

        // Each handshake has one piece of work at a time, so that the queue is long enough whatever comes; its ring grows with what is in it.
        Threads = new WorkerPool(Environment.ProcessorCount, Math.Max(Most(options), options.MaxConnections), new WorkerPoolOptions
        {
            ThreadNamePrefix = "handshake",
            Logger = Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance,
            TimeProvider = options.TimeProvider,
        });
    }

    /// <summary>One for each core, started by need.</summary>
    public WorkerPool Threads { get; }

    /// <summary>How many are in progress.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>How many may be at once.</summary>
    public static int Most(HttpServerOptions options) => options.MaxHandshakes ?? Math.Max(1, options.MaxConnections / 2);

    /// <summary>Takes the limit of the options in force.</summary>
    public void Reload(HttpServerOptions options) => _places.Resize(Most(options));

    /// <summary>Takes a place; false when there are too many.</summary>
    public bool TryBegin()
    {
        if (!_places.TryTake())
        {
            Count(HandshakeOutcome.Refused, version: null);
            return false;
        }

        Interlocked.Increment(ref _active);
        return true;
    }

    /// <summary>Gives it back.</summary>
    /// <param name="outcome">What has become of the handshake.</param>
    /// <param name="version">What it has agreed on; null where that is not known.</param>
    /// <param name="duration">From its first byte.</param>
    public void End(HandshakeOutcome outcome, TlsVersion? version, TimeSpan duration)
    {
        Interlocked.Decrement(ref _active);
        _places.Return();
        Count(outcome, version);
        _telemetry?.RecordHandshake(outcome, version, duration);
    }

    /// <summary>How many have ended how, of those that there have been any.</summary>
    public IReadOnlyList<HandshakeCount> Read()
    {
        var read = new List<HandshakeCount>();
        for (var index = 0; index < _counts.Length; index++)
        {
            if (Volatile.Read(ref _counts[index]) is > 0 and var count)
            {
                var version = index % Versions is > 0 and var known ? (TlsVersion?)(known - 1) : null;
                read.Add(new HandshakeCount((HandshakeOutcome)(index / Versions), version, count));
            }
        }

        return read;
    }

    private void Count(HandshakeOutcome outcome, TlsVersion? version) =>
        Interlocked.Increment(ref _counts[((int)outcome * Versions) + (version is { } known ? 1 + (int)known : 0)]);
}
