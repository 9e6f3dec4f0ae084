using System.Globalization;
using System.Text;

namespace PipeServer.Load;

/// <summary>The run as tables: one per workload, and what was aimed at against what was reached.</summary>
internal static class MarkdownReport
{
    /// <param name="result">The run.</param>
    /// <param name="legend">Names of the servers, and what they are.</param>
    public static string Write(RunResult result, IReadOnlyList<(string Name, string Description)> legend)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{result.Date}, commit {result.Commit}, {result.Machine}. Medians of {result.Rounds} rounds of {result.SecondsEach} s");
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"(of {Math.Min(result.Rounds, LoadRun.RoundsWithoutAims)} where nothing is aimed at), all servers side by side in one run, the load generator on the same cores; on a core of its own in the tables whose");
        text.AppendLine("name ends in -split, and the server on another. Ratios are to the server in the column's head, medians of the ratios of the rounds.");
        if (result.Command is { } command)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"    {command}");
        }

        WriteTargets(text, result);
        foreach (var workload in result.Measurements.Select(static measurement => measurement.Workload).Distinct())
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"### {workload}").AppendLine();
            var rows = result.Measurements.Where(measurement => measurement.Workload == workload).ToList();
            if (rows[0].RequestsPerSecond is not null)
            {
                WriteLoad(text, result, rows);
            }
            else if (rows[0].StartMilliseconds is not null)
            {
                WriteStarts(text, rows);
            }
            else
            {
                WriteIdle(text, rows);
            }
        }

        text.AppendLine();
        foreach (var (name, description) in legend)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"- `{name}`: {description}");
        }

        return text.ToString();
    }

    private static void WriteTargets(StringBuilder text, RunResult result)
    {
        var rows = Target.All.SelectMany(target => target.Limits.Select(limit => (target, limit.Peer, limit.Limit, Reached: target.Reached(result, limit.Peer))))
            .Where(static row => row.Reached is not null).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        text.AppendLine().AppendLine("| aim | against | wanted | reached | |").AppendLine("|---|---|---:|---:|---|");
        foreach (var (target, peer, limit, reached) in rows)
        {
            var isMet = target.WantsMore ? reached >= limit : reached <= limit;
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {target.Workload}, {target.Server}: {target.Figure} | {peer ?? "–"} | {(target.WantsMore ? "≥" : "≤")} {limit:F2} | {reached:F2} | {(isMet ? "met" : "**missed**")} |");
        }
    }

    private static void WriteLoad(StringBuilder text, RunResult result, List<Measurement> rows)
    {
        var bytes = Workload.All.FirstOrDefault(workload => workload.Name == rows[0].Workload || workload.Split().Name == rows[0].Workload)?.BodyBytes ?? 0;
        text.Append("| server | CPU µs/request | × floor | × nginx | × h2o | × kestrel | requests/s | × nginx | p50 ms | p99 ms | switches/request | bytes allocated/request |");
        text.AppendLine(bytes > 0 ? " MiB per CPU second |" : "");
        text.Append("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|").AppendLine(bytes > 0 ? "---:|" : "");
        foreach (var row in rows)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {row.Server}{(row.HadErrors ? " (with errors)" : "")} | {Show(row.CpuMicrosecondsPerRequest, "F2")} | {To("floor")} | {To("nginx")} | {To("h2o")} | {To("kestrel")} "
                + $"| {row.RequestsPerSecond:N0} | {Show(result.RateRatio(row.Workload, row.Server, "nginx"), "F2")} "
                + $"| {Show(row.P50Milliseconds, "F2")} | {Show(row.P99Milliseconds, "F2")} "
                + $"| {Show(row.ContextSwitchesPerRequest, "F3")} | {Show(row.AllocatedBytesPerRequest, "F1")} |");
            text.AppendLine(bytes > 0 ? $" {Show(bytes / row.CpuMicrosecondsPerRequest * 1_000_000 / 1024 / 1024, "N0")} |" : "");

            string To(string peer) => Show(result.CpuRatio(row.Workload, row.Server, peer), "F2");
        }
    }

    private static void WriteStarts(StringBuilder text, List<Measurement> rows)
    {
        text.AppendLine("| server | ms to the first answer | resident set, MB | proportional set, MB |").AppendLine("|---|---:|---:|---:|");
        foreach (var row in rows)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {row.Server} | {Show(row.StartMilliseconds, "F1")} | {Show(row.ResidentSetKilobytes / 1024.0, "F1")} | {Show(row.ResidentKilobytes / 1024.0, "F1")} |");
        }
    }

    private static void WriteIdle(StringBuilder text, List<Measurement> rows)
    {
        var isPinged = rows.Exists(static row => row.CpuPercent is not null);
        text.Append("| server | resident memory, MB | KB per idle connection |").AppendLine(isPinged ? " % of a core, pinged |" : "");
        text.Append("|---|---:|---:|").AppendLine(isPinged ? "---:|" : "");
        foreach (var row in rows)
        {
            text.Append(
                CultureInfo.InvariantCulture, $"| {row.Server} | {Show(row.ResidentKilobytes / 1024.0, "F1")} | {Show(row.ResidentKilobytesPerConnection, "F2")} |");
            text.AppendLine(isPinged ? $" {Show(row.CpuPercent, "F2")} |" : "");
        }
    }

    private static string Show(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}
