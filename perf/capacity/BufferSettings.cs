using System.Globalization;
using System.Text.RegularExpressions;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>The buffers of TCP: what readers cost that do not read, and what a fast one loses by smaller ones: net.ipv4.tcp_wmem, tcp_rmem.</summary>
internal static partial class BufferSettings
{
    private const int Port = 8080;
    private const int Readers = 200;
    private const int Downloads = 50;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    // Then the system has given the connection all the buffer that it gives.
    private const int BytesBeforeTheStop = 4 * 1024 * 1024;

    private static readonly string Method = string.Create(
        CultureInfo.InvariantCulture,
        $"{Readers} clients ask for 10 MiB that the server has in memory, read nothing or 4 MiB of it as fast as they can, and no more: two seconds later, what lies in the buffers of the "
        + $"server's sockets (`ss -tm`). A fast reader: {Downloads} downloads by curl without anybody else, without any distance.");

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

        string[] columns = ["the server's system", "KB for one that never reads", "KB for one that stops", "MB/s of a fast one"];
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
        return
        [
            await StopReadingAsync(bench, pair, 0, cancellation) / 1024 / Readers, await StopReadingAsync(bench, pair, BytesBeforeTheStop, cancellation) / 1024 / Readers, fast,
        ];
    }

    // Bytes in the buffers of all sockets of the server's side while readers do not read.
    private static async Task<double> StopReadingAsync(Bench bench, NetworkPair pair, int bytes, CancellationToken cancellation)
    {
        using var clients = ExternalProgram.Start(
            [.. pair.Client, bench.Bursts, "readers", $"{NetworkPair.Address}", $"{Port}", $"{Readers}", "/10m.bin", $"{bytes}"], hasInput: true);
        try
        {
            if (await clients.StandardOutput.ReadLineAsync(cancellation) != "open")
            {
                throw new MeasurementException($"not all readers are there: {await clients.StandardError.ReadToEndAsync(cancellation)}");
            }

            await Task.Delay(Pause, cancellation);
            var sockets = await ExternalProgram.CaptureAsync(cancellation, [.. pair.Server, "ss", "-tmn", "state", "established"]);
            return SocketMemory().Matches(sockets).Sum(static socket => socket.Groups.Values.Skip(1).Sum(static number => double.Parse(number.Value, CultureInfo.InvariantCulture)));
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

    // Received and not read, set aside, and queued for sending.
    [GeneratedRegex(@"skmem:\(r(\d+),.*?,f(\d+),w(\d+),")]
    private static partial Regex SocketMemory();
}
