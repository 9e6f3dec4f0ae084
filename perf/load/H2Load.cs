using System.Globalization;
using System.Text.RegularExpressions;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>The load generator of HTTP/2: runs h2load, of one thread, and reads what it says.</summary>
internal static partial class H2Load
{
    /// <summary>Puts load on a server for a time.</summary>
    public static Task<LoadFigures> RunAsync(
        Workload workload, int port, string path, TimeSpan duration, Placement placement, CancellationToken cancellation) =>
        RunAsync(workload, port, path, ["-D", $"{(int)duration.TotalSeconds}"], placement, cancellation);

    /// <summary>
    /// Sends so many requests. Where a time ends instead, those that are under way then are answered and not counted: of a slow server one in ten in a second.
    /// </summary>
    public static Task<LoadFigures> RunAsync(
        Workload workload, int port, string path, long requests, Placement placement, CancellationToken cancellation) =>
        RunAsync(workload, port, path, ["-n", $"{Math.Max(requests, workload.Connections * workload.Streams)}"], placement, cancellation);

    /// <summary>Reads what h2load prints. It tells no percentiles.</summary>
    /// <param name="output">What it printed.</param>
    /// <returns>The figures, and what it says about errors, or null.</returns>
    /// <exception cref="MeasurementException">It is not what h2load prints of HTTP/2.</exception>
    public static (LoadFigures Figures, string? Fault) Parse(string output)
    {
        var rate = RateLine().Match(output);
        var requests = RequestsLine().Match(output);
        var statuses = StatusLine().Match(output);
        if (!rate.Success || !requests.Success || !statuses.Success || !ProtocolLine().IsMatch(output))
        {
            throw new MeasurementException($"h2load said something unexpected:\n{output}");
        }

        var isFault = requests.Groups["bad"].Captures.Concat(statuses.Groups["bad"].Captures).Any(static count => count.Value != "0");
        var figures = new LoadFigures(
            long.Parse(requests.Groups["done"].Value, CultureInfo.InvariantCulture),
            double.Parse(rate.Groups["rate"].Value, CultureInfo.InvariantCulture),
            P50: null,
            P99: null,
            isFault);
        return (figures, isFault ? $"{requests.Value}; {statuses.Value}" : null);
    }

    private static async Task<LoadFigures> RunAsync(
        Workload workload, int port, string path, string[] amount, Placement placement, CancellationToken cancellation)
    {
        var scheme = workload.Tls == TlsUse.None ? "http" : "https";
        var output = await ExternalProgram.CaptureAsync(
            cancellation,
            [.. placement.Client, "h2load", "-t1", $"-c{workload.Connections}", $"-m{workload.Streams}", .. amount, $"{scheme}://127.0.0.1:{port}{path}"]);
        var (figures, fault) = Parse(output);
        if (fault is not null)
        {
            Console.WriteLine($"    h2load: {fault}");
        }

        return figures;
    }

    [GeneratedRegex(@"finished in \S+, (?<rate>[\d.]+) req/s")]
    private static partial Regex RateLine();

    [GeneratedRegex(@"requests: \d+ total, \d+ started, \d+ done, (?<done>\d+) succeeded, (?<bad>\d+) failed, (?<bad>\d+) errored, (?<bad>\d+) timeout")]
    private static partial Regex RequestsLine();

    [GeneratedRegex(@"status codes: \d+ 2xx, (?<bad>\d+) 3xx, (?<bad>\d+) 4xx, (?<bad>\d+) 5xx")]
    private static partial Regex StatusLine();

    [GeneratedRegex("Application protocol: h2c?\n")]
    private static partial Regex ProtocolLine();
}
