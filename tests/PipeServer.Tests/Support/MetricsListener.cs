using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace PipeServer.Tests.Support;

/// <summary>Listens to the meters of one scope: a server or a file handler, which has been started.</summary>
internal sealed class MetricsListener : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, double> _observed = [];
    private long _completed;

    public MetricsListener(object scope)
        : this(meter => ReferenceEquals(meter.Scope, scope))
    {
    }

    public MetricsListener(Func<Meter, bool> isWanted)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (isWanted(instrument.Meter))
            {
                Instruments.Enqueue(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.MeasurementsCompleted = (_, _) => Interlocked.Increment(ref _completed);
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => See(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => See(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => See(instrument, value, tags));
        _listener.Start();
    }

    public ConcurrentQueue<Instrument> Instruments { get; } = [];

    /// <summary>What histograms have recorded: the instrument's name, the value, and the tags as text.</summary>
    public ConcurrentQueue<(string Name, double Value, string Tags)> Recorded { get; } = [];

    /// <summary>How many instruments have ended.</summary>
    public long Completed => Volatile.Read(ref _completed);

    /// <summary>Reads all that is to be read: by the instrument's name, behind it the tags' values.</summary>
    public IReadOnlyDictionary<string, double> Observe()
    {
        _observed.Clear();
        _listener.RecordObservableInstruments();
        return new SortedDictionary<string, double>(_observed);
    }

    public void Dispose() => _listener.Dispose();

    private void See(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (instrument.IsObservable)
        {
            var values = tags.ToArray().Select(static tag => string.Create(CultureInfo.InvariantCulture, $" {tag.Value}"));
            Assert.True(_observed.TryAdd(instrument.Name + string.Concat(values), value), "no figure comes twice");
        }
        else
        {
            Recorded.Enqueue((instrument.Name, value, string.Join(' ', tags.ToArray().Select(
                static tag => string.Create(CultureInfo.InvariantCulture, $"{tag.Key}={tag.Value}")))));
        }
    }
}
