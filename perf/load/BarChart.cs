using System.Globalization;
using System.Text;

namespace PipeServer.Load;

/// <summary>The chart of docs/benchmarks.md: the processor time of a request as bars, one group per workload; requests a second beside it.</summary>
internal static class BarChart
{
    private const int Width = 760;
    private const int LabelWidth = 150;
    private const int BarHeight = 20;
    private const int ValueWidth = 170;

    private static readonly (string Workload, string Title)[] Groups =
    [
        ("plaintext-256", "plaintext, 256 connections"), ("pipelined-16", "plaintext, pipelined × 16"),
        ("one-per-connection", "one request per connection, 64 at once"), ("file-1k", "a file of 1 KiB"),
    ];

    // What the page speaks of; the whole run has more.
    private static readonly string[] Servers = ["floor", "nginx", "h2o", "kestrel", "kestrel-native", "epoll-inline", "epoll-workers", "aspnet-inline", "aspnet-workers"];

    public static string Draw(RunResult result)
    {
        var bars = new StringBuilder();
        var y = 30;
        foreach (var (workload, title) in Groups)
        {
            var rows = Servers.Select(server => result.Find(workload, server)).Where(static row => row is { CpuMicrosecondsPerRequest: > 0 }).ToList();
            if (rows.Count == 0)
            {
                continue;
            }

            var most = rows.Max(static row => row!.CpuMicrosecondsPerRequest!.Value);
            bars.AppendLine(CultureInfo.InvariantCulture, $"""  <text x="10" y="{y}" class="title">{title}: processor time a request, less is better</text>""");
            y += 10;
            foreach (var row in rows)
            {
                DrawBar(bars, row!, row!.CpuMicrosecondsPerRequest!.Value / most * (Width - LabelWidth - ValueWidth), y);
                y += BarHeight;
            }

            y += 34;
        }

        return string.Create(CultureInfo.InvariantCulture, $$"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Width}} {{y}}" width="{{Width}}" height="{{y}}" role="img" aria-label="Processor time a request by server">
              <style>
                text { font: 12px system-ui, sans-serif; fill: #333 }
                .title { font-weight: 600; font-size: 13px }
                .ours { fill: #2a7de1 }
                .theirs { fill: #b4bcc6 }
              </style>
              <rect width="{{Width}}" height="{{y}}" fill="#fff"/>
            {{bars}}  <text x="10" y="{{y - 10}}">{{result.Date}}, {{result.Machine.Cores}} cores shared with the load generator, medians of {{result.Rounds}} rounds</text>
            </svg>

            """);
    }

    private static void DrawBar(StringBuilder bars, Measurement row, double length, int y)
    {
        var kind = Peer.IsOursByName(row.Server) ? "ours" : "theirs";
        bars.AppendLine(CultureInfo.InvariantCulture, $"""  <text x="{LabelWidth - 8}" y="{y + 15}" text-anchor="end">{row.Server}</text>""");
        bars.AppendLine(CultureInfo.InvariantCulture, $"""  <rect x="{LabelWidth}" y="{y}" width="{length:F1}" height="{BarHeight - 4}" class="{kind}"/>""");
        bars.AppendLine(
            CultureInfo.InvariantCulture,
            $"""  <text x="{LabelWidth + length + 6:F1}" y="{y + 13}">{row.CpuMicrosecondsPerRequest:F2} µs · {row.RequestsPerSecond:N0}/s</text>""");
    }
}
