using System.Diagnostics;
using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>What connections cost that are there and do little or nothing, by kind: memory of the process, of the kernel, and processor time.</summary>
internal static class ConnectionPart
{
    private const string Method =
        "Server: the process's proportional set size before and after, two seconds behind the last connection. Kernel: the slabs of sockets (TCP, inode, "
        + "name, file, epoll entry by /proc/slabinfo) of both ends, halved, as the client is on this machine too. CPU: the server's user and system time. "
        + "Before each, 256 other connections were served and have gone.";

    private const int WarmUpConnections = 256;
    private const int WarmUpRequests = 20;
    private const int SpareDescriptors = 512;
    private const string Forever = "100000"; // seconds

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    // How often a connection that is not quite idle is asked.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    // Each connection is pinged once.
    private static readonly TimeSpan PingPeriod = TimeSpan.FromSeconds(30);

    private static readonly (string Kind, ConnectionForm Form, bool Asks, string[] Options)[] Kinds =
    [
        ("connected, nothing asked", ConnectionForm.Silent, false, []),
        ("kept alive after one answer", ConnectionForm.Http, false, []),
        ("kept alive, a request each 10 s", ConnectionForm.Http, true, []),
        ("TLS, after one answer", ConnectionForm.Http, false, ["tls"]),
        ("TLS, a request each 10 s", ConnectionForm.Http, true, ["tls"]),
        ("HTTP/2, after one answer", ConnectionForm.Http2, false, ["h2c"]),
        ("HTTP/2 over TLS, after one answer", ConnectionForm.Http2, false, ["tls"]),
        ("HTTP/2 over TLS, a request each 10 s", ConnectionForm.Http2, true, ["tls"]),
        ("WebSocket, a message each 10 s", ConnectionForm.WebSocket, true, []),
    ];

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        RequireDescriptors(bench.Settings.Connections);
        var rows = new List<IReadOnlyList<string>>();
        await using (var server = await StartAsync(bench, [], cancellation))
        {
            await Task.Delay(Pause, cancellation);
            var before = server.CpuMicroseconds;
            await Task.Delay(bench.Settings.Duration, cancellation);
            var spent = (server.CpuMicroseconds - before) / 1000.0 / bench.Settings.Duration.TotalSeconds;
            Add(rows, "none", [double.NaN, double.NaN, double.NaN, spent, server.MemoryKilobytes / 1024.0, server.Threads, server.Maps]);
        }

        foreach (var (kind, form, asks, options) in Kinds)
        {
            Add(rows, kind, await bench.MedianAsync(() => MeasureAsync(bench, form, asks, options, cancellation)));
        }

