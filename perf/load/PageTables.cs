using System.Globalization;
using System.Text;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>
/// The tables of docs/benchmarks.md, from a saved run; they stand between two comments, and are replaced as a whole. Those of a run over TLS and of one by HTTP/2 have places of
/// their own.
/// </summary>
internal static class PageTables
{
    private const string Begin = "<!-- the tables of a saved run: perf/load page -->";
    private const string BeginTls = "<!-- the tables of a saved run over TLS: perf/load page -->";
    private const string BeginHttp2 = "<!-- the tables of a saved run by HTTP/2: perf/load page -->";
    private const string End = "<!-- end of the tables -->";

    private static readonly (string Server, string Title)[] Columns =
    [
        ("floor", "C floor"), ("nginx", "nginx"), ("h2o", "h2o"), ("kestrel", "Kestrel"), ("kestrel-native", "Kestrel native"),
        ("epoll-inline", "PipeServer inline"), ("epoll-workers", "through workers"),
    ];

    private static readonly (string Server, string Title)[] FileColumns =
    [
        ("nginx", "nginx"), ("h2o", "h2o"), ("kestrel", "Kestrel"), ("epoll-inline", "PipeServer"), ("epoll-uncached", "PipeServer, nothing in memory"),
    ];

    private static readonly (string Workload, string Title)[] Rows =
    [
        ("plaintext-256", "plaintext"), ("plaintext-256-split", "plaintext, server and client with a core each"), ("pipelined-16", "plaintext, pipelined × 16"),
        ("headers-15", "plaintext, a browser's 15 header lines"), ("one-per-connection", "one request per connection, 64 at once"),
        ("json-256", "JSON"), ("echo-1k", "POST, echo of 1 KiB"),
    ];

    private static readonly (string Server, string Title)[] TlsColumns =
    [
        ("nginx", "nginx"), ("kestrel", "Kestrel"), ("epoll-inline", "PipeServer"), ("epoll-sslstream", "by `SslStream`"),
    ];

    private static readonly (string Workload, string Title)[] TlsRows =
    [
        ("tls-plaintext-64", "plaintext, 64 connections"), ("tls-file-64k", "64 KiB, 64 connections"), ("tls-file-10m", "10 MiB, 16 connections"),
        ("tls-handshake", "a new handshake for each request"), ("tls-resumed", "a resumed one for each request"),
    ];

    private static readonly (string Server, string Title)[] Http2Columns =
    [
        ("nginx", "nginx"), ("h2o", "h2o"), ("kestrel", "Kestrel"), ("epoll-inline", "PipeServer inline"), ("epoll-workers", "through workers"),
    ];

    private static readonly (string Workload, string Title)[] Http2Rows =
    [
        ("http2-plaintext-32", "plaintext, 64 connections of 32 streams"), ("http2-file-1k-32", "1 KiB, 64 × 32"),
        ("http2-plaintext-1", "plaintext, one stream at a time"), ("http2-file-1k-1", "1 KiB, one stream at a time"),
        ("http2-tls-plaintext-32", "plaintext over TLS, 64 × 32"), ("http2-tls-file-1k-32", "1 KiB over TLS, 64 × 32"),
        ("http2-tls-file-64k", "64 KiB over TLS, one stream at a time"),
    ];

    private static readonly (string Workload, string Title)[] FileRows =
    [
        ("file-1k", "1 KiB"), ("file-1k-not-modified", "1 KiB, not modified (304)"), ("file-1k-one-per-connection", "1 KiB, one request per connection, 64 at once"),
        ("files-4k-1000", "1,000 files of 4 KiB"), ("file-64k", "64 KiB, 64 connections"), ("files-64k-2048", "2,048 files of 64 KiB, twice the cache"),
        ("file-10m", "10 MiB, 16 connections"),
    ];

