using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace PipeServer.Hosting.Tests;

/// <summary>The server's life is its host's.</summary>
public sealed class HostedServerTests
{
    [Fact]
    public async Task It_listens_when_the_host_has_started_and_its_report_is_there_when_it_has_stopped()
    {
        await using var host = await TestHost.StartAsync(static routes => routes.MapGet("/", static (_, response) => response.WriteText("hello\n")));
        Assert.Equal((200, "hello\n"), await host.GetAsync("/"));
        Assert.Equal(host.Server.Server.EndPoints, host.Server.EndPoints);
        Assert.Null(host.Server.LastReport);
        Assert.Contains(host.Log.Lines, line => line.Message == $"PipeServer listens on http://{host.EndPoint}");

        var report = await host.StopAsync();
        Assert.Equal((ShutdownOutcome.Drained, 1), (report.Outcome, report.Requests.Completed));
        Assert.Contains(host.Log.Lines, static line => line.Level == LogLevel.Information && line.Message.StartsWith("PipeServer stopped: Drained after "));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(host.EndPoint!));
    }

    [Fact]
    public async Task Before_the_start_there_is_no_server()
    {
        var builder = TestHost.Builder();
        builder.Services.AddPipeServer();
        using var host = builder.Build();
        var server = host.Services.GetRequiredService<IPipeServer>();
        Assert.Contains("not started its server yet", Assert.Throws<InvalidOperationException>(() => server.Server).Message);
        Assert.Equal((0, null), (server.EndPoints.Count, server.LastReport));
        await host.StopAsync(TestContext.Current.CancellationToken); // does nothing
        Assert.Null(server.LastReport);
    }

    [Fact]
    public async Task A_request_in_flight_is_answered_while_the_host_stops()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(routes => routes.MapGet("/slow", gate.HandleAsync));
        var answer = host.GetAsync("/slow");
        await gate.Entered;
        var stop = host.StopAsync();
        Assert.True(host.Lifetime.ApplicationStopping.IsCancellationRequested);
        Assert.False(stop.IsCompleted);
        gate.Open();
        Assert.Equal((200, "late\n"), await answer);
        var report = await stop;
        Assert.Equal((ShutdownOutcome.Drained, 1), (report.Outcome, report.Requests.Completed));
    }

    [Fact]
    public async Task The_hosts_token_cuts_the_drain_off()
    {
        var gate = new Gate();
        await using var host = await TestHost.StartAsync(routes => routes.MapGet("/slow", gate.HandleAsync));
        var answer = host.GetAsync("/slow");
        await gate.Entered;
        using var now = new CancellationTokenSource();
        var stop = Record.ExceptionAsync(() => host.StopAsync(now.Token));
        Assert.False(stop.IsCompleted);
        await now.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => answer);
        gate.Open();
        await stop;
        var report = host.Server.LastReport!;
        Assert.Equal(ShutdownOutcome.Forced, report.Outcome);
        Assert.StartsWith("GET /slow", Assert.Single(report.CutOff));
        Assert.Contains(host.Log.Lines, static line => line.Level == LogLevel.Warning && line.Message.StartsWith("PipeServer stopped: Forced after "));
    }

    // The grace period that comes of the host's shutdown timeout ends before it: the report says so, and the host's stop throws nothing.
    [Fact]
    public async Task The_hosts_shutdown_timeout_ends_the_drain()
    {
        var gate = new Gate();
        var builder = TestHost.Builder();
        builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Services.AddPipeServer().MapGet("/slow", gate.HandleAsync);
        await using var host = await TestHost.StartAsync(builder);
        var answer = host.GetAsync("/slow");
        await gate.Entered;
        var stop = host.StopAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => answer);
        gate.Open();
        var report = await stop;
        Assert.Equal(ShutdownOutcome.TimedOut, report.Outcome);
        Assert.StartsWith("GET /slow", Assert.Single(report.CutOff));
    }

    // Before any service of the host is stopped: those that were added later are stopped first.
    [Fact]
    public async Task The_drain_begins_with_ApplicationStopping()
    {
        var draining = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(routes => routes.MapGet("/until", async (request, response) =>
        {
            await using var registration = request.Draining.Register(draining.SetResult);
            entered.SetResult();
            await draining.Task;
            response.WriteText("drained\n");
        }));
        var answer = host.GetAsync("/until");
        await entered.Task.WaitAsync(TestHost.Patience);
        host.Lifetime.StopApplication(); // and nobody stops the host yet
        Assert.Equal((200, "drained\n"), await answer);
        Assert.Equal(ShutdownOutcome.Drained, (await host.StopAsync()).Outcome);
    }

    [Fact]
    public async Task A_place_that_is_taken_fails_the_start_of_the_host()
    {
        await using var first = await TestHost.StartAsync(static _ => { });
        var exception = await Assert.ThrowsAsync<ListenException>(() =>
            TestHost.StartAsync(static _ => { }, ("PipeServer:Port", first.EndPoint!.Port.ToString())));
        Assert.Contains($"Cannot listen on {first.EndPoint}: it is in use.", exception.Message);
    }

    [Fact]
    public void A_host_has_one_server()
    {
        var services = new ServiceCollection();
        services.AddPipeServer();
        var exception = Assert.Throws<InvalidOperationException>(() => services.AddPipeServer());
        Assert.Contains("AddPipeServer has been called on these services already", exception.Message);
        Assert.Contains("HttpServerOptions.Endpoints", exception.Message);
    }

    [Fact]
    public async Task A_host_whose_start_fails_behind_the_server_leaves_nothing_listening()
    {
        var builder = TestHost.Builder();
        builder.Services.AddPipeServer();
        var fault = new FaultyService();
        builder.Services.AddSingleton<IHostedService>(services => fault.With(services.GetRequiredService<IPipeServer>()));
        await Assert.ThrowsAsync<NotSupportedException>(() => TestHost.StartAsync(builder));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(fault.EndPoint!));
    }

    [Fact]
    public async Task A_host_that_is_disposed_of_without_a_stop_leaves_nothing_listening()
    {
        var host = await TestHost.StartAsync(static _ => { });
        var endPoint = host.EndPoint!;
        host.Host.Dispose();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync(endPoint));
        host.Client.Dispose();
    }

    [Fact]
    public async Task The_limit_of_accepts_stops_the_host()
    {
        await using var host = await TestHost.StartAsync(
            static routes => routes.MapGet("/", static (_, response) => response.WriteText("last\n")), ("PipeServer:AcceptLimit", "1"));
        Assert.Equal((200, "last\n"), await host.GetAsync("/"));
        await host.Host.WaitForShutdownAsync(TestContext.Current.CancellationToken).WaitAsync(TestHost.Patience, TestContext.Current.CancellationToken);
        Assert.Equal((ShutdownOutcome.Drained, 1), (host.Server.LastReport!.Outcome, host.Server.LastReport.Requests.Completed));
        Assert.Contains(host.Log.Lines, static line => line.Message.StartsWith("PipeServer has accepted as many connections as it may"));
    }

    // A program that cannot serve must not end as if it had been told to.
    [Fact]
    public async Task A_server_that_cannot_accept_any_more_stops_the_host_with_a_fault()
    {
        var transport = new EndingTransport();
        var builder = TestHost.Builder();
        builder.Services.AddPipeServer(options => options.Transport = transport);
        await using var host = await TestHost.StartAsync(builder);
        transport.End();
        var exception = await Assert.ThrowsAnyAsync<Exception>(() =>
            host.Host.WaitForShutdownAsync(TestContext.Current.CancellationToken).WaitAsync(TestHost.Patience, TestContext.Current.CancellationToken));
        Assert.Contains("could not accept any more", exception.ToString());
        Assert.Contains(host.Log.Lines, static line => line.Level == LogLevel.Error && line.Message.StartsWith("PipeServer could not accept any more"));
        Assert.NotNull(host.Server.LastReport);
    }

    private sealed class FaultyService : IHostedService
    {
        private IPipeServer? _server;

        public System.Net.EndPoint? EndPoint { get; private set; }

        public FaultyService With(IPipeServer server)
        {
            _server = server;
            return this;
        }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            EndPoint = _server!.EndPoints.Single();
            throw new NotSupportedException("It does not start.");
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