        Add(rows, "WebSocket, silent, a ping each 30 s", await bench.MedianAsync(() => MeasurePingedAsync(bench, cancellation)));
        var count = bench.Settings.Connections.ToString("N0", CultureInfo.InvariantCulture);
        string[] columns = [$"{count} connections of a kind", "KB each, server", "KB each, kernel", "CPU ms/s per 1,000", "CPU ms/s in all", "server MB in all", "threads", "maps"];
        return [new("connections", Method, columns, rows)];
    }

    private static async Task<double[]> MeasureAsync(Bench bench, ConnectionForm form, bool asks, string[] options, CancellationToken cancellation)
    {
        await using var server = await StartAsync(bench, options, cancellation);
        var isTls = options.Contains("tls");
        Use(await OpenAsync(WarmUpConnections), static connection => Enumerable.Range(0, WarmUpRequests).ToList().ForEach(_ => connection.Ask()), form);
        await Task.Delay(Pause, cancellation);
        var watch = new Watch(server, bench.Settings.Connections);
        var connections = await OpenAsync(bench.Settings.Connections);
        try
        {
            await Task.Delay(Pause, cancellation);
            watch.Opened();
            await (asks ? AskAsync(connections, bench.Settings.Duration, cancellation) : Task.Delay(bench.Settings.Duration, cancellation));
            return watch.Over();
        }
        finally
        {
            connections.ForEach(static connection => connection.Dispose());
        }

        async Task<List<IdleConnection>> OpenAsync(int count)
        {
            var opened = new List<IdleConnection>(count);
            while (opened.Count < count)
            {
                cancellation.ThrowIfCancellationRequested();
                opened.Add(IdleConnection.Open(form, isTls, server.Port, opened.Count));
                if (opened.Count % 1000 == 0)
                {
                    await Task.Yield();
                }
            }

            return opened;
        }
    }

    // clients/websockets.c answers the pings.
    private static async Task<double[]> MeasurePingedAsync(Bench bench, CancellationToken cancellation)
    {
        await using var server = await StartAsync(bench, [], cancellation);
        var port = server.Port.ToString(CultureInfo.InvariantCulture);
        await Bench.NumbersAsync(cancellation, bench.Workshop.WebSockets, port, "/ws", $"{WarmUpConnections}", "1", "1");
        await Task.Delay(Pause, cancellation);
        var watch = new Watch(server, bench.Settings.Connections);
        using var client = ExternalProgram.Start([bench.Workshop.WebSockets, port, "/ws", $"{bench.Settings.Connections}", "idle"], hasInput: true);
        try
        {
            if (await client.StandardOutput.ReadLineAsync(cancellation) != "open")
            {
                throw new MeasurementException($"not all WebSockets are open: {await client.StandardError.ReadToEndAsync(cancellation)}");
            }

            await Task.Delay(Pause, cancellation);
            watch.Opened();
            await Task.Delay(PingPeriod, cancellation);
            var figures = watch.Over();
            client.StandardInput.Close();
            var result = await client.StandardOutput.ReadToEndAsync(cancellation);
            return result.Split(' ') is [not "0", "0\n"] ? figures : throw new MeasurementException($"pings and errors of WebSockets are {result}");
        }
        finally
        {
            if (!client.HasExited)
            {
                client.Kill();
            }
        }
    }

    private static Task<MeasuredServer> StartAsync(Bench bench, string[] options, CancellationToken cancellation) => bench.StartAsync(
        [], cancellation,
        [
            "--backlog", "4096", "--head-timeout", Forever, "--keep-alive-timeout", Forever,
            "--max-connections", (bench.Settings.Connections + WarmUpConnections).ToString(CultureInfo.InvariantCulture), .. options,
        ]);

    private static void Use(List<IdleConnection> connections, Action<IdleConnection> use, ConnectionForm form)
    {
        foreach (var connection in connections)
        {
            if (form != ConnectionForm.Silent)
            {
                use(connection);
            }
        }

        connections.ForEach(static connection => connection.Dispose());
    }

    // One after the other, spread over the period.
    private static async Task AskAsync(List<IdleConnection> connections, TimeSpan duration, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        for (var asked = 0L; clock.Elapsed < duration; asked++)
        {
            if (Period * ((double)asked / connections.Count) - clock.Elapsed is { Ticks: > 0 } early)
            {
                await Task.Delay(early, cancellation);
            }

            connections[(int)(asked % connections.Count)].Ask();
        }
    }

    private static void Add(List<IReadOnlyList<string>> rows, string kind, IReadOnlyList<double> figures)
    {
        rows.Add([kind, .. figures.Select(static figure => CapacityTable.Figure(figure))]);
        Console.WriteLine($"  {string.Join("  ", rows[^1])}");
    }

    private static void RequireDescriptors(int connections)
    {
        var limit = File.ReadLines("/proc/self/limits").First(static line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        if (long.TryParse(limit, CultureInfo.InvariantCulture, out var most) && most < connections + SpareDescriptors)
        {
            throw new MeasurementException($"{connections} connections need more descriptors than 'ulimit -n' allows ({most}): --connections {most - SpareDescriptors}, or raise it.");
        }
    }
}
