using PipeServer.Load;

namespace PipeServer.Capacity;

/// <summary>Requests a second of one core, by kind: the server with one loop on a core of its own, the client on another.</summary>
internal static class RatePart
{
    // A client on one core may be slower than the server: what counts is the server's processor time a request.
    private const string Method =
        "The server has one loop (`--loops 1`) and one core (`taskset`), the client the other, over the loopback interface, which has no wire. "
        + "A core's rate is a second divided by the server's processor time a request: where the core was not busy, the client was the slower one.";

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    private static readonly (string Kind, string Load, string Path, string[] Options)[] Kinds =
    [
        ("plaintext, 64 connections", "plaintext-64", "/plaintext", []),
        ("plaintext, 256 connections", "plaintext-256", "/plaintext", []),
        ("plaintext, 16 pipelined", "pipelined-16", "/plaintext", []),
        ("file of 1 KiB", "file-1k", "/1k.bin", []),
        ("file of 64 KiB", "file-64k", "/64k.bin", []),
        ("JSON through a worker", "json-256", "/json", []),
        ("POST of 1 KiB, echo through a worker", "echo-1k", "/echo", []),
        ("a new connection for each request", "one-per-connection", "/plaintext", []),
        ("TLS, kept: plaintext", "tls-plaintext-64", "/plaintext", ["tls"]),
        ("TLS, kept: file of 64 KiB", "tls-file-64k", "/64k.bin", ["tls"]),
        ("a new TLS handshake for each request", "tls-handshake", "/plaintext", ["tls"]),
        ("a resumed TLS handshake for each request", "tls-resumed", "/plaintext", ["tls"]),
        ("HTTP/2, 64 connections of 32 streams", "http2-plaintext-32", "/plaintext", ["h2c"]),
        ("HTTP/2 over TLS, 64 × 32", "http2-tls-plaintext-32", "/plaintext", ["tls"]),
        ("WebSocket, echo of 64 bytes", "websocket-echo", "/ws", []),
    ];

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        var placement = Placement.Split();
        var rows = new List<IReadOnlyList<string>>();
        foreach (var (kind, load, path, options) in Kinds)
        {
            await using var server = await bench.StartAsync(placement.Server, cancellation, ["--loops", "1", .. options]);
            var workload = Bench.Load(load);
            var rate = (await LoadAsync(bench, workload, server.Port, path, WarmUp, placement, null, cancellation)).RequestsPerSecond;
            var figures = await bench.MedianAsync(async () =>
            {
                var before = server.CpuMicroseconds;
                var started = TimeProvider.System.GetTimestamp();
                var seen = await LoadAsync(bench, workload, server.Port, path, bench.Settings.Duration, placement, rate, cancellation);
                rate = seen.RequestsPerSecond;
                var spent = (double)(server.CpuMicroseconds - before);
                var seconds = Math.Min(TimeProvider.System.GetElapsedTime(started).TotalSeconds, seen.Requests / seen.RequestsPerSecond);
                return [spent / seen.Requests, seen.RequestsPerSecond, spent / 10_000 / seconds, seen.P99 ?? double.NaN];
            });
            rows.Add([
                kind, CapacityTable.Figure(figures[0]), CapacityTable.Figure(1_000_000 / figures[0]), CapacityTable.Figure(figures[1]),
                CapacityTable.Figure(Math.Min(100, figures[2])), CapacityTable.Figure(figures[3]),
            ]);
            Console.WriteLine($"  {string.Join("  ", rows[^1])}");
        }

        return [new("rates", Method, ["kind", "CPU µs a request", "requests/s a core", "requests/s here", "% of the core busy", "p99 ms"], rows)];
    }

    /// <summary>Puts load on a server, by the generator that the load needs.</summary>
    /// <param name="bench">Has the generators.</param>
    /// <param name="workload">The load.</param>
    /// <param name="port">The server's.</param>
    /// <param name="path">What is asked for.</param>
    /// <param name="duration">How long.</param>
    /// <param name="placement">The client's cores.</param>
    /// <param name="rate">Of HTTP/2: requests a second that it had before, so that a number is sent and not a time waited, at whose end requests are under way.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Task<LoadFigures> LoadAsync(
        Bench bench, Workload workload, int port, string path, TimeSpan duration, Placement placement, double? rate, CancellationToken cancellation)
    {
        var workshop = bench.Workshop;
        return workload switch
        {
            { IsHttp2: true } when rate is { } before =>
                H2Load.RunAsync(workload, port, path, (long)(before * duration.TotalSeconds), placement, cancellation),
            { IsHttp2: true } => H2Load.RunAsync(workload, port, path, duration, placement, cancellation),
            { IsWebSocket: true } => ShortConnections.RunAsync(workshop.WebSockets, workload, port, path, duration, placement, cancellation),
            { IsOnePerConnection: true } => ShortConnections.RunAsync(workshop.Connections, workload, port, path, duration, placement, cancellation),
            { Tls: TlsUse.NewHandshake or TlsUse.Resumed } =>
                ShortConnections.RunTlsAsync(workshop.Handshakes, workload, port, path, duration, placement, cancellation),
            _ => Wrk.RunAsync(workload, port, path, duration, placement, cancellation),
        };
    }
}
