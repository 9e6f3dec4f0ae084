using PipeServer.Load;
using PipeServer.Perf;

namespace PipeServer.Tests.Perf;

/// <summary>What the load harness makes of its figures.</summary>
public sealed class LoadTablesTests
{
    private static readonly Machine Machine = new("Processor", 2, 4096, "System", "Runtime");

    [Fact]
    public void A_ratio_is_the_median_of_the_rounds_ratios()
    {
        // The second round hit both: of the medians, 6.0 and 4.0, the ratio would be 1.5.
        var run = Run(
            new("plaintext-256", "epoll-inline", 100, 6, RoundCpu: [6, 20, 4], RoundRates: [100, 50, 200]),
            new("plaintext-256", "nginx", 100, 4, RoundCpu: [3, 10, 4], RoundRates: [200, 100, 100]));
        Assert.Equal(2, run.CpuRatio("plaintext-256", "epoll-inline", "nginx"));
        Assert.Equal(0.5, run.RateRatio("plaintext-256", "epoll-inline", "nginx"));
        Assert.Null(run.CpuRatio("plaintext-256", "epoll-inline", "floor"));
    }

    [Fact]
    public void A_run_without_rounds_has_the_ratio_of_its_medians() => Assert.Equal(1.5, Medians.OfPairs(null, null, 6, 4));

    [Theory]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 2, 3 }, 2.5)]
    public void A_median_is_the_middle(double[] values, double median) => Assert.Equal(median, Medians.Of(values));

    [Fact]
    public void Aims_are_judged_by_their_direction()
    {
        var report = MarkdownReport.Write(
            Run(
                new("one-per-connection", "epoll-inline", 90, 20, RoundCpu: [20], RoundRates: [90]),
                new("one-per-connection", "nginx", 100, 25, RoundCpu: [25], RoundRates: [100]),
                new("start", "epoll-inline", StartMilliseconds: 9, ResidentSetKilobytes: 10 * 1024)),
            [("nginx", "nginx")]);
        Assert.Contains("| one-per-connection, epoll-inline: CPU per request | nginx | ≤ 0.95 | 0.80 | met |", report, StringComparison.Ordinal);
        Assert.Contains("| one-per-connection, epoll-inline: requests/s | nginx | ≥ 1.00 | 0.90 | **missed** |", report, StringComparison.Ordinal);
        Assert.Contains("| start, epoll-inline: ms to the first answer | – | ≤ 10.00 | 9.00 | met |", report, StringComparison.Ordinal);
        Assert.Contains("| start, epoll-inline: resident MB after it | – | ≤ 9.50 | 10.00 | **missed** |", report, StringComparison.Ordinal);
        Assert.Contains("    dotnet run --project perf/load", report, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pages_tables_are_replaced_between_their_comments_and_nothing_else()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "benchmarks.md"));
        var run = Run(
            new("plaintext-256", "epoll-inline", 141_457, 4.5), new("file-1k", "nginx", 95_840, 12.34),
            new("start", "epoll-inline", StartMilliseconds: 9.04, ResidentSetKilobytes: 9 * 1024));
        var replaced = PageTables.Replace(page, run);
        Assert.Contains("| plaintext | – | – | – | – | – | 4.50 (141,457) | – |", replaced, StringComparison.Ordinal);
        Assert.Contains("| 1 KiB | 12.3 (95,840) | – | – | – | – |", replaced, StringComparison.Ordinal);
        Assert.Contains("| start to the first answer, ms | – | – | – | – | – | 9.0 | – |", replaced, StringComparison.Ordinal);
        Assert.Equal(replaced, PageTables.Replace(replaced, run));
        Assert.StartsWith(page[..page.IndexOf("<!-- the tables", StringComparison.Ordinal)], replaced, StringComparison.Ordinal);
        Assert.EndsWith(page[page.IndexOf("<!-- end of the tables", StringComparison.Ordinal)..], replaced, StringComparison.Ordinal);
        Assert.Throws<MeasurementException>(() => PageTables.Replace("no place", run));
    }

    [Fact]
    public void The_pages_table_over_tls_has_a_place_of_its_own()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "benchmarks.md"));
        var run = Run(new("tls-plaintext-64", "epoll-inline", 100_000, 7.5), new("tls-idle-5000", "epoll-inline", ResidentKilobytesPerConnection: 17.24));
        var replaced = PageTables.Replace(page, run);
        Assert.Contains("| plaintext, 64 connections | – | – | 7.50 (100,000) | – |", replaced, StringComparison.Ordinal);
        Assert.Contains("| an idle connection, KB | – | – | 17.2 | – |", replaced, StringComparison.Ordinal);
        Assert.Equal(replaced, PageTables.Replace(replaced, run));
        Assert.StartsWith(page[..page.IndexOf("run over TLS", StringComparison.Ordinal)], replaced, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pages_table_of_http2_is_one_of_its_own()
    {
        var run = Run(new("http2-plaintext-32", "epoll-inline", 900_000, 0.65), new("http2-idle-10000", "epoll-inline", ResidentKilobytesPerConnection: 3.26));
        var table = PageTables.Write(run);
        Assert.Contains("| plaintext, 64 connections of 32 streams | – | – | – | 0.65 (900,000) | – |", table, StringComparison.Ordinal);
        Assert.Contains("| an idle connection, KB | – | – | – | 3.3 | – |", table, StringComparison.Ordinal);
    }

    [Fact]
    public void The_chart_shows_processor_time_and_requests()
    {
        var chart = BarChart.Draw(Run(new("plaintext-256", "epoll-inline", 141_457, 4.5), new("plaintext-256", "nginx", 135_971, 9)));
        Assert.Contains("4.50 µs · 141,457/s", chart, StringComparison.Ordinal);
        Assert.Contains("class=\"ours\"", chart, StringComparison.Ordinal);
        Assert.Equal("svg", System.Xml.Linq.XDocument.Parse(chart).Root!.Name.LocalName);
    }

    [Fact]
    public void A_name_that_is_not_there_is_told_with_those_that_are()
    {
        string[] all = ["floor", "nginx", "jit-inline"];
        Assert.Equal(["floor", "nginx"], Choose([], []));
        Assert.Equal(all, Choose([], ["jit-inline"]));
        Assert.Equal(["nginx", "jit-inline"], Choose(["nginx"], ["jit-inline"]));
        Assert.Contains("floor, nginx, jit-inline", Assert.Throws<MeasurementException>(() => Choose(["apache"], [])).Message, StringComparison.Ordinal);

        List<string> Choose(string[] names, string[] with) => Choice.Of(all, names, with, static name => name, static name => name != "jit-inline", "--servers");
    }

    private static RunResult Run(params Measurement[] measurements) =>
        new("2026-11-26 06:00 UTC", "commit", Machine, 10, 1, measurements, "dotnet run --project perf/load -c Release -- --rounds 10");
}
