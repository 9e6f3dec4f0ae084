using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Bodies of clients that take their time, with a clock that goes when told to.</summary>
public sealed class SlowBodyTests
{
    public static TheoryData<string> Names => Http2Transports.All;

    // Was 408: a frame counted when it was whole, and of a client with 300 bytes a second one takes a minute. Over TLS a record does.
    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_frame_that_takes_a_minute_is_no_slow_client(string transport)
    {
        var clock = new ManualTimeProvider();
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, options => (options.TimeProvider, options.MinDataRate) = (clock, 0));
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("POST", "/length");
        await client.PingAsync();
        var frame = Http2Frame.Data(id, new byte[16384], end: true).Encode();
        for (var at = 0; at < frame.Length; at += 300)
        {
            await client.SendBytesAsync(frame.AsMemory(at, Math.Min(300, frame.Length - at)));
            await Task.Delay(10); // what comes late is judged a second later, and 29 of them in a row are not
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((200, "16384"), ((await client.ResponseAsync(id)).Status, client.Responses[id].Text));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_client_that_stops_inside_a_frame_is_408(string transport)
    {
        var clock = new ManualTimeProvider();
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, options => options.TimeProvider = clock);
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("POST", "/length");
        await client.SendBytesAsync(Http2Frame.Data(id, new byte[16384], end: true).Encode().AsMemory(0, 1000));
        var response = client.ResponseAsync(id);
        while (!response.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(response, Task.Delay(5));
        }

        Assert.Equal(408, (await response).Status);
    }
}
