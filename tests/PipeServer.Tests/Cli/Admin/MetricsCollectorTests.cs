using System.Diagnostics.Metrics;
using PipeServer.Cli.Admin;

namespace PipeServer.Tests.Cli.Admin;

/// <summary>What a meter has measured, and what that costs.</summary>
public sealed class MetricsCollectorTests : IDisposable
{
    private static int _number;

    private readonly Meter _meter = new($"PipeServer.Tests.{Interlocked.Increment(ref _number)}");
    private readonly MetricsCollector _collector;

    public MetricsCollectorTests() => _collector = new MetricsCollector(instrument => instrument.Meter.Name != _meter.Name);

    public void Dispose()
    {
        _collector.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void Each_kind_of_instrument_is_what_prometheus_has_for_it()
    {
        var tag = new KeyValuePair<string, object?>("http.route", "/{a}");
        _meter.CreateCounter<long>("t.requests", "{request}", "Requests.").Add(3, tag);
        var upDown = _meter.CreateUpDownCounter<long>("t.active");
        upDown.Add(5);
        upDown.Add(-7);
        var gauge = _meter.CreateGauge<double>("t.lag", "s");
        gauge.Record(0.5);
        gauge.Record(0.25);
        _meter.CreateObservableCounter("t.sent", static () => 17L, "By");
        _meter.CreateObservableGauge<double>("t.state", static () => [new(1, new KeyValuePair<string, object?>("s", "a")), new(2, new KeyValuePair<string, object?>("s", "b"))]);
        var histogram = _meter.CreateHistogram("t.wait", "s", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.05, 0.1, 0.5, 7, double.NaN })
        {
            histogram.Record(value);
        }

        var text = Text(MetricsFormat.Prometheus);
        Assert.Equal(
            """
            # HELP t_active t.active
            # TYPE t_active gauge
            t_active -2
            # HELP t_lag_seconds t.lag
            # TYPE t_lag_seconds gauge
            t_lag_seconds 0.25
            # HELP t_requests_total Requests.
            # TYPE t_requests_total counter
            t_requests_total{http_route="/{a}"} 3
            # HELP t_sent_bytes_total t.sent
            # TYPE t_sent_bytes_total counter
            t_sent_bytes_total 17
            # HELP t_state t.state
            # TYPE t_state gauge
            t_state{s="a"} 1
            t_state{s="b"} 2
            # HELP t_wait_seconds t.wait
            # TYPE t_wait_seconds histogram
            t_wait_seconds_bucket{le="0.1"} 2
            t_wait_seconds_bucket{le="1.0"} 3
            t_wait_seconds_bucket{le="+Inf"} 4
            t_wait_seconds_sum 7.65
            t_wait_seconds_count 4

            """,
            text);
        var open = Text(MetricsFormat.OpenMetrics);
        Assert.Contains("# HELP t_requests Requests.\n# TYPE t_requests counter\nt_requests_total{http_route=\"/{a}\"} 3\n", open);
        Assert.Contains("# TYPE t_sent_bytes counter\n# UNIT t_sent_bytes bytes\nt_sent_bytes_total 17\n", open);
        Assert.EndsWith("\n# EOF\n", open);
    }

    [Fact]
    public void What_is_observed_is_as_of_now()
    {
        var state = "a";
        _meter.CreateObservableGauge("t.state", () => new Measurement<long>(1, new KeyValuePair<string, object?>("s", state)));
        Assert.Contains("t_state{s=\"a\"} 1\n", Text());
        state = "b";
        var text = Text();
        Assert.Contains("t_state{s=\"b\"} 1\n", text);
        Assert.DoesNotContain("s=\"a\"", text);
    }

    // Two servers of a process have an instrument each.
    [Fact]
    public void Instruments_of_one_name_are_one_family()
    {
        using var other = new Meter(_meter.Name, "2");
        _meter.CreateObservableCounter("t.sent", static () => 1L);
        other.CreateObservableCounter("t.sent", static () => 2L);
        other.CreateHistogram<double>("t.sent").Record(1); // a name that is taken by another kind
        Assert.Equal("# HELP t_sent_total t.sent\n# TYPE t_sent_total counter\nt_sent_total 3\n", Text());
    }

