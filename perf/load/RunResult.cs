namespace PipeServer.Load;

/// <summary>A saved run.</summary>
/// <param name="Date">When it ended.</param>
/// <param name="Commit">What was measured.</param>
/// <param name="Machine">Where.</param>
/// <param name="Rounds">Rounds of the workloads that have aims; the others have <see cref="LoadRun.RoundsWithoutAims"/> at most.</param>
/// <param name="SecondsEach">Seconds of load a measurement.</param>
/// <param name="Measurements">The figures.</param>
/// <param name="Command">The harness's command line.</param>
internal sealed record RunResult(
    string Date, string Commit, Machine Machine, int Rounds, int SecondsEach, IReadOnlyList<Measurement> Measurements, string? Command = null)
{
    public Measurement? Find(string workload, string server) =>
        Measurements.FirstOrDefault(measurement => measurement.Workload == workload && measurement.Server == server);

    /// <summary>Processor time a request, to that of another server in the same rounds.</summary>
    public double? CpuRatio(string workload, string server, string to)
    {
        var (ours, theirs) = (Find(workload, server), Find(workload, to));
        return Medians.OfPairs(ours?.RoundCpu, theirs?.RoundCpu, ours?.CpuMicrosecondsPerRequest, theirs?.CpuMicrosecondsPerRequest);
    }

    /// <summary>Requests a second, to those of another server in the same rounds.</summary>
    public double? RateRatio(string workload, string server, string to)
    {
        var (ours, theirs) = (Find(workload, server), Find(workload, to));
        return Medians.OfPairs(ours?.RoundRates, theirs?.RoundRates, ours?.RequestsPerSecond, theirs?.RequestsPerSecond);
    }
}
