using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using PipeServer.Cli;
using PipeServer.Http;
using PipeServer.Server;
using PipeServer.StaticFiles;
using PipeServer.Telemetry;
using PipeServer.Tests.StaticFiles;

namespace PipeServer.Tests.Telemetry;

/// <summary>Which instruments there are, what makes their meters, and what keeps their tags within bounds.</summary>
public sealed class InstrumentsTests
{
    private static readonly string[] Expected =
    [
        "http.server.active_requests {request} ObservableUpDownCounter",
        "http.server.request.duration s Histogram",
        "pipeserver.accept.failures {failure} ObservableCounter",
        "pipeserver.connection.aborted {connection} ObservableCounter",
        "pipeserver.connection.accepted {connection} ObservableCounter",
        "pipeserver.connection.closed {connection} ObservableCounter",
        "pipeserver.connection.count {connection} ObservableUpDownCounter",
        "pipeserver.connection.refused {connection} ObservableCounter",
        "pipeserver.loop.lag s ObservableGauge",
        "pipeserver.network.io By ObservableCounter",
        "pipeserver.queue.capacity {request} ObservableUpDownCounter",
        "pipeserver.queue.length {request} ObservableUpDownCounter",
        "pipeserver.queue.wait s Histogram",
        "pipeserver.request.aborted {request} ObservableCounter",
        "pipeserver.request.completed {request} ObservableCounter",
        "pipeserver.request.received {request} ObservableCounter",
        "pipeserver.request.refused {request} ObservableCounter",
        "pipeserver.thread_pool.active {request} ObservableUpDownCounter",
        "pipeserver.thread_pool.limit {request} ObservableUpDownCounter",
        "pipeserver.thread_pool.queued {request} ObservableUpDownCounter",
        "pipeserver.worker.busy {worker} ObservableUpDownCounter",
        "pipeserver.worker.count {worker} ObservableUpDownCounter",
        "pipeserver.worker.executed {job} ObservableCounter",
        "pipeserver.worker.faulted {job} ObservableCounter",
    ];

    private static readonly string[] ExpectedOfTls =
    [
        "pipeserver.tls.certificate.expiry s ObservableGauge",
        "pipeserver.tls.handshake.active {handshake} ObservableUpDownCounter",
        "pipeserver.tls.handshake.duration s Histogram",
        "pipeserver.tls.handshakes {handshake} ObservableCounter",
    ];

    private static readonly string[] ExpectedOfFiles =
    [
        "pipeserver.file_cache.entries {entry} ObservableUpDownCounter",
        "pipeserver.file_cache.hits {request} ObservableCounter",
        "pipeserver.file_cache.misses {request} ObservableCounter",
        "pipeserver.file_cache.open_files {entry} ObservableUpDownCounter",
        "pipeserver.file_cache.size By ObservableUpDownCounter",
    ];

    private static readonly string[] ExpectedOfProgram =
    [
        "pipeserver.access_log.dropped {line} ObservableCounter", "pipeserver.log.dropped {line} ObservableCounter",
    ];

    [Fact]
    public async Task The_instruments_are_those_of_the_table_in_the_readme()
    {
        await using var server = await TestServer.StartAsync("epoll", static _ => { });
        await using var folder = new StaticFolder("epoll");
        folder.Write("root/a.txt", "a");
        using var files = new StaticFileHandler(folder.Root);
        using var program = new CliMetrics(static () => 1, static () => 2);
        using var ofServer = new MetricsListener(server.Server);
        using var ofFiles = new MetricsListener(files);
        using var ofProgram = new MetricsListener(static meter => meter.Name == "PipeServer.Cli");
        Assert.Equal(Expected, Described(ofServer));
        Assert.Equal(ExpectedOfFiles, Described(ofFiles));
        Assert.Equal(ExpectedOfProgram, Described(ofProgram).Distinct());
        var page = await File.ReadAllTextAsync(Repository.Path("docs", "operate.md"), TestContext.Current.CancellationToken);
        foreach (var instrument in ofServer.Instruments.Concat(ofFiles.Instruments).Concat(ofProgram.Instruments))
        {
            Assert.NotEmpty(instrument.Description!);
            Assert.Contains($"`{instrument.Name}`", page);
        }

        Assert.Equal(
            [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10], Buckets(ofServer, "http.server.request.duration"));
        Assert.Equal(0.00001, Buckets(ofServer, "pipeserver.queue.wait")[0]);
    }

