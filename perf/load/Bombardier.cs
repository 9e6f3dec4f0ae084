using System.Globalization;
using System.Text.Json;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>The other load generator, used where it is installed: a second opinion on one workload.</summary>
internal static class Bombardier
{
    public const string Workload = "plaintext-256-bombardier";

    public static async Task<LoadFigures> RunAsync(Workload workload, int port, string path, TimeSpan duration, CancellationToken cancellation)
    {
        var output = await ExternalProgram.CaptureAsync(
            cancellation,
            "bombardier", "--connections", workload.Connections.ToString(CultureInfo.InvariantCulture), "--duration", $"{(int)duration.TotalSeconds}s",
            "--latencies", "--no-print", "--print", "result", "--format", "json", $"http://127.0.0.1:{port}{path}");
        using var json = JsonDocument.Parse(output);
        var result = json.RootElement.GetProperty("result");
        var answers = result.GetProperty("req2xx").GetInt64();
        var latency = result.GetProperty("latency").GetProperty("percentiles");
        return new LoadFigures(
            answers,
            answers / result.GetProperty("timeTakenSeconds").GetDouble(),
            latency.GetProperty("50").GetDouble() / 1000,
            latency.GetProperty("99").GetDouble() / 1000,
            Errors: result.GetProperty("others").GetInt64() > 0);
    }
}
