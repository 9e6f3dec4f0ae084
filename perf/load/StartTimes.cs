using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>How long each server takes from its start to its first answer, and its memory then (clients/first.c).</summary>
internal static class StartTimes
{
    private const int Starts = 20;

    // About what a distribution configures. nginx makes room for all of them at its start, so what the load needs would slow it down.
    private const int Connections = 1024;

    /// <summary>What a server takes of the run's time.</summary>
    public static TimeSpan Estimate(Peer peer) => TimeSpan.FromSeconds(peer.IsJit ? 0.8 : 0.25) * Starts;

    /// <summary>Starts all servers in turn, twenty times.</summary>
    /// <exception cref="MeasurementException">A server does not answer.</exception>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(
        Workshop workshop, Workload workload, IReadOnlyList<Peer> peers, CancellationToken cancellation)
    {
        var starts = peers.ToDictionary(static peer => peer.Name, static _ => new List<FirstAnswer>(), StringComparer.Ordinal);
        var report = Path.GetTempFileName();
        try
        {
            for (var start = 0; start < Starts; start++)
            {
                foreach (var peer in peers)
                {
                    var port = LoopbackPort.Free();
                    var command = peer.Command(new PeerStart(port, report, Environment.ProcessorCount, Connections));
                    starts[peer.Name].Add(FirstAnswer.Parse(await ExternalProgram.CaptureAsync(
                        cancellation, [workshop.First, $"{port}", peer.Paths[workload.Route], .. command])));
                }
            }
        }
        finally
        {
            File.Delete(report);
        }

        foreach (var (name, answers) in starts)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {name,-17} {Medians.Of(answers.Select(static answer => answer.Milliseconds)),8:N1} ms, from {answers.Min(static answer => answer.Milliseconds):N1} to {answers.Max(static answer => answer.Milliseconds):N1}"));
        }

        return
        [
            .. starts.Select(pair => new Measurement(
                workload.Name,
                pair.Key,
                StartMilliseconds: Medians.Of(pair.Value.Select(static answer => answer.Milliseconds)),
                ResidentSetKilobytes: (long)Medians.Of(pair.Value.Select(static answer => (double)answer.ResidentSetKilobytes)),
                ResidentKilobytes: (long)Medians.Of(pair.Value.Select(static answer => (double)answer.ProportionalKilobytes)))),
        ];
    }
}