    [Fact]
    public async Task Handshakes_are_told_of_where_TLS_is_spoken()
    {
        await using var server = await TestServer.StartAsync("epoll/sslstream", static server => server.MapGet("/", static (_, response) => response.WriteText("x")));
        using var listener = new MetricsListener(server.Server);
        Assert.Equal(Expected.Concat(ExpectedOfTls).Order(StringComparer.Ordinal), Described(listener));
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);
        await using var plain = await server.ConnectPlainAsync();
        Assert.Equal(400, (await plain.RequestAsync(TestClient.Get("/"))).Status);
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Handshakes.Count == 2, "both are counted");
        Assert.Equal(
            [new HandshakeCount(HandshakeOutcome.Completed, TlsVersion.Tls13, 1), new HandshakeCount(HandshakeOutcome.Refused, null, 1)],
            server.Server.GetStatistics().Handshakes);
        var page = await File.ReadAllTextAsync(Repository.Path("docs", "operate.md"), TestContext.Current.CancellationToken);
        Assert.All(listener.Instruments, instrument => Assert.Contains($"`{instrument.Name}`", page));
    }

    [Fact]
    public async Task Without_metrics_there_is_no_meter()
    {
        await using var server = await TestServer.StartAsync("epoll", static _ => { }, static options => options.Metrics = false);
        await using var folder = new StaticFolder("epoll");
        folder.Write("root/a.txt", "a");
        using var files = new StaticFileHandler(folder.Root, new StaticFileOptions { Metrics = false });
        using var listener = new MetricsListener(meter => meter.Scope == server.Server || meter.Scope == files);
        Assert.Empty(listener.Instruments);
    }

    [Fact]
    public async Task A_factory_makes_the_meters()
    {
        var asked = new List<MeterOptions>();
        using var made = new Meter("of the factory's own");
        Meter Create(MeterOptions options)
        {
            Assert.Null(options.Scope); // IMeterFactory demands it
            asked.Add(options);
            return made;
        }

        await using var server = await TestServer.StartAsync("epoll", static _ => { }, options => options.MeterFactory = Create);
        await using var folder = new StaticFolder("epoll");
        folder.Write("root/a.txt", "a");
        using var files = new StaticFileHandler(folder.Root, new StaticFileOptions { MeterFactory = Create });
        using var listener = new MetricsListener(meter => meter == made);
        Assert.Equal(["PipeServer", "PipeServer.StaticFiles"], asked.Select(static options => options.Name));
        Assert.Equal(Expected.Concat(ExpectedOfFiles).Order(StringComparer.Ordinal), Described(listener));
    }

    [Fact]
    public async Task A_factory_that_makes_none_is_told_by_name_and_the_port_is_free_again()
    {
        await using var probe = await TestServer.StartAsync("epoll", static _ => { });
        var port = ((IPEndPoint)probe.Server.EndPoints[0]).Port;
        await probe.DisposeAsync();
        await using var server = new HttpServer(new HttpServerOptions { Port = port, MeterFactory = static _ => null! });
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("MeterFactory", exception.Message);
        await Assert.ThrowsAsync<SocketException>(() => TestClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port)));
        await using var folder = new StaticFolder("epoll");
        folder.Write("root/a.txt", "a");
        Assert.Contains("MeterFactory", Assert.Throws<InvalidOperationException>(
            () => new StaticFileHandler(folder.Root, new StaticFileOptions { MeterFactory = static _ => null! })).Message);
    }

    [Fact]
    public void Tags_are_made_once_and_only_so_many()
    {
        var tags = new RequestTags();
        var first = tags.Of(new RequestTagsKey(RequestMethod.Get, 200, 1, null, null));
        Assert.Same(first, tags.Of(new RequestTagsKey(RequestMethod.Get, 200, 1, null, null)));
        for (var i = 0; i < RequestTags.MaxSets + 100; i++)
        {
            tags.Of(new RequestTagsKey(RequestMethod.Get, 200, 1, null, $"error {i}"));
        }

        Assert.Equal(RequestTags.MaxSets, tags.Count);
        Assert.Equal([new("otel.metric.overflow", true)], tags.Of(new RequestTagsKey(RequestMethod.Get, 201, 1, null, null)));
        Assert.Same(first, tags.Of(new RequestTagsKey(RequestMethod.Get, 200, 1, null, null)));
    }

    private static IEnumerable<string> Described(MetricsListener listener) => listener.Instruments
        .Select(static instrument => $"{instrument.Name} {instrument.Unit} {instrument.GetType().Name.Split('`')[0]}").Order(StringComparer.Ordinal);

    private static IReadOnlyList<double> Buckets(MetricsListener listener, string name) =>
        ((Histogram<double>)listener.Instruments.Single(instrument => instrument.Name == name)).Advice!.HistogramBucketBoundaries!;
}
