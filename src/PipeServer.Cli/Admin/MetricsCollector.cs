using System.Diagnostics.Metrics;

namespace PipeServer.Cli.Admin;

/// <summary>
/// Listens to the meters of PipeServer from its making on, and gives what they have measured. Measuring costs the thread that does it two additions
/// and no allocation, once it has measured the same before.
/// </summary>
internal sealed class MetricsCollector : IDisposable
{
    private const string Meters = "PipeServer";

    private readonly MeterListener _listener = new();
    private readonly List<MetricInstrument> _instruments = [];
    private readonly Lock _gate = new(); // the list
    private readonly Lock _oneAtATime = new(); // what is observed belongs to one reader

    /// <summary>Begins to listen.</summary>
    /// <param name="isLeftOut">True for an instrument that is not to be listened to.</param>
    public MetricsCollector(Func<Instrument, bool>? isLeftOut = null)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(Meters, StringComparison.Ordinal) && isLeftOut?.Invoke(instrument) != true)
            {
                var taken = new MetricInstrument(instrument);
                lock (_gate)
                {
                    _instruments.Add(taken);
                }

                listener.EnableMeasurementEvents(instrument, taken);
            }
        };
        _listener.MeasurementsCompleted = (_, state) =>
        {
            // Its server is gone, and what it has observed with it. What it has counted stays.
            if (state is MetricInstrument { IsObservable: true } gone)
            {
                lock (_gate)
                {
                    _instruments.Remove(gone);
                }
            }
        };

        // The kinds of numbers that our meters have: each costs 20 KB of the native file.
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => ((MetricInstrument)state!).Record(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => ((MetricInstrument)state!).Record(value, tags));
        _listener.Start();
    }

    /// <summary>All that has been measured, by names, and what is to be observed as of now; the process's own figures with it.</summary>
    public IReadOnlyList<MetricFamily> Collect()
    {
        lock (_oneAtATime)
        {
            MetricInstrument[] instruments;
            lock (_gate)
            {
                instruments = [.. _instruments];
            }

            foreach (var instrument in instruments)
            {
                instrument.BeginRound();
            }

            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException)
            {
                // One that cannot tell its value has none now; all others have been asked.
            }

            var families = new Dictionary<string, MetricFamily>(StringComparer.Ordinal);
            foreach (var instrument in instruments)
            {
                instrument.AddTo(families);
            }

            ProcessMetrics.AddTo(families);
            var all = families.Values.ToArray();
            Array.Sort(all, static (left, right) => string.CompareOrdinal(left.Name, right.Name));
            return all;
        }
    }

    /// <summary>Ends the listening.</summary>
    public void Dispose() => _listener.Dispose();
}
