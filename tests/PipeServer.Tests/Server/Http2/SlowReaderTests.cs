using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Clients that open their windows slowly, with a clock that goes when told to.</summary>
public sealed class SlowReaderTests
{
    public static TheoryData<string, int> Names => new()
    {
        { "memory", 1000 }, { "memory", 1100 }, { "memory", 500 }, { "epoll", 1000 }, { "epoll", 500 }, { "sockets", 500 },
    };

    // Each frame of the client's put the look at its streams off by a second: who sent something more often was never too slow, and could hold a stream for
    // ever.
    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_window_that_is_opened_byte_by_byte_is_too_slow(string transport, int milliseconds)
    {
        var clock = new ManualTimeProvider();
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, options => options.TimeProvider = clock);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 10));
        client.OpensWindows = false;
        var id = await client.RequestAsync("GET", "/worker/bytes/100000");
        var response = client.Responses[id];
        await client.UntilAsync(() => response.BodyLength == 10, "what the window lets through");
        for (var elapsed = 0; elapsed < 60_000 && !response.IsOver; elapsed += milliseconds)
        {
            clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            await client.SendAsync(Http2Frame.WindowUpdate(id, 1));
            await client.PingAsync();
        }

        // Not asserted before the server is stopped: its stop takes time, and this clock goes only when told to.
        var (reset, other) = (response.ResetCode, (await client.GetAsync("/inline")).Text);
        var stopping = host.Server.StopAsync();
        await clock.AdvanceUntilAsync(stopping, TimeSpan.FromMilliseconds(100));
        Assert.True(stopping.IsCompleted, "The server stops.");
        Assert.Equal(Code.Cancel, reset);
        Assert.Equal("inline", other);
    }
}
