using PipeServer.Cli.Admin;

namespace PipeServer.Tests.Cli.Admin;

/// <summary>OpenTelemetry's names as Prometheus has them.</summary>
public sealed class MetricNameTests
{
    [Theory]
    [InlineData("http.server.request.duration", "s", MetricKind.Histogram, "http_server_request_duration_seconds", "seconds")]
    [InlineData("http.server.active_requests", "{request}", MetricKind.Gauge, "http_server_active_requests", "")]
    [InlineData("pipeserver.queue.wait", "s", MetricKind.Histogram, "pipeserver_queue_wait_seconds", "seconds")]
    [InlineData("pipeserver.network.io", "By", MetricKind.Counter, "pipeserver_network_io_bytes", "bytes")]
    [InlineData("pipeserver.sent.bytes", "By", MetricKind.Counter, "pipeserver_sent_bytes", "bytes")]
    [InlineData("pipeserver.bytes.sent", "By", MetricKind.Counter, "pipeserver_bytes_sent", "")]
    [InlineData("pipeserver.connections.total", null, MetricKind.Counter, "pipeserver_connections", "")]
    [InlineData("pipeserver.rate", "By/s", MetricKind.Gauge, "pipeserver_rate_bytes_per_second", "bytes_per_second")]
    [InlineData("pipeserver.rate", "{request}/s", MetricKind.Gauge, "pipeserver_rate_per_second", "per_second")]
    [InlineData("pipeserver.used", "1", MetricKind.Gauge, "pipeserver_used_ratio", "ratio")]
    [InlineData("pipeserver.used", "1", MetricKind.Counter, "pipeserver_used", "")]
    [InlineData("1.a--b..c", "", MetricKind.Gauge, "_1_a_b_c", "")]
    [InlineData("pipeserver.worker.count", "{worker}", MetricKind.Gauge, "pipeserver_workers", "")]
    [InlineData("pipeserver.lines.count", null, MetricKind.Counter, "pipeserver_lines", "")]
    [InlineData("pipeserver.check.sum", null, MetricKind.Gauge, "pipeserver_check_sums", "")]
    [InlineData("pipeserver.batch.count", "{job}", MetricKind.Histogram, "pipeserver_batch_count", "")]
    [InlineData("lag", "ms", MetricKind.Gauge, "lag_milliseconds", "milliseconds")]
    internal void A_name_with_its_unit(string name, string? unit, MetricKind kind, string expected, string word)
    {
        Assert.Equal(expected, MetricName.Of(name, unit, kind, out var unitWord));
        Assert.Equal(word, unitWord);
    }

    [Fact]
    public void Attributes_are_sorted_escaped_and_joined_where_their_names_become_one()
    {
        Assert.Equal("", MetricName.Labels([]));
        Assert.Equal(
            """a_b="1;2",http_route="/\"x\"\\\n",key_1x="",ok="true",ratio="0.5" """.TrimEnd(),
            MetricName.Labels(
            [
                new("http.route", "/\"x\"\\\n"), new("a_b", 2), new("a.b", 1), new("ok", true), new("1x", null), new("ratio", 0.5),
            ]));
    }
}
