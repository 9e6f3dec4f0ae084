using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace PipeServer.AspNetCore.Tests;

/// <summary>What a listener gets of an application: of ASP.NET Core what it has for every server, of PipeServer its own, and nothing twice.</summary>
public sealed class TelemetryTests
{
    [Fact]
    public async Task What_every_server_has_comes_once_and_the_servers_own_comes_too()
    {
        await using var host = await ApplicationHost.StartAsync(static context => context.Response.WriteAsync("ok"));
        var factory = host.Application.Services.GetRequiredService<IMeterFactory>();
        using var listener = new Listener(meter => ReferenceEquals(meter.Scope, factory));
        await host.GetAsync("/");
        await host.GetAsync("/");
        await Eventually.TrueAsync(() => listener.Recorded.Count(static one => one == "http.server.request.duration") == 2, "both are recorded");
        await Eventually.TrueAsync(() => host.Instance.Server!.Requests.Completed == 2, "both are counted");
        var observed = listener.Observe();
        Assert.Equal(2, listener.Recorded.Count(static one => one == "http.server.request.duration"));
        var standard = listener.Instruments.Where(static one => one.Name.StartsWith("http.server.")).ToList();
        Assert.Equal(["http.server.active_requests", "http.server.request.duration"], standard.Select(static one => one.Name).Order());
        Assert.All(standard, static one => Assert.Equal("Microsoft.AspNetCore.Hosting", one.Meter.Name));
        Assert.Equal(2, observed["pipeserver.request.completed"]);
        Assert.Equal(2, listener.Recorded.Count(static one => one == "pipeserver.queue.wait"));
        Assert.All(listener.Instruments.Where(static one => one.Meter.Name == "PipeServer"), static one => Assert.StartsWith("pipeserver.", one.Name));
    }

    [Fact]
    public async Task The_servers_own_can_be_turned_off_and_those_of_every_server_be_turned_on()
    {
        await using var silent = await ApplicationHost.StartAsync(
            static context => context.Response.WriteAsync("ok"), static options => options.Server.Metrics = false);
        await using var full = await ApplicationHost.StartAsync(
            static context => context.Response.WriteAsync("ok"), static options => options.Server.RequestMetrics = true);
        using var ofSilent = new Listener(OfServer(silent));
        using var ofFull = new Listener(OfServer(full));
        await silent.GetAsync("/");
        await full.GetAsync("/");
        Assert.Empty(ofSilent.Instruments);
        Assert.Contains(ofFull.Instruments, static one => one.Name == "http.server.request.duration");

        static Func<Meter, bool> OfServer(ApplicationHost host)
        {
            var factory = host.Application.Services.GetRequiredService<IMeterFactory>();
            return meter => meter.Name == "PipeServer" && ReferenceEquals(meter.Scope, factory);
        }
    }

    [Fact]
    public async Task A_request_has_one_activity_which_is_the_hosts()
    {
        await using var host = await ApplicationHost.StartAsync(static context =>
            context.Response.WriteAsync($"{Activity.Current?.Source.Name} {Activity.Current?.Parent?.Source.Name}"));
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "PipeServer" or "Microsoft.AspNetCore",
            Sample = static (ref _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        Assert.Equal("Microsoft.AspNetCore ", await host.GetAsync("/"));
    }

    private sealed class Listener : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, double> _observed = [];

        public Listener(Func<Meter, bool> isWanted)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (isWanted(instrument.Meter))
                {
                    Instruments.Enqueue(instrument);
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => See(instrument, value));
            _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => See(instrument, value));
            _listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => See(instrument, value));
            _listener.Start();
        }

        public ConcurrentQueue<Instrument> Instruments { get; } = [];

        public ConcurrentQueue<string> Recorded { get; } = [];

        public ConcurrentDictionary<string, double> Observe()
        {
            _listener.RecordObservableInstruments();
            return _observed;
        }

        public void Dispose() => _listener.Dispose();

        private void See(Instrument instrument, double value)
        {
            _observed[instrument.Name] = value;
            if (!instrument.IsObservable)
            {
                Recorded.Enqueue(instrument.Name);
            }
        }
    }
}
