using System.Globalization;
using System.Text.RegularExpressions;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>The load generator: runs wrk and reads what it says.</summary>
internal static partial class Wrk
{
    public static async Task<LoadFigures> RunAsync(Workload workload, int port, string path, TimeSpan duration, CancellationToken cancellation)
    {
        var script = workload.Script is null ? null : Path.GetTempFileName();
        try
        {
            var threads = Math.Min(Environment.ProcessorCount, workload.Connections);
            List<string> command =
            [
                "wrk", $"-t{threads}", $"-c{workload.Connections}", $"-d{(int)duration.TotalSeconds}s", "--latency", "--timeout", "10s",
            ];
            if (workload.Header is not null)
            {
                command.AddRange(["-H", workload.Header]);
            }

            if (script is not null)
            {
                await File.WriteAllTextAsync(script, workload.Script, cancellation);
                command.AddRange(["-s", script]);
            }

            command.Add($"http://127.0.0.1:{port}{path}");
            return Parse(await ExternalProgram.CaptureAsync(cancellation, [.. command]));
        }
        finally
        {
            if (script is not null)
            {
                File.Delete(script);
            }
        }
    }

    private static LoadFigures Parse(string output)
    {
        var bad = BadLine().Match(output);
        if (bad.Success)
        {
            Console.WriteLine($"    wrk: {bad.Value.Trim()}");
        }

        return new LoadFigures(
            long.Parse(Find(RequestsLine(), output), CultureInfo.InvariantCulture),
            double.Parse(Find(RateLine(), output), CultureInfo.InvariantCulture),
            Milliseconds(Find(MedianLine(), output)),
            Milliseconds(Find(SlowestLine(), output)),
            Errors: bad.Success);
    }

    private static string Find(Regex pattern, string output) =>
        pattern.Match(output) is { Success: true } match ? match.Groups[1].Value : throw new MeasurementException($"wrk said something unexpected:\n{output}");

    private static double Milliseconds(string text)
    {
        var (factor, unit) = text switch
        {
            _ when text.EndsWith("us", StringComparison.Ordinal) => (0.001, 2),
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (1.0, 2),
            _ when text.EndsWith('s') => (1000.0, 1),
            _ => (60_000.0, 1),
        };
        return double.Parse(text[..^unit], CultureInfo.InvariantCulture) * factor;
    }

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex RequestsLine();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex RateLine();

    [GeneratedRegex(@"50%\s+([\d.]+\w+)")]
    private static partial Regex MedianLine();

    [GeneratedRegex(@"99%\s+([\d.]+\w+)")]
    private static partial Regex SlowestLine();

    [GeneratedRegex(@"(Socket errors|Non-2xx or 3xx responses):.*")]
    private static partial Regex BadLine();
}
