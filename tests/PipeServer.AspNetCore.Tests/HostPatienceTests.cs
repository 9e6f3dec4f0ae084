using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace PipeServer.AspNetCore.Tests;

/// <summary>The host's time for a stop, and the server's grace period, which ends before it.</summary>
public sealed class HostPatienceTests
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);

    // The host's timer was always a moment before the server's: each stop that came to its deadline was reported as one that somebody had cut short, also
    // where all had been answered and one client did not close.
    [Fact]
    public async Task What_is_cut_off_at_the_hosts_time_out_was_not_forced()
    {
        var begun = new TaskCompletionSource();
        await using var host = await StartAsync(begun, Short);
        var answer = host.GetAsync("/");
        await begun.Task.WaitAsync(ApplicationHost.Patience);
        await Record.ExceptionAsync(() => host.Application.StopAsync().WaitAsync(ApplicationHost.Patience));
        await Assert.ThrowsAnyAsync<Exception>(() => answer);
        Assert.Equal((ShutdownOutcome.TimedOut, 1), (host.Instance.ShutdownReport!.Outcome, host.Instance.ShutdownReport.CutOff.Count));
    }

    [Fact]
    public async Task Who_stops_with_a_canceled_token_does_not_wait()
    {
        var begun = new TaskCompletionSource();
        await using var host = await StartAsync(begun, TimeSpan.FromMinutes(5));
        var answer = host.GetAsync("/");
        await begun.Task.WaitAsync(ApplicationHost.Patience);
        await Record.ExceptionAsync(() => host.Application.StopAsync(new CancellationToken(canceled: true)).WaitAsync(ApplicationHost.Patience));
        await Assert.ThrowsAnyAsync<Exception>(() => answer);
        Assert.Equal((ShutdownOutcome.Forced, 1), (host.Instance.ShutdownReport!.Outcome, host.Instance.ShutdownReport.CutOff.Count));
    }

    [Fact]
    public async Task A_drain_delay_is_part_of_the_hosts_time()
    {
        await using var host = await ApplicationHost.StartAsync(
            application => application.Run(static context => context.Response.WriteAsync("ok")),
            static options => options.Server.DrainDelay = TimeSpan.FromSeconds(2),
            static builder => builder.Host.ConfigureHostOptions(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(12)));
        Assert.Equal(TimeSpan.FromSeconds(9), host.Application.Services.GetRequiredService<IOptions<PipeServerOptions>>().Value.Server.ShutdownGracePeriod);
        var stopping = host.Application.StopAsync();
        var lifetime = host.Application.Services.GetRequiredService<IHostApplicationLifetime>();
        await Eventually.TrueAsync(() => lifetime.ApplicationStopping.IsCancellationRequested, "the stop begins");
        Assert.Equal("ok", await host.GetAsync("/"));
        await stopping.WaitAsync(ApplicationHost.Patience);
        Assert.Equal((ShutdownOutcome.Drained, 1), (host.Instance.ShutdownReport!.Outcome, host.Instance.ShutdownReport.Requests.Completed));
    }

    private static Task<ApplicationHost> StartAsync(TaskCompletionSource begun, TimeSpan patience) => ApplicationHost.StartAsync(
        application => application.Run(async context =>
        {
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }),
        build: builder => builder.Host.ConfigureHostOptions(options => options.ShutdownTimeout = patience));
}
