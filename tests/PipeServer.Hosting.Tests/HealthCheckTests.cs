using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace PipeServer.Hosting.Tests;

/// <summary>The host's health checks, asked by HTTP.</summary>
public sealed class HealthCheckTests
{
    [Theory]
    [InlineData(HealthStatus.Healthy, 200, "Healthy\n")]
    [InlineData(HealthStatus.Degraded, 200, "Degraded\n")]
    [InlineData(HealthStatus.Unhealthy, 503, "Unhealthy\n")]
    public async Task The_worst_check_is_the_answer(HealthStatus status, int expected, string text)
    {
        await using var host = await StartAsync(checks => checks.AddCheck("good", static () => HealthCheckResult.Healthy())
            .AddCheck("tested", () => new HealthCheckResult(status)));
        Assert.Equal((expected, text), await host.GetAsync("/healthz/ready"));
        Assert.Equal((expected, ""), await host.SendAsync("HEAD", "/healthz/ready"));
        using var response = await host.Client.GetAsync("/healthz/ready", TestContext.Current.CancellationToken);
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Checks_are_chosen_by_their_tags()
    {
        await using var host = await StartAsync(static checks => checks.AddCheck("live", static () => HealthCheckResult.Healthy(), ["live"])
            .AddCheck("database", static () => HealthCheckResult.Unhealthy(), ["ready"]));
        Assert.Equal((200, "Healthy\n"), await host.GetAsync("/healthz/live"));
        Assert.Equal((503, "Unhealthy\n"), await host.GetAsync("/healthz/ready"));
    }

    [Fact]
    public async Task Without_a_check_it_is_healthy()
    {
        await using var host = await TestHost.StartAsync(static routes => routes.MapHealthChecks("/health"));
        Assert.Equal((200, "Healthy\n"), await host.GetAsync("/health"));
    }

    [Fact]
    public async Task A_check_that_throws_is_unhealthy()
    {
        await using var host = await StartAsync(static checks => checks.AddCheck("faulty", static () => throw new InvalidOperationException("No database.")));
        Assert.Equal((503, "Unhealthy\n"), await host.GetAsync("/healthz/ready"));
    }

    // For the time of the delay the server still accepts, and says that it is not ready.
    [Fact]
    public async Task While_it_drains_it_lives_and_is_not_ready()
    {
        var made = 0;
        await using var host = await StartAsync(
            checks => checks.AddCheck("counted", () => Counted(ref made)),
            ("PipeServer:DrainDelay", "00:10:00"),
            ("PipeServer:ShutdownGracePeriod", "00:00:05"));
        Assert.Equal((200, "Healthy\n"), await host.GetAsync("/healthz/ready"));
        host.Lifetime.StopApplication();
        Assert.Equal((503, "draining\n"), await host.GetAsync("/healthz/ready"));
        Assert.Equal((200, "Healthy\n"), await host.GetAsync("/healthz/live"));
        Assert.Equal(1, made); // none was made to say that it drains
    }

    [Fact]
    public async Task A_stop_that_begins_while_a_check_is_made_is_told()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(checks => checks.AddAsyncCheck("slow", async () =>
        {
            entered.TrySetResult();
            await go.Task;
            return HealthCheckResult.Healthy();
        }));
        var answer = host.GetAsync("/healthz/ready");
        await entered.Task.WaitAsync(TestHost.Patience, TestContext.Current.CancellationToken);
        host.Lifetime.StopApplication();
        go.SetResult();
        Assert.Equal((503, "draining\n"), await answer);
    }

    // A probe that has given up is no fault of the server's.
    [Fact]
    public async Task A_client_who_leaves_cancels_the_check_and_no_fault_is_logged()
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(checks => checks.AddAsyncCheck("slow", async cancellationToken =>
        {
            await using var registration = cancellationToken.Register(() => cancelled.TrySetResult());
            entered.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return HealthCheckResult.Healthy();
        }));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.EndPoint!, TestContext.Current.CancellationToken);
        await socket.SendAsync("GET /healthz/ready HTTP/1.1\r\nHost: test\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await entered.Task.WaitAsync(TestHost.Patience, TestContext.Current.CancellationToken);
        socket.LingerState = new LingerOption(true, 0); // a reset
        socket.Close();
        await cancelled.Task.WaitAsync(TestHost.Patience, TestContext.Current.CancellationToken);
        await host.StopAsync();
        Assert.DoesNotContain(host.Log.Lines, static line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task It_is_answered_while_every_worker_is_blocked()
    {
        using var blocked = new ManualResetEventSlim();
        using var entered = new SemaphoreSlim(0);
        await using var host = await TestHost.StartAsync(routes =>
        {
            routes.MapHealthChecks("/health");
            routes.MapGet("/block", (_, response) =>
            {
                entered.Release();
                blocked.Wait(TestHost.Patience);
                response.WriteText("done\n");
            });
        });
        var answers = new[] { host.GetAsync("/block"), host.GetAsync("/block") }; // as many as there are workers
        Assert.True(await entered.WaitAsync(TestHost.Patience, TestContext.Current.CancellationToken));
        Assert.True(await entered.WaitAsync(TestHost.Patience, TestContext.Current.CancellationToken));
        Assert.Equal((200, "Healthy\n"), await host.GetAsync("/health"));
        blocked.Set();
        Assert.All(await Task.WhenAll(answers), static answer => Assert.Equal((200, "done\n"), answer));
    }

    [Fact]
    public async Task The_servers_own_routes_of_the_same_path_are_refused()
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(
            static routes => routes.MapHealthChecks("/healthz/ready"), ("PipeServer:HealthChecks", "true")));
        Assert.Contains("GET /healthz/ready is mapped already", exception.Message);
    }

    private static Task<TestHost> StartAsync(Action<IHealthChecksBuilder> add, params (string Key, string? Value)[] settings)
    {
        var builder = TestHost.Builder(settings);
        add(builder.Services.AddHealthChecks());
        var routes = builder.Services.AddPipeServer();
        routes.MapHealthChecks("/healthz/ready");
        routes.MapHealthChecks("/healthz/live", static check => check.Tags.Contains("live"), failsWhileDraining: false);
        return TestHost.StartAsync(builder);
    }

    private static HealthCheckResult Counted(ref int made)
    {
        Interlocked.Increment(ref made);
        return HealthCheckResult.Healthy();
    }
}
