using System.Globalization;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>The buffers of TCP: what readers cost that do not read, and what a fast one loses by smaller ones: net.ipv4.tcp_wmem, tcp_rmem.</summary>
internal static class BufferSettings
{
    private const int Port = 8080;
    private const int Readers = 200;
    private const int Downloads = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private static readonly string Method = string.Create(
        CultureInfo.InvariantCulture,
        $"{Readers} clients with a receive buffer of 4 KB ask for 10 MiB that the server has in memory, and read nothing: what TCP's buffers take two seconds later (/proc/net/sockstat), and "
        + $"how much the process has grown. A fast reader: {Downloads} downloads by curl without anybody else, without any distance.");

    private static readonly (string Words, (string Setting, string Value)[] Settings)[] Rows =
    [
        ("the system's defaults", []),
        ("tcp_wmem 4096 16384 1048576", [("net.ipv4.tcp_wmem", "4096 16384 1048576")]),
        ("tcp_wmem 4096 16384 262144", [("net.ipv4.tcp_wmem", "4096 16384 262144")]),
        ("tcp_wmem 4096 16384 65536", [("net.ipv4.tcp_wmem", "4096 16384 65536")]),
        ("tcp_rmem 4096 131072 1048576", [("net.ipv4.tcp_rmem", "4096 131072 1048576")]),
    ];

    public static async Task<IReadOnlyList<CapacityTable>> MeasureAsync(Bench bench, CancellationToken cancellation)
    {
        var rows = new List<IReadOnlyList<string>>();
        foreach (var (words, settings) in Rows)
        {
            rows.Add(SettingsPart.Row(words, await bench.MedianAsync(() => MeasureAsync(bench, settings, cancellation))));
        }

        string[] columns = ["the server's system", "kernel KB a reader that waits", "server KB a reader that waits", "MB/s of a fast one"];
        return [new("settings-buffers", Method, columns, rows)];
    }

    private static async Task<double[]> MeasureAsync(Bench bench, (string Setting, string Value)[] settings, CancellationToken cancellation)
    {
        await using var pair = await SettingsPart.PairAsync(cancellation);
        foreach (var (setting, value) in settings)
        {
            await pair.SetServerAsync(setting, value, cancellation);
        }

        await using var server = await bench.StartAsync(
            pair.Server, NetworkPair.Address, Port, cancellation, "--file-cache-max", "16777216", "--write-timeout", "600", "--min-rate", "0");
        var fast = await DownloadAsync(pair, cancellation);
        var (memory, buffers) = (server.MemoryKilobytes, KernelMemory.BufferBytes());
        using var clients = ExternalProgram.Start([.. pair.Client, bench.Bursts, "readers", $"{NetworkPair.Address}", $"{Port}", $"{Readers}", "/10m.bin"], hasInput: true);
        try
        {
            if (await clients.StandardOutput.ReadLineAsync(cancellation) != "open")
            {
                throw new MeasurementException($"not all readers are there: {await clients.StandardError.ReadToEndAsync(cancellation)}");
            }

            await Task.Delay(Pause, cancellation);
            return [(KernelMemory.BufferBytes() - buffers) / 1024 / Readers, (double)(server.MemoryKilobytes - memory) / Readers, fast];
        }
        finally
        {
            clients.StandardInput.Close();
            using var patience = new CancellationTokenSource(Pause);
            try
            {
                await clients.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                clients.Kill();
            }
        }
    }

    // MB a second, of one connection that is kept; the first download warms up.
    private static async Task<double> DownloadAsync(NetworkPair pair, CancellationToken cancellation)
    {
        var output = await ExternalProgram.CaptureAsync(
            cancellation, [.. pair.Client, "curl", "-sS", "-o", "/dev/null", "-w", "%{speed_download}\n", $"http://{NetworkPair.Address}:{Port}/10m.bin?[0-{Downloads}]"]);
        var speeds = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(static line => double.Parse(line, CultureInfo.InvariantCulture)).ToList();
        return speeds.Count == Downloads ? 1e-6 / speeds.Average(static speed => 1 / speed) : throw new MeasurementException($"curl said something unexpected: {output}");
    }
}