    [Fact]
    public void An_instrument_whose_meter_has_gone_is_not_asked_any_more()
    {
        using (var other = new Meter(_meter.Name, "2"))
        {
            other.CreateObservableCounter("t.gone", static () => 1L);
            Assert.Contains("t_gone_total 1\n", Text());
        }

        Assert.Equal("", Text());
    }

    [Fact]
    public void One_that_throws_takes_nothing_from_the_others()
    {
        _meter.CreateObservableGauge("t.a", static () => 1L);
        _meter.CreateObservableGauge("t.b", (Func<long>)(static () => throw new InvalidOperationException("not now")));
        _meter.CreateObservableGauge("t.c", static () => 3L);
        var text = Text();
        Assert.Contains("t_a 1\n", text);
        Assert.Contains("t_c 3\n", text);
        Assert.DoesNotContain("t_b ", text);
    }

    [Fact]
    public void Beyond_the_bound_there_is_one_series_more_and_the_sum_stays_right()
    {
        var counter = _meter.CreateCounter<long>("t.many");
        for (var i = 0; i < MetricInstrument.MaxSeries + 500; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("i", i));
        }

        var lines = Text().Split('\n').Where(static line => line.StartsWith("t_many_total{")).ToList();
        Assert.Equal(MetricInstrument.MaxSeries + 1, lines.Count);
        Assert.Contains("t_many_total{otel_metric_overflow=\"true\"} 500", lines);
    }

    [Fact]
    public void Equal_attributes_are_one_series_whatever_objects_they_are()
    {
        var counter = _meter.CreateCounter<long>("t.equal");
        for (var i = 0; i < 10; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("status", 200), new("route", new string("/a".AsSpan())));
            counter.Add(1, new KeyValuePair<string, object?>("route", "/a"), new("status", 200));
        }

        Assert.Contains("t_equal_total{route=\"/a\",status=\"200\"} 20\n", Text());
    }

    [Fact]
    public void Measuring_allocates_nothing_once_it_has_measured_the_same_before()
    {
        var histogram = _meter.CreateHistogram<double>("t.wait", "s");
        var counter = _meter.CreateCounter<long>("t.jobs");
        var sets = Enumerable.Range(0, 60).Select(static i => new KeyValuePair<string, object?>[]
        {
            new("http.request.method", "GET"), new("http.response.status_code", 200 + i), new("http.route", $"/r{i}"),
        }).ToArray();
        Measure();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Measure();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Measure()
        {
            foreach (var tags in sets)
            {
                histogram.Record(0.01, tags);
                counter.Add(1, tags);
            }
        }
    }

    [Fact]
    public async Task Nothing_is_lost_between_threads()
    {
        const int Each = 20_000;
        var histogram = _meter.CreateHistogram<double>("t.wait", "s");
        var counter = _meter.CreateCounter<long>("t.jobs");
        KeyValuePair<string, object?>[] tags = [new("a", "b")];
        var threads = Enumerable.Range(0, 6).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                histogram.Record(0.5, tags);
                counter.Add(2, tags);
            }
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        while (threads.Exists(static thread => thread.IsAlive))
        {
            Assert.NotNull(Text());
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        var text = Text();
        Assert.Contains($"t_wait_seconds_count{{a=\"b\"}} {6 * Each}\n", text);
        Assert.Contains($"t_wait_seconds_sum{{a=\"b\"}} {6 * Each / 2}\n", text);
        Assert.Contains($"t_jobs_total{{a=\"b\"}} {6 * Each * 2}\n", text);
    }

    [Fact]
    public void The_process_tells_of_itself()
    {
        var text = MetricsText.Write(_collector.Collect(), MetricsFormat.Prometheus);
        foreach (var name in new[] { "process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "dotnet_gc_heap_size_bytes" })
        {
            var line = Assert.Single(text.Split('\n'), line => line.StartsWith(name + " "));
            Assert.True(double.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) > 0, line);
        }

        Assert.Matches("\npipeserver_build_info\\{[^\n]*version=\"[0-9][^\n]*\\} 1\n", text);
    }

    // Without the process's own figures.
    private string Text(MetricsFormat format = MetricsFormat.Prometheus) =>
        MetricsText.Write(_collector.Collect().Where(static family => family.Name.StartsWith("t_")), format);
}
