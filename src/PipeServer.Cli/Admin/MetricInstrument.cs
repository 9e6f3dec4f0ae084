using System.Diagnostics.Metrics;

namespace PipeServer.Cli.Admin;

/// <summary>One instrument, and what it has measured, by its attributes. Measuring may be done from any thread.</summary>
internal sealed class MetricInstrument
{
    /// <summary>
    /// The most sets of attributes that are told apart. What comes beyond that is counted in one series more, as OpenTelemetry has it: the sum stays
    /// right, and memory bounded.
    /// </summary>
    public const int MaxSeries = 1000;

    private const string Overflow = "otel_metric_overflow=\"true\"";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);
    private KnownTags? _known; // once there are attributes
    private readonly MetricFamily _family;
    private readonly bool _isSet;
    private MetricSeries? _untagged;
    private int _round;

    /// <summary>Takes in what an instrument says of itself.</summary>
    public MetricInstrument(Instrument instrument)
    {
        var type = instrument.GetType();
        var generic = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        Kind = generic == typeof(Histogram<>) ? MetricKind.Histogram
            : generic == typeof(Counter<>) || generic == typeof(ObservableCounter<>) ? MetricKind.Counter
            : MetricKind.Gauge;
        (IsObservable, _isSet) = (instrument.IsObservable, generic == typeof(Gauge<>));
        var name = MetricName.Of(instrument.Name, instrument.Unit, Kind, out var unit);
        var help = string.IsNullOrEmpty(instrument.Description) ? instrument.Name : instrument.Description;
        _family = new MetricFamily(name, Kind, unit, help, Kind == MetricKind.Histogram ? Boundaries(instrument) : null);
    }

    /// <summary>What it is.</summary>
    public MetricKind Kind { get; }

    /// <summary>True where it is asked for its values, instead of telling them as they come.</summary>
    public bool IsObservable { get; }

    /// <summary>Takes a measurement.</summary>
    public void Record(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(tags);
        if (!TrySet(series, value))
        {
            series.Add(value);
        }
    }

    /// <inheritdoc cref="Record(long, ReadOnlySpan{KeyValuePair{string, object?}})"/>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var series = Find(tags);
        if (!TrySet(series, value))
        {
            series.Add(value);
        }
    }

    /// <summary>What is observed from now on is of a new round; what was observed before has gone.</summary>
    public void BeginRound() => _round++;

    /// <summary>Adds what there is now to the families by their names. An instrument of another kind under a name that is taken is left out.</summary>
    public void AddTo(Dictionary<string, MetricFamily> families)
    {
        if (!families.TryGetValue(_family.Name, out var family))
        {
            families[_family.Name] = family = new MetricFamily(_family.Name, Kind, _family.Unit, _family.Help, _family.Boundaries);
        }

        if (family.Kind != Kind || family.Boundaries?.Length != _family.Boundaries?.Length)
        {
            return;
        }

        lock (_gate)
        {
            foreach (var series in _series.Values)
            {
                if (!IsObservable || series.IsOf(_round))
                {
                    family.Add(series.Labels, series.Read());
                }
            }
        }
    }

    // OpenTelemetry's, where nothing is advised. Those of whole numbers advise nothing.
    private static double[] Boundaries(Instrument instrument)
    {
        if (instrument is not Histogram<double> { Advice.HistogramBucketBoundaries: { } advised })
        {
            return [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];
        }

        var boundaries = new double[advised.Count];
        for (var i = 0; i < boundaries.Length; i++)
        {
            boundaries[i] = advised[i];
        }

        return boundaries;
    }

    // False for an instrument that tells what comes to its value, not the value.
    private bool TrySet(MetricSeries series, double value)
    {
        if (IsObservable)
        {
            series.Observe(value, _round);
        }
        else if (_isSet)
        {
            series.Set(value);
        }

        return IsObservable || _isSet;
    }

    private MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        tags.IsEmpty ? _untagged ??= FindOrAdd(tags) : _known?.Find(tags) ?? FindOrAdd(tags);

    private MetricSeries FindOrAdd(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = MetricName.Labels(tags);
        MetricSeries? series;
        lock (_gate)
        {
            if (!_series.TryGetValue(labels, out series))
            {
                labels = _series.Count >= MaxSeries ? Overflow : labels;
                if (!_series.TryGetValue(labels, out series))
                {
                    _series[labels] = series = new MetricSeries(labels, _family.Boundaries);
                }
            }
        }

        // Who is asked for values makes their attributes anew each time.
        if (!tags.IsEmpty && !IsObservable)
        {
            (_known ??= new KnownTags()).Add(tags, series); // of two made at once, one is forgotten, and filled again
        }

        return series;
    }
}
