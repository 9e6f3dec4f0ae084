using System.Globalization;
using System.Text.RegularExpressions;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>The load generator: runs wrk and reads what it says.</summary>
internal static partial class Wrk
{
    public static async Task<LoadFigures> RunAsync(
        Workload workload, int port, string path, TimeSpan duration, Placement placement, CancellationToken cancellation)
    {
        var script = workload.Script is null ? null : Path.GetTempFileName();
        try
        {
            var threads = Math.Min(placement.ClientCores, workload.Connections);
            List<string> command =
            [
                .. placement.Client,
                "wrk", $"-t{threads}", $"-c{workload.Connections}", $"-d{(int)duration.TotalSeconds}s", "--latency", "--timeout", "10s",
                .. (workload.Headers ?? []).SelectMany(static line => new[] { "-H", line }),
            ];
            if (script is not null)
            {
                await File.WriteAllTextAsync(script, workload.Script, cancellation);
                command.AddRange(["-s", script]);
            }

            command.Add($"{(workload.Tls == TlsUse.None ? "http" : "https")}://127.0.0.1:{port}{path}");
            var (figures, fault) = Parse(await ExternalProgram.CaptureAsync(cancellation, [.. command]), workload.IsRefused);
            if (fault is not null)
            {
                Console.WriteLine($"    wrk: {fault}");
            }

            return figures;
        }
        finally
        {
            if (script is not null)
            {
                File.Delete(script);
            }
        }
    }

    /// <summary>Reads what wrk prints with --latency.</summary>
    /// <param name="output">What it printed.</param>
    /// <param name="isRefused">A 404 is what is asked for.</param>
    /// <returns>The figures, and what wrk says about errors, or null.</returns>
    /// <exception cref="MeasurementException">It is not what wrk prints.</exception>
    public static (LoadFigures Figures, string? Fault) Parse(string output, bool isRefused = false)
    {
        var bad = (isRefused ? SocketErrorLine() : BadLine()).Match(output);
        var figures = new LoadFigures(
            long.Parse(Find(RequestsLine(), output), CultureInfo.InvariantCulture),
            double.Parse(Find(RateLine(), output), CultureInfo.InvariantCulture),
            Milliseconds(Find(MedianLine(), output)),
            Milliseconds(Find(SlowestLine(), output)),
            Errors: bad.Success);
        return (figures, bad.Success ? bad.Value.Trim() : null);
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

    [GeneratedRegex("Socket errors:.*")]
    private static partial Regex SocketErrorLine();
}
