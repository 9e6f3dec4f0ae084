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
        await clock.AdvanceUntilAsync(response, TimeSpan.FromSeconds(1));
        Assert.Equal(408, (await response).Status);
    }

    // The bug: behind an answer that was whole, the rest of a body was waited for without end, and with it the request's place on its connection.
    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_body_that_never_ends_behind_its_answer_costs_the_stream(string transport)
    {
        var clock = new ManualTimeProvider();
        await using var host = await Http2Host.StartAsync(
            transport,
            static server =>
            {
                Http2Handlers.Map(server);
                server.MapPost("/unread", static (_, response) => response.WriteText("unread"));
            },
            options => (options.TimeProvider, options.MaxStreamsPerConnection, options.RequestBodyTimeout) = (clock, 1, TimeSpan.FromSeconds(5)));
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("POST", "/unread");
        var response = await client.ResponseAsync(id);
        Assert.Equal((200, "unread"), (response.Status, response.Text));
        Assert.Equal(Code.RefusedStream, (await client.GetAsync("/inline")).ResetCode);
        var reset = client.UntilAsync(() => response.ResetCode is not null, "the end of the stream");
        var told = clock.GetTimestamp();
        await clock.AdvanceUntilAsync(reset, TimeSpan.FromSeconds(1));
        await reset;
        Assert.Equal(Code.NoError, response.ResetCode);
        Assert.True(clock.GetElapsedTime(told) >= TimeSpan.FromSeconds(5), "it has had its time");
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
    }
}
