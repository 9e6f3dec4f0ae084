using System.Diagnostics;
using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>Counts the system calls of a short connection by <c>strace -c -f</c>, which is attached to a server that is warm.</summary>
internal sealed class SystemCallRun(string[] servers)
{
    private const int Connections = 5000;

    // Below a hundredth a connection a call is the server's own: its heartbeat, its threads.
    private const double LeastShown = 0.01;

    private static readonly (string Name, string Route)[] Kinds = [("plaintext", "/plaintext"), ("file of 1 KiB", "/1k.bin")];
    private static readonly Workload Plain = Workload.All.First(static workload => !workload.IsHttp2 && workload.Tls == TlsUse.None);
    private static readonly string[] Usual = ["nginx", "h2o", "kestrel-native", "epoll-inline"];

    /// <summary>Counts and prints.</summary>
    /// <returns>0.</returns>
    /// <exception cref="MeasurementException">A tool is missing, or strace may not attach.</exception>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        using var workshop = new Workshop();
        var peers = Choice.Of(Peer.All(workshop), servers, [], static peer => peer.Name, static peer => Usual.Contains(peer.Name), "--servers");
        ExternalProgram.RequireInstalled(("strace", "strace"));
        await Workshop.CheckToolsAsync(peers, splits: false, [], cancellation);
        await workshop.BuildAsync(peers, [], cancellation);
        Console.WriteLine("\n| system calls a connection | in all | of them |\n|---|---:|---|");
        foreach (var (name, route) in Kinds)
        {
            foreach (var peer in peers.Where(peer => peer.EndsConnections && peer.Paths.ContainsKey(route)))
            {
                await using var server = await peer.StartAsync(Placement.Shared, Plain, cancellation);
                var path = peer.Paths[route];
                await ShortConnections.OpenAsync(workshop.Connections, server.Port, path, Connections, cancellation);
                var calls = await CountAsync(workshop, server, path, cancellation);
                Console.WriteLine($"| {name}, {peer.Name} | {PerConnection(calls.Sum(static call => call.Calls))} | {List(calls)} |");
            }
        }

        return 0;
    }

    private static string List(IReadOnlyList<(string Name, long Calls)> calls) => string.Join(
        ", ", calls.Where(static call => (double)call.Calls / Connections >= LeastShown).Select(static call => $"{call.Name} {PerConnection(call.Calls)}"));

    private static string PerConnection(long calls) => ((double)calls / Connections).ToString("F2", CultureInfo.InvariantCulture);

    private static async Task<IReadOnlyList<(string Name, long Calls)>> CountAsync(
        Workshop workshop, RunningPeer server, string path, CancellationToken cancellation)
    {
        var summary = Path.GetTempFileName();
        try
        {
            using var strace = ExternalProgram.Start(
                ["strace", "-c", "-f", "-o", summary, .. server.ProcessIds().SelectMany(static process => new[] { "-p", $"{process}" })]);
            try
            {
                await WaitUntilAttachedAsync(strace, server, cancellation);
                await ShortConnections.OpenAsync(workshop.Connections, server.Port, path, Connections, cancellation);
            }
            finally
            {
                using var interrupt = Process.Start("kill", ["-INT", $"{strace.Id}"]); // it lets the server go, and writes its summary
                await interrupt.WaitForExitAsync(CancellationToken.None);
                await strace.WaitForExitAsync(CancellationToken.None);
            }

            return SystemCallTable.Parse(await File.ReadAllLinesAsync(summary, cancellation));
        }
        finally
        {
            File.Delete(summary);
        }
    }

    private static async Task WaitUntilAttachedAsync(Process strace, RunningPeer server, CancellationToken cancellation)
    {
        // What nobody reads would fill the pipe and stop strace.
        _ = strace.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = strace.StandardError.ReadToEndAsync(CancellationToken.None);
        while (!server.ProcessIds().All(IsTraced))
        {
            if (strace.HasExited)
            {
                throw new MeasurementException($"strace does not attach: {(await errors).Trim()}");
            }

            await Task.Delay(20, cancellation);
        }
    }

    private static bool IsTraced(int process)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{process}/task").All(static task => File.ReadLines($"{task}/status").Any(static line =>
                line.StartsWith("TracerPid:", StringComparison.Ordinal) && !line.EndsWith("\t0", StringComparison.Ordinal)));
        }
        catch (IOException)
        {
            return false; // a thread has ended in between
        }
    }
}
