using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace PipeServer.AspNetCore.Tests;

/// <summary>The grace period fits into the host's time, with a reserve; one that somebody has set is kept, the server's default too.</summary>
public sealed class ShutdownTimeTests
{
    // The bug: who set the very default of the server got the host's time.
    [Theory]
    [InlineData(30_000, null, null, 29_000)]
    [InlineData(5_000, null, null, 4_500)]
    [InlineData(30_000, "00:00:10", null, 19_000)]
    [InlineData(5_000, "00:00:10", null, 0)]
    [InlineData(-1, null, null, 4_294_967_294)]
    [InlineData(5_000, null, "00:00:30", 30_000)]
    [InlineData(5_000, "00:00:01", "00:00:00", 0)]
    public async Task The_grace_period_comes_of_the_hosts_time_unless_it_is_set(int host, string? delay, string? own, long expected)
    {
        await using var running = await ApplicationHost.StartAsync(
            static _ => { },
            build: builder =>
            {
                builder.Host.ConfigureHostOptions(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(host));
                builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
                {
                    ["PipeServer:Server:DrainDelay"] = delay ?? "00:00:00",
                }.Concat(own is null ? [] : [new KeyValuePair<string, string?>("PipeServer:Server:ShutdownGracePeriod", own)]));
            });
        var options = running.Application.Services.GetRequiredService<IOptions<PipeServerOptions>>().Value.Server;
        Assert.Equal(expected, options.ShutdownGracePeriod.TotalMilliseconds);
    }

    [Fact]
    public void The_servers_default_is_not_the_mark() =>
        Assert.NotEqual(new HttpServerOptions().ShutdownGracePeriod, new PipeServerOptions().Server.ShutdownGracePeriod);
}
