using System.Globalization;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Windows in both directions, to the byte (RFC 9113 §5.2, §6.9).</summary>
public sealed class FlowProtocolTests
{
    public static TheoryData<string> Transports => Http2Transports.All;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task No_window_is_ever_exceeded(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        var random = new Random(11);
        foreach (var initial in new[] { 1, 7, 1000, 100_000 })
        {
            await using var client = await host.ConnectAsync((Setting.InitialWindowSize, initial));
            client.OpensWindows = false;
            var streams = new List<int>();
            for (var at = 0; at < 6; at++)
            {
                streams.Add(await client.RequestAsync("GET", at % 2 == 0 ? "/bytes/50000" : "/worker/bytes/50000"));
            }

            // The client holds each frame against both windows; the connection's is never opened wide.
            while (!streams.TrueForAll(id => client.Responses[id].IsOver))
            {
                foreach (var id in streams.Where(id => !client.Responses[id].IsOver && client.Responses[id].Window <= 0))
                {
                    await client.SendAsync(Http2Frame.WindowUpdate(id, random.Next(1, 20_000)));
                }

                if (client.Conversation.Window <= 0)
                {
                    await client.SendAsync(Http2Frame.WindowUpdate(0, random.Next(1, 30_000)));
                }

                await client.PingAsync();
                await Task.Delay(1); // a client that asks without a pause is ended for it
            }

            Assert.All(streams, id => Assert.Null(Http2Handlers.CheckBytes(client.Responses[id].Body, 50_000)));
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_upload_beyond_its_window_is_an_error_of_its_stream(string transport)
    {
        var gate = new TaskCompletionSource();
        await using var host = await StartAsync(transport, gate);
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("POST", "/keeps");
        var window = (int)client.Responses[id].SendWindow;
        await SendAsync(client, id, window);
        await client.PingAsync();
        Assert.Null(client.Responses[id].ResetCode);
        Assert.Equal(0, client.Responses[id].SendWindow);
        await client.SendAsync(Http2Frame.Data(id, new byte[1]));
        Assert.Equal(Code.FlowControlError, (await client.ResponseAsync(id)).ResetCode);
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        gate.SetResult();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Uploads_beyond_the_window_of_the_connection_end_it(string transport)
    {
        var gate = new TaskCompletionSource();
        await using var host = await StartAsync(transport, gate);
        await using var client = await host.ConnectAsync();
        for (var at = 0; at < 100 && client.Conversation.SendWindow > 0; at++)
        {
            var id = await client.OpenAsync("POST", "/keeps");
            await SendAsync(client, id, (int)Math.Min(client.Responses[id].SendWindow, client.Conversation.SendWindow));
            await client.PingAsync();
        }

        Assert.Equal(0, client.Conversation.SendWindow);
        var last = await client.OpenAsync("POST", "/keeps");
        await client.SendAsync(Http2Frame.Data(last, new byte[1]));
        await client.UntilAsync(() => client.GoAway is not null, "GOAWAY");
        Assert.Equal(Code.FlowControlError, client.GoAway!.GoAwayCode);
        Assert.NotEmpty(client.GoAway.GoAwayDebug);
        gate.SetResult();
        await client.EndAsync();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_body_that_nobody_reads_stalls_alone(string transport)
    {
        var gate = new TaskCompletionSource();
        await using var host = await StartAsync(transport, gate);
        await using var client = await host.ConnectAsync();
        var kept = await client.OpenAsync("POST", "/keeps");
        await SendAsync(client, kept, (int)client.Responses[kept].SendWindow);
        Assert.Equal("2000000", (await client.PostAsync("/length", new byte[2_000_000])).Text);
        gate.SetResult();
        await client.SendAsync(Http2Frame.Data(kept, "", end: true));
        Assert.Equal(200, (await client.ResponseAsync(kept)).Status);

        // What the handler did not read is given back to the connection, or uploads would come to an end.
        for (var round = 0; round < 20; round++)
        {
            var id = await client.OpenAsync("POST", "/keeps");
            await SendAsync(client, id, (int)Math.Min(200_000, Math.Min(client.Responses[id].SendWindow, client.Conversation.SendWindow)));
            await client.SendAsync(Http2Frame.Data(id, "", end: true));
            Assert.Equal(200, (await client.ResponseAsync(id)).Status);
        }

        Assert.Equal("1000000", (await client.PostAsync("/length", new byte[1_000_000])).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Padding_counts_and_is_given_back(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("POST", "/length");
        const int Frames = 20_000;
        for (var at = 0; at < Frames; at += 100)
        {
            await client.UntilAsync(() => Math.Min(client.Responses[id].SendWindow, client.Conversation.SendWindow) >= 100 * 257, "a window");
            await client.SendAsync(Enumerable.Repeat(Http2Frame.Data(id, "x").Pad(255), 100));
        }

        await client.SendAsync(Http2Frame.Data(id, "", end: true));
        Assert.Equal(Frames.ToString(CultureInfo.InvariantCulture), (await client.ResponseAsync(id)).Text);
    }

    // A reset stream's DATA that was under way counts for the connection's window, and is given back.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Data_of_streams_that_were_refused_is_given_back(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, static options => options.MaxRequestBodyBytes = 10_000_000);
        await using var client = await host.ConnectAsync();
        for (var round = 0; round < 40; round++)
        {
            var id = await client.OpenAsync("POST", "/nowhere");
            await client.UntilAsync(() => client.Conversation.SendWindow >= 100_000, "the window of the connection");
            await SendAsync(client, id, 100_000);
            await client.SendAsync(round % 2 == 0 ? Http2Frame.Data(id, "", end: true) : Http2Frame.Reset(id));
            await client.PingAsync();
        }

        Assert.Equal("100000", (await client.PostAsync("/length", new byte[100_000])).Text);
    }

    private static Task<Http2Host> StartAsync(string transport, TaskCompletionSource gate) => Http2Host.StartAsync(transport, server =>
    {
        Http2Handlers.Map(server);
        server.MapPost("/keeps", async (HttpRequest _, HttpResponse response) =>
        {
            await gate.Task;
            response.WriteText("kept");
        });
    });

    private static async Task SendAsync(Http2TestClient client, int id, int count)
    {
        for (; count > 0; count -= 16_384)
        {
            await client.SendAsync(Http2Frame.Data(id, new byte[Math.Min(count, 16_384)]));
        }
    }
}
