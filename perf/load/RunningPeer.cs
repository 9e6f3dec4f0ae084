using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>A peer that is running: what it has cost so far, and its end. Nothing else is ever stopped than this process.</summary>
internal sealed class RunningPeer(Peer peer, Process process, int port, string report) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private readonly string _root = $"/proc/{process.Id}";

    public Peer Peer => peer;

    public int Port => port;

    /// <summary>The processes: the one that was started, and its children, in which nginx works.</summary>
    public IEnumerable<int> ProcessIds() => Roots().Select(static root => int.Parse(root["/proc/".Length..], CultureInfo.InvariantCulture));

    /// <summary>Requests that the load generator counted: what the allocations are divided by.</summary>
    public long Requests { get; set; }

    public async Task WaitUntilItAnswersAsync(CancellationToken cancellation)
    {
        // What nobody reads would fill the pipe and stop the server.
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (process.HasExited)
            {
                throw new MeasurementException($"{peer.Name} ended at once: {(await errors).Trim()}");
            }

            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 2000 };
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
                return;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(20, cancellation);
            }
        }
    }

    /// <summary>Processor time and context switches of the server since its start, its child processes included.</summary>
    public ProcessCost Cost()
    {
        var cost = default(ProcessCost);
        foreach (var root in Roots())
        {
            cost = cost with { CpuMicroseconds = cost.CpuMicroseconds + ProcessClock.Microseconds(int.Parse(root["/proc/".Length..], CultureInfo.InvariantCulture)) };
            cost = cost with { ContextSwitches = cost.ContextSwitches + Directory.EnumerateDirectories($"{root}/task").Sum(Switches) };
        }

        return cost;
    }

    /// <summary>Resident memory in KiB, what processes share counted once as far as the system can tell.</summary>
    public long ResidentKilobytes() => Roots().Sum(static root =>
        Number(File.ReadLines($"{root}/smaps_rollup").First(static line => line.StartsWith("Pss:", StringComparison.Ordinal))));

    /// <summary>Stops it in order, and reads how many bytes it allocated in its life, if it tells.</summary>
    public async Task<long?> StopAsync()
    {
        if (!process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await kill.WaitForExitAsync();
            using var patience = new CancellationTokenSource(Patience);
            await process.WaitForExitAsync(patience.Token);
        }

        return peer.Reports && File.Exists(report) ? ReadAllocated() : null;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        File.Delete(report);
        process.Dispose();
    }

    private static long Switches(string task)
    {
        try
        {
            return File.ReadLines($"{task}/status").Where(static line => line.Contains("ctxt_switches", StringComparison.Ordinal)).Sum(Number);
        }
        catch (IOException)
        {
            return 0; // the thread has ended in between
        }
    }

    private static long Number(string line) =>
        long.Parse(line.Split([' ', '\t', ':'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);

    private long ReadAllocated()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(report));
        var holder = json.RootElement.TryGetProperty("runtime", out var runtime) ? runtime : json.RootElement;
        return holder.GetProperty("allocatedBytes").GetInt64();
    }

    // nginx works in children of the process that was started.
    private IEnumerable<string> Roots() =>
        File.ReadAllText($"{_root}/task/{process.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(static child => $"/proc/{child.Trim()}").Prepend(_root);
}
