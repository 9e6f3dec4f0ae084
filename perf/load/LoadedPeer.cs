using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>A running server under one workload: what each round has shown.</summary>
internal sealed class LoadedPeer(Workshop workshop, RunningPeer running, Workload workload, Placement placement)
{
    private readonly List<(LoadFigures Load, ProcessCost Cost)> _rounds = [];
    private readonly List<LoadFigures> _others = [];
    private double? _rate;

    public RunningPeer Running => running;

    /// <summary>What is asked of this server: a condition is its own.</summary>
    public Workload Workload { get; set; } = workload;

    private string Path => running.Peer.Paths[Workload.Route];

    /// <summary>Puts load on it.</summary>
    public async Task<LoadFigures> LoadAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var load = Workload.Tls is TlsUse.NewHandshake or TlsUse.Resumed
            ? await ShortConnections.RunTlsAsync(workshop.Handshakes, Workload, running.Port, Path, duration, placement, cancellation)
            : Workload.IsHttp2
            ? await LoadHttp2Async(duration, cancellation)
            : Workload.IsWebSocket
            ? await ShortConnections.RunAsync(workshop.WebSockets, Workload, running.Port, Path, duration, placement, cancellation)
            : Workload.IsOnePerConnection
            ? await ShortConnections.RunAsync(workshop.Connections, Workload, running.Port, Path, duration, placement, cancellation)
            : await Wrk.RunAsync(Workload, running.Port, Path, duration, placement, cancellation);
        running.Requests += load.Requests;
        return load;
    }

    /// <summary>Measures one round.</summary>
    public async Task MeasureAsync(int round, TimeSpan duration, CancellationToken cancellation)
    {
        var before = running.Cost();
        var load = await LoadAsync(duration, cancellation);
        var after = running.Cost();
        _rounds.Add((load, new ProcessCost(after.CpuMicroseconds - before.CpuMicroseconds, after.ContextSwitches - before.ContextSwitches)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  round {round,2}  {running.Peer.Name,-17} {Cpu(_rounds[^1]),8:F2} µs  {load.RequestsPerSecond,10:N0} requests/s{P99(load)}"));
        if (Workload.Name == "plaintext-256" && ExternalProgram.IsInstalled("bombardier"))
        {
            var other = await Bombardier.RunAsync(Workload, running.Port, Path, duration, cancellation);
            running.Requests += other.Requests;
            _others.Add(other);
        }
    }

    /// <summary>Stops it; the medians, where all rounds were measured.</summary>
    public async Task<IReadOnlyList<Measurement>> FinishAsync(int rounds)
    {
        if (_rounds.Count < rounds)
        {
            return []; // stopped in between
        }

        var allocated = await running.StopAsync();
        var rates = _rounds.ConvertAll(static round => Math.Round(round.Load.RequestsPerSecond, 1));
        var cpu = _rounds.ConvertAll(static round => Math.Round(Cpu(round), 3));
        List<Measurement> measurements =
        [
            new(
                Workload.Name,
                running.Peer.Name,
                Medians.Of(rates),
                Medians.Of(cpu),
                Median(_rounds.Select(static round => round.Load.P50)),
                Median(_rounds.Select(static round => round.Load.P99)),
                Medians.Of(_rounds.Select(static round => (double)round.Cost.ContextSwitches / round.Load.Requests)),
                (double?)allocated / running.Requests,
                HadErrors: _rounds.Any(static round => round.Load.Errors),
                RoundRates: rates,
                RoundCpu: cpu),
        ];
        if (_others.Count > 0)
        {
            measurements.Add(new Measurement(
                Bombardier.Workload, running.Peer.Name, Medians.Of(_others.Select(static load => load.RequestsPerSecond)),
                P50Milliseconds: Median(_others.Select(static load => load.P50)), P99Milliseconds: Median(_others.Select(static load => load.P99)),
                HadErrors: _others.Any(static load => load.Errors)));
        }

        return measurements;
    }

    // By a number of requests, once it is known how many that are.
    private async Task<LoadFigures> LoadHttp2Async(TimeSpan duration, CancellationToken cancellation)
    {
        var load = _rate is { } rate
            ? await H2Load.RunAsync(Workload, running.Port, Path, (long)(rate * duration.TotalSeconds), placement, cancellation)
            : await H2Load.RunAsync(Workload, running.Port, Path, duration, placement, cancellation);
        _rate = load.RequestsPerSecond;
        return load;
    }

    private static string P99(LoadFigures load) => load.P99 is { } milliseconds ? string.Create(CultureInfo.InvariantCulture, $"  p99 {milliseconds:F2} ms") : "";

    private static double? Median(IEnumerable<double?> values) =>
        values.ToList() is var all && all.TrueForAll(static value => value is not null) ? Medians.Of(all.OfType<double>()) : null;

    private static double Cpu((LoadFigures Load, ProcessCost Cost) round) => (double)round.Cost.CpuMicroseconds / round.Load.Requests;
}
