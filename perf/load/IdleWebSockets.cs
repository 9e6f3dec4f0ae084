using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>What WebSocket connections cost on which nothing is said but the server's pings and their pongs.</summary>
internal static class IdleWebSockets
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);

    // Two rounds of pings, at 30 seconds each.
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(62);

    // Messages before: what each connection adds is to be measured, not what the first ones need.
    private const int WarmUpConnections = 256;

    /// <summary>What a server takes of the run's time.</summary>
    public static readonly TimeSpan Estimate = Pause + Watch + TimeSpan.FromSeconds(5);

    /// <summary>Measures one server after the other.</summary>
    /// <exception cref="MeasurementException">A server has not kept all connections.</exception>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(
        Workshop workshop, Workload workload, IReadOnlyList<Peer> peers, CancellationToken cancellation)
    {
        var measurements = new List<Measurement>();
        foreach (var peer in peers)
        {
            await using var server = await peer.StartAsync(Placement.Shared, workload, cancellation);
            measurements.Add(await MeasureAsync(workshop, workload, server, cancellation));
        }

        return measurements;
    }

    private static async Task<Measurement> MeasureAsync(Workshop workshop, Workload workload, RunningPeer server, CancellationToken cancellation)
    {
        var path = server.Peer.Paths[workload.Route];
        await ShortConnections.RunAsync(
            workshop.WebSockets, workload with { Connections = WarmUpConnections }, server.Port, path, TimeSpan.FromSeconds(1), Placement.Shared, cancellation);
        await Task.Delay(Pause, cancellation);
        var before = server.ResidentKilobytes();
        using var client = ExternalProgram.Start([workshop.WebSockets, $"{server.Port}", path, $"{workload.Connections}", "idle"], hasInput: true);
        try
        {
            if (await client.StandardOutput.ReadLineAsync(cancellation) != "open")
            {
                throw new MeasurementException($"{server.Peer.Name} has not opened all: {await client.StandardError.ReadToEndAsync(cancellation)}");
            }

            await Task.Delay(Pause, cancellation);
            var resident = server.ResidentKilobytes();
            var cost = server.Cost();
            await Task.Delay(Watch, cancellation);
            var percent = (server.Cost().CpuMicroseconds - cost.CpuMicroseconds) / Watch.TotalMicroseconds * 100;
            client.StandardInput.Close();
            var result = await client.StandardOutput.ReadToEndAsync(cancellation);
            if (result.Split(' ') is not [var pings, "0\n"])
            {
                throw new MeasurementException($"{server.Peer.Name} has not kept all connections: pings and errors are {result}");
            }

            var each = (double)(resident - before) / workload.Connections;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {server.Peer.Name,-17} {resident / 1024.0,8:N1} MB, {each:F2} KB a connection; {pings} pings, {percent:F2} % of a core"));
            return new Measurement(
                workload.Name, server.Peer.Name, ResidentKilobytes: resident, ResidentKilobytesPerConnection: each, CpuPercent: percent);
        }
        finally
        {
            if (!client.HasExited)
            {
                client.Kill();
            }
        }
    }
}
