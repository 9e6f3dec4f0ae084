namespace PipeServer.Load;

/// <summary>A saved run.</summary>
internal sealed record RunResult(
    string Date, string Commit, Machine Machine, int Rounds, int SecondsEach, IReadOnlyList<Measurement> Measurements)
{
    public Measurement? Find(string workload, string server) =>
        Measurements.FirstOrDefault(measurement => measurement.Workload == workload && measurement.Server == server);
}
