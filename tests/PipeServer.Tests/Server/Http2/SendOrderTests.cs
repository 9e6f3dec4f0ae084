using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>What of several answers goes first, and what waits for which window.</summary>
public sealed class SendOrderTests
{
    public static TheoryData<string> Transports => ["memory", "epoll/openssl"];

    // The end of an answer stood behind the DATA of others, which waited for the connection's window: a stream that had nothing more to send was not ended.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_end_needs_no_window(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, static server =>
        {
            Http2Handlers.Map(server);
            server.MapPost("/flush", static async (request, response) =>
            {
                await response.Body.FlushAsync(); // the head alone
                await request.Body.CopyToAsync(Stream.Null);
            });
            server.MapPost("/flush/trailers", static async (request, response) =>
            {
                response.Trailers["End"] = "";
                await response.Body.FlushAsync();
                await request.Body.CopyToAsync(Stream.Null);
                response.Trailers["End"] = "there";
            });
        }, static options => options.MinDataRate = 0);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 1_000_000));
        client.OpensWindows = false;
        var first = await client.OpenAsync("POST", "/flush");
        var second = await client.OpenAsync("POST", "/flush/trailers");
        await client.UntilAsync(() => client.Responses[first].Status == 200 && client.Responses[second].Status == 200, "the heads");
        var large = await client.RequestAsync("GET", "/bytes/100000");
        await client.UntilAsync(() => client.Responses[large].BodyLength == 65535, "all that the connection's window allows");
        await client.SendDataAsync(first, default);
        await client.SendDataAsync(second, default);
        Assert.Empty((await client.ResponseAsync(first)).Body);
        Assert.Empty((await client.ResponseAsync(second)).Body);
        Assert.Equal(65535, client.Responses[large].BodyLength);
        Assert.False(client.Responses[large].IsOver);
    }

    // The time at which the connection's window was used up was kept when nobody waited for it any more: the next stream that had to wait had waited since
    // then, and was reset at once.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_stream_waits_for_the_connections_window_from_its_own_beginning(string transport)
    {
        var clock = new ManualTimeProvider();
        await using var host = await Http2Host.StartAsync(
            transport, Http2Handlers.Map, options => (options.TimeProvider, options.MinDataRate, options.RequestBodyTimeout) = (clock, 0, TimeSpan.FromHours(1)));
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 1_000_000));
        client.OpensWindows = false;
        var next = await client.OpenAsync("POST", "/echo");
        var slow = await client.RequestAsync("GET", "/bytes/100000");
        await client.UntilAsync(() => client.Responses[slow].BodyLength == 65535, "all that the connection's window allows");
        await client.SendAsync(Http2Frame.Reset(slow));
        await client.PingAsync();
        for (var second = 0; second < 60; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await client.PingAsync();
        }

        await client.SendDataAsync(next, new byte[100]);
        await client.UntilAsync(() => client.Responses[next].Status == 200, "the head of the answer");
        for (var second = 0; second < 20; second++)
        {
            await client.PingAsync();
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        await client.PingAsync();
        Assert.False(client.Responses[next].IsOver);
        await client.SendAsync(Http2Frame.WindowUpdate(0, 1000));
        Assert.Equal(100, (await client.ResponseAsync(next)).BodyLength);
    }

    // A client that shrinks the table to nothing is to be told so in the next block, whichever that is (RFC 7541 §4.2): 100 Continue and trailers came
    // without, and a strict decoder ends the connection over it.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_first_block_behind_a_smaller_table_says_so(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map);
        await using var client = await host.ConnectAsync((Setting.HeaderTableSize, 0));
        var id = await client.OpenAsync("POST", "/echo", [new("expect", "100-continue")]);
        Http2Frame? head = null;
        while (head is null)
        {
            var frame = await client.ReadAsync();
            Assert.NotNull(frame);
            head = frame.Kind == FrameKind.Headers ? frame : null;
        }

        Assert.Equal(HpackBytes.SizeUpdate(0), head.Payload[..1]);
        Assert.Equal("100"u8.ToArray(), head.Payload[^3..]);
        await client.SendDataAsync(id, "whole"u8.ToArray());
        Assert.Equal("whole", (await client.ResponseAsync(id)).Text);
    }

    // Frames that never ended where a read did were one frame that took too long: a busy client was ended in the middle of its work.
    [Theory]
    [InlineData("memory")]
    [InlineData("epoll")]
    public async Task Frames_that_are_always_cut_have_each_their_own_time(string transport)
    {
        var clock = new ManualTimeProvider();
        await using var host = await Http2Host.StartAsync(
            transport, Http2Handlers.Map, options => (options.TimeProvider, options.RequestHeadTimeout) = (clock, TimeSpan.FromSeconds(10)));
        await using var client = await host.ConnectAsync();
        await client.PingAsync();
        var ping = Http2Frame.Ping().Encode();
        client.Conversation.Note(Http2Frame.Ping());
        await client.SendBytesAsync(ping.AsMemory(0, 5));
        for (var second = 0; second < 40; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            client.Conversation.Note(Http2Frame.Ping());
            await client.SendBytesAsync((byte[])[.. ping[5..], .. ping[..5]]);
            Assert.True(await client.ReadAsync() is { Kind: FrameKind.Ping }, $"{client.Conversation}");
        }

        Assert.Null(client.GoAway);
        var ending = client.EndAsync();
        await AdvanceUntilAsync(clock, ending, TimeSpan.FromSeconds(1)); // and half a one has no more than its own
        var left = await ending;
        Assert.NotNull(left);
        Assert.Equal(Code.EnhanceYourCalm, left.GoAwayCode);
    }

    // The second step of leaving came with the idle time of a drain, half a second, where the client had neither acknowledged the first nor had a second.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_drain_gives_the_client_its_second(string transport)
    {
        var clock = new ManualTimeProvider();
        await using var host = await Http2Host.StartAsync(
            transport, Http2Handlers.Map, options => (options.TimeProvider, options.DrainIdleTimeout) = (clock, TimeSpan.FromMilliseconds(100)));
        await using var client = await host.ConnectAsync();
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        client.AnswersPings = false;
        var stopping = host.Server.StopAsync();
        await AdvanceUntilAsync(clock, client.UntilAsync(() => client.GoAway is not null, "the first step"), TimeSpan.FromMilliseconds(1));
        for (var step = 0; step < 30; step++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(25));
            await Task.Delay(2, TestContext.Current.CancellationToken); // each frame of the client's would begin its time anew
        }

        await client.PingAsync();
        Assert.Equal(int.MaxValue, client.GoAway!.Number);
        await AdvanceUntilAsync(clock, client.EndAsync(), TimeSpan.FromMilliseconds(50));
        Assert.Equal(1, client.GoAway.Number);
        await AdvanceUntilAsync(clock, stopping, TimeSpan.FromMilliseconds(50));
        Assert.Equal(ShutdownOutcome.Drained, (await stopping).Outcome);
    }

    private static async Task AdvanceUntilAsync(ManualTimeProvider clock, Task task, TimeSpan step)
    {
        await clock.AdvanceUntilAsync(task, step);
        await task.WaitAsync(TestClient.Patience, TestContext.Current.CancellationToken);
    }
}
