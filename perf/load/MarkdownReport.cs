using System.Globalization;
using System.Text;

namespace PipeServer.Load;

/// <summary>The run as tables: one per workload, and what was aimed at against what was reached.</summary>
internal static class MarkdownReport
{
    // What the project has set itself, in one run on a two-core machine that the load generator shares.
    private static readonly Target[] Targets =
    [
        new("plaintext-256", "epoll-inline", Metric.Rate, [("floor", 0.95), ("nginx", 1.4), ("kestrel", 2.1)]),
        new("plaintext-256", "epoll-workers", Metric.Rate, [("floor", 0.85), ("nginx", 1.2), ("kestrel", 1.9)]),
        new("pipelined-16", "epoll-inline", Metric.Rate, [("floor", 0.8), ("nginx", 5), ("kestrel", 3.5)]),
        new("one-per-connection", "epoll-inline", Metric.Rate, [("nginx", 1.0), ("kestrel", 1.4)]),
        new("plaintext-256", "epoll-inline", Metric.Cpu, [("floor", 1.15), ("nginx", 0.8), ("kestrel", 0.5)]),
        new("plaintext-64", "epoll-inline", Metric.P99, [("nginx", 1.0)]),
        new("file-1k", "epoll-inline", Metric.Rate, [("nginx", 1.3), ("kestrel", 3)]),
        new("file-64k", "epoll-inline", Metric.Rate, [("nginx", 1.1), ("kestrel", 2.5)]),
        new("file-10m", "epoll-inline", Metric.BytesPerCpu, [("nginx", 1.0)]),
    ];

    private enum Metric
    {
        Rate,
        Cpu,
        P99,
        BytesPerCpu,
    }

    public static string Write(RunResult result, IReadOnlyList<Peer> peers)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{result.Date}, commit {result.Commit}, {result.Machine}. Medians of {result.Rounds} rounds of {result.SecondsEach} s,");
        text.AppendLine("all servers side by side in one run, the load generator on the same cores. Ratios are to the server in the column's head.");
        WriteTargets(text, result);
        foreach (var workload in result.Measurements.Select(static measurement => measurement.Workload).Distinct())
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"### {workload}").AppendLine();
            var rows = result.Measurements.Where(measurement => measurement.Workload == workload).ToList();
            if (rows[0].RequestsPerSecond is null)
            {
                WriteIdle(text, rows);
            }
            else
            {
                WriteLoad(text, result, rows);
            }
        }

        text.AppendLine();
        foreach (var peer in peers)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- `{peer.Name}`: {peer.Description}");
        }

        return text.ToString();
    }

    private static void WriteTargets(StringBuilder text, RunResult result)
    {
        var rows = Targets.SelectMany(target => target.Limits.Select(limit => (target, limit.Peer, limit.Ratio, Reached: Ratio(result, target, limit.Peer))))
            .Where(static row => row.Reached is not null).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        text.AppendLine().AppendLine("| aim | against | wanted | reached | |").AppendLine("|---|---|---:|---:|---|");
        foreach (var (target, peer, ratio, reached) in rows)
        {
            var isMoreBetter = target.Metric is Metric.Rate or Metric.BytesPerCpu;
            var isMet = isMoreBetter ? reached >= ratio : reached <= ratio;
            var name = target.Metric switch { Metric.Rate => "requests/s", Metric.Cpu => "CPU per request", Metric.P99 => "p99", _ => "bytes per CPU second" };
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {target.Workload}, {target.Server}: {name} | {peer} | {(isMoreBetter ? "≥" : "≤")} {ratio:F2} | {reached:F2} | {(isMet ? "met" : "**missed**")} |");
        }
    }

    private static double? Ratio(RunResult result, Target target, string peer)
    {
        var (ours, theirs) = (result.Find(target.Workload, target.Server), result.Find(target.Workload, peer));
        return target.Metric switch
        {
            Metric.Rate => ours?.RequestsPerSecond / theirs?.RequestsPerSecond,
            Metric.Cpu => ours?.CpuMicrosecondsPerRequest / theirs?.CpuMicrosecondsPerRequest,
            Metric.BytesPerCpu => theirs?.CpuMicrosecondsPerRequest / ours?.CpuMicrosecondsPerRequest, // of the same bytes
            _ => ours?.P99Milliseconds / theirs?.P99Milliseconds,
        };
    }

    private static void WriteLoad(StringBuilder text, RunResult result, List<Measurement> rows)
    {
        var bytes = Workload.All.FirstOrDefault(workload => workload.Name == rows[0].Workload)?.BodyBytes ?? 0;
        text.Append("| server | requests/s | × floor | × nginx | × kestrel | CPU µs/request | p50 ms | p99 ms | switches/request | bytes allocated/request |");
        text.AppendLine(bytes > 0 ? " MiB per CPU second |" : "");
        text.Append("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|").AppendLine(bytes > 0 ? "---:|" : "");
        foreach (var row in rows)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {row.Server}{(row.HadErrors ? " (with errors)" : "")} | {row.RequestsPerSecond:N0} | {To("floor")} | {To("nginx")} | {To("kestrel")} "
                + $"| {Show(row.CpuMicrosecondsPerRequest, "F2")} | {Show(row.P50Milliseconds, "F2")} | {Show(row.P99Milliseconds, "F2")} "
                + $"| {Show(row.ContextSwitchesPerRequest, "F3")} | {Show(row.AllocatedBytesPerRequest, "F1")} |");
            text.AppendLine(bytes > 0 ? $" {Show(bytes / row.CpuMicrosecondsPerRequest * 1_000_000 / 1024 / 1024, "N0")} |" : "");

            string To(string peer) => Show(row.RequestsPerSecond / result.Find(row.Workload, peer)?.RequestsPerSecond, "F2");
        }
    }

    private static void WriteIdle(StringBuilder text, List<Measurement> rows)
    {
        text.AppendLine("| server | resident memory, MB | KB per idle connection |").AppendLine("|---|---:|---:|");
        foreach (var row in rows)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture, $"| {row.Server} | {Show(row.ResidentKilobytes / 1024.0, "F1")} | {Show(row.ResidentKilobytesPerConnection, "F2")} |");
        }
    }

    private static string Show(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";

    private sealed record Target(string Workload, string Server, Metric Metric, (string Peer, double Ratio)[] Limits);
}
