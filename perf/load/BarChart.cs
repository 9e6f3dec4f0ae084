using System.Globalization;
using System.Text;

namespace PipeServer.Load;

/// <summary>The chart of the README: requests per second as bars, one group per workload.</summary>
internal static class BarChart
{
    private const int Width = 760;
    private const int LabelWidth = 150;
    private const int BarHeight = 20;
    private const int ValueWidth = 90;

    private static readonly string[] Workloads = ["plaintext-256", "pipelined-16", "one-per-connection"];

    public static string Draw(RunResult result)
    {
        var bars = new StringBuilder();
        var y = 30;
        foreach (var workload in Workloads)
        {
            var rows = result.Measurements.Where(measurement => measurement.Workload == workload && measurement.RequestsPerSecond > 0).ToList();
            if (rows.Count == 0)
            {
                continue;
            }

            var most = rows.Max(static row => row.RequestsPerSecond!.Value);
            bars.AppendLine(CultureInfo.InvariantCulture, $"""  <text x="10" y="{y}" class="title">{workload}, requests per second</text>""");
            y += 10;
            foreach (var row in rows)
            {
                var length = row.RequestsPerSecond!.Value / most * (Width - LabelWidth - ValueWidth);
                var kind = row.Server.StartsWith("epoll", StringComparison.Ordinal) ? "ours" : "theirs";
                bars.AppendLine(CultureInfo.InvariantCulture, $"""  <text x="{LabelWidth - 8}" y="{y + 15}" text-anchor="end">{row.Server}</text>""");
                bars.AppendLine(CultureInfo.InvariantCulture, $"""  <rect x="{LabelWidth}" y="{y}" width="{length:F1}" height="{BarHeight - 4}" class="{kind}"/>""");
                bars.AppendLine(CultureInfo.InvariantCulture, $"""  <text x="{LabelWidth + length + 6:F1}" y="{y + 13}">{row.RequestsPerSecond:N0}</text>""");
                y += BarHeight;
            }

            y += 34;
        }

        return string.Create(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Width}} {{y}}" width="{{Width}}" height="{{y}}" role="img" aria-label="Requests per second by server">
              <style>
                text { font: 12px system-ui, sans-serif; fill: #333 }
                .title { font-weight: 600; font-size: 13px }
                .ours { fill: #2a7de1 }
                .theirs { fill: #b4bcc6 }
              </style>
              <rect width="{{Width}}" height="{{y}}" fill="#fff"/>
            {{bars}}  <text x="10" y="{{y - 10}}">{{result.Date}}, {{result.Machine.Cores}} cores shared with wrk, medians of {{result.Rounds}} rounds</text>
            </svg>

            """);
    }
}