    /// <summary>Replaces the tables between the comments of the page.</summary>
    /// <exception cref="MeasurementException">The comments are not there.</exception>
    public static string Replace(string page, RunResult run)
    {
        var comment = IsOf(run, "tls-") ? BeginTls : IsOf(run, "http2-") ? BeginHttp2 : Begin;
        var begin = page.IndexOf(comment, StringComparison.Ordinal);
        var end = page.IndexOf(End, Math.Max(0, begin), StringComparison.Ordinal);
        return begin >= 0 && end > begin
            ? string.Concat(page.AsSpan(0, begin + comment.Length), "\n", Write(run), page.AsSpan(end))
            : throw new MeasurementException($"the page has no place for the tables: '{comment}' and '{End}'.");
    }

    /// <summary>The tables.</summary>
    public static string Write(RunResult run)
    {
        var text = new StringBuilder();
        if (IsOf(run, "http2-"))
        {
            WriteTable(text, run, "HTTP/2: CPU µs a request (requests/s)", Http2Columns, Http2Rows);
            WriteRow(text, "an idle connection, KB", Http2Columns, server => Show(run.Find(Workload.Http2Idle, server)?.ResidentKilobytesPerConnection));
            return text.Append('\n').ToString();
        }

        if (IsOf(run, "tls-"))
        {
            WriteTable(text, run, "over TLS: CPU µs a request (requests/s)", TlsColumns, TlsRows);
            WriteRow(text, "an idle connection, KB", TlsColumns, server => Show(run.Find(Workload.TlsIdle, server)?.ResidentKilobytesPerConnection));
            return text.Append('\n').ToString();
        }

        WriteTable(text, run, "CPU µs a request (requests/s)", Columns, Rows);
        WriteMemory(text, run);
        WriteTable(text, run, "files: CPU µs a request (requests/s)", FileColumns, FileRows);
        return text.Append('\n').ToString();
    }

    private static bool IsOf(RunResult run, string workloads) =>
        run.Measurements.Any(measurement => measurement.Workload.StartsWith(workloads, StringComparison.Ordinal));

    private static void WriteTable(
        StringBuilder text, RunResult run, string title, (string Server, string Title)[] columns, (string Workload, string Title)[] rows)
    {
        WriteHead(text, title, columns);
        foreach (var (workload, name) in rows.Where(row => columns.Any(column => run.Find(row.Workload, column.Server) is not null)))
        {
            WriteRow(text, name, columns, server => run.Find(workload, server) is { CpuMicrosecondsPerRequest: { } cpu, RequestsPerSecond: { } rate }
                ? string.Create(CultureInfo.InvariantCulture, $"{cpu.ToString(cpu < 10 ? "F2" : "F1", CultureInfo.InvariantCulture)} ({rate:N0})")
                : "–");
        }
    }

    private static void WriteMemory(StringBuilder text, RunResult run)
    {
        if (run.Find(Workload.Start, "epoll-inline") is null && run.Find(Workload.Idle, "epoll-inline") is null)
        {
            return;
        }

        WriteHead(text, "start and memory", Columns);
        WriteRow(text, "start to the first answer, ms", Columns, server => Show(run.Find(Workload.Start, server)?.StartMilliseconds));
        WriteRow(text, "resident after it, MB", Columns, server => Show(run.Find(Workload.Start, server)?.ResidentSetKilobytes / 1024.0));
        WriteRow(text, "resident at 10,000 idle connections, MB", Columns, server => Show(run.Find(Workload.Idle, server)?.ResidentKilobytes / 1024.0));
        WriteRow(text, "an idle connection, KB", Columns, server => Show(run.Find(Workload.Idle, server)?.ResidentKilobytesPerConnection));
    }

    private static void WriteHead(StringBuilder text, string title, (string Server, string Title)[] columns)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n| {title} |");
        text.AppendJoin("", columns.Select(static column => $" {column.Title} |")).Append("\n|---|");
        text.AppendJoin("", columns.Select(static _ => "---:|")).Append('\n');
    }

    private static void WriteRow(StringBuilder text, string name, (string Server, string Title)[] columns, Func<string, string> show) =>
        text.Append(CultureInfo.InvariantCulture, $"| {name} |").AppendJoin("", columns.Select(column => $" {show(column.Server)} |")).Append('\n');

    private static string Show(double? value) => value?.ToString("F1", CultureInfo.InvariantCulture) ?? "–";
}
