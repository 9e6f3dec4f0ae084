using System.Collections.Concurrent;
using System.Text;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace PipeServer.Hosting.Tests;

/// <summary>Metrics and traces, as an OpenTelemetry collector gets them.</summary>
public sealed class OpenTelemetryTests
{
    [Fact]
    public async Task Metrics_and_traces_arrive_by_OTLP()
    {
        await using var collector = new HttpServer(new HttpServerOptions { Port = 0, Workers = 2, Metrics = false, Activities = false });
        var arrived = new ConcurrentDictionary<string, string>();
        collector.MapPost("/v1/{kind}", async (request, response) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            var texts = Encoding.Latin1.GetString(body.ToArray()); // protocol buffers have them as their bytes
            arrived.AddOrUpdate(request.RouteValues["kind"]!, texts, (_, before) => before + texts);
            response.ContentType = request.Headers["Content-Type"];
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);

        var builder = TestHost.Builder();
        builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("PipeServer").AddOtlpExporter(options => SendTo(collector.Address, options, "metrics")))
            .WithTracing(traces => traces.AddSource("PipeServer").AddOtlpExporter(options => SendTo(collector.Address, options, "traces")));
        builder.Services.AddPipeServer().MapGet("/parcels/{number}", static (_, response) => response.WriteText("on its way\n"));
        await using var host = await TestHost.StartAsync(builder);
        Assert.Equal((200, "on its way\n"), await host.GetAsync("/parcels/4711"));
        await host.StopAsync(); // nothing is in flight any more: what the request has told is complete
        Assert.True(host.Host.Services.GetRequiredService<MeterProvider>().ForceFlush((int)TestHost.Patience.TotalMilliseconds));
        Assert.True(host.Host.Services.GetRequiredService<TracerProvider>().ForceFlush((int)TestHost.Patience.TotalMilliseconds));

        var told = arrived["metrics"];
        Assert.Contains("http.server.request.duration", told);
        Assert.Contains("http.server.active_requests", told);
        Assert.Contains("pipeserver.connection.accepted", told);
        Assert.Contains("/parcels/{number}", told);
        Assert.Contains("GET /parcels/{number}", arrived["traces"]);
        Assert.Contains("/parcels/4711", arrived["traces"]);
    }

    private static void SendTo(Uri collector, OtlpExporterOptions options, string kind)
    {
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = new Uri(collector, $"/v1/{kind}");
    }
}
