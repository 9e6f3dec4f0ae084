using Microsoft.Extensions.Logging;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// Each flood ends with GOAWAY(ENHANCE_YOUR_CALM), which says why in its debug data and in the log, long before it has cost much; another client is served
/// all the while.
/// </summary>
public sealed class Http2FloodAttackTests
{
    // The budget of a connection is 2,048 and fills by 128 a second: whatever costs 1 is over after this many, on a machine that is busy too.
    private const int MaxRounds = 100_000;
    private const int MaxAnswers = 50_000; // a request that is answered before its reset comes is a request

    public static TheoryData<string, string> Floods
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var flood in Http2Flood.All)
            {
                foreach (var transport in new[] { "memory", "epoll", "epoll/openssl" })
                {
                    data.Add(transport, flood.Name);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task A_flood_is_ended_and_told_why(string transport, string name)
    {
        await using var host = await Http2Host.StartAsync(transport, ProtocolServer.Map);
        await using var other = await host.ConnectAsync();
        await using var attacker = await host.OpenAsync();
        var sent = await Http2FloodRun.RunAsync(attacker, Http2Flood.All.Single(flood => flood.Name == name), MaxRounds);
        Assert.Equal(200, (await other.GetAsync("/index.html")).Status);

        // A client that sends on and on may be reset before it has read why: the log has it all the same.
        Assert.True(attacker.HasEnded || attacker.GoAway is not null, $"{sent} bytes were sent, and the connection is open; {attacker.Conversation}");
        if (attacker.GoAway is { } left)
        {
            Assert.Equal(Code.EnhanceYourCalm, left.GoAwayCode);
            Assert.NotEmpty(left.GoAwayDebug);
        }

        Assert.Contains(host.Log.Entries, static entry => entry.Level == LogLevel.Warning && entry.Message.Contains("ENHANCE_YOUR_CALM", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Log.Entries, static entry => entry.Level >= LogLevel.Error);

        // How many bytes were sent says what the sockets' buffers hold and how busy the machine is. What the server has done for them it has answered.
        Assert.True(attacker.Conversation.Frames.Count < MaxAnswers, $"{attacker.Conversation.Frames.Count} frames came back");
    }

    // HPACK bombs: a few bytes that stand for many. The head is refused and not kept; beyond a bound the connection ends, and is told why: it was told
    // COMPRESSION_ERROR once, as if its bytes could not be decoded.
    [Theory]
    [InlineData("memory")]
    [InlineData("epoll")]
    public async Task A_small_block_that_stands_for_a_large_head_is_refused(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, ProtocolServer.Map);
        await using var client = await host.ConnectAsync();
        for (var round = 0; round < 20; round++)
        {
            var id = client.TakeStream();
            await client.SendAsync(Http2Frame.Headers(id, Bomb(12))); // 48 KB of fields, of which 32 KB are allowed
            Assert.Equal(431, (await client.ResponseAsync(id)).Status);
        }

        Assert.Equal(200, (await client.GetAsync("/index.html")).Status);
        await client.SendAsync(Http2Frame.Headers(client.TakeStream(), Bomb(11_000))); // 44 MB
        var left = await client.EndAsync();
        Assert.NotNull(left);
        Assert.Equal(Code.EnhanceYourCalm, left.GoAwayCode);
        Assert.NotEmpty(left.GoAwayDebug);
    }

    // The bug: a request that was answered as soon as it was read, whose reset stood right behind it, was counted as one with its answer. So it was the one
    // flood of resets that went on and on.
    [Theory]
    [InlineData("memory")]
    [InlineData("epoll")]
    public async Task A_request_with_its_reset_right_behind_it_is_a_reset_even_if_it_was_answered_between_them(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, ProtocolServer.Map);
        await using var client = await host.ConnectAsync();
        await client.SendAsync(Enumerable.Range(0, 1000).Select(_ => client.TakeStream()).SelectMany(static id =>
            new[] { Http2Frame.Headers(id, HpackBytes.Block(Http2CaseTable.Request)), Http2Frame.Reset(id) }));
        var left = await client.EndAsync();
        Assert.NotNull(left);
        Assert.Equal(Code.EnhanceYourCalm, left.GoAwayCode);
    }

    [Fact]
    public async Task A_reset_behind_an_answer_that_has_arrived_costs_next_to_nothing()
    {
        await using var host = await Http2Host.StartAsync("epoll", ProtocolServer.Map);
        await using var client = await host.ConnectAsync();
        for (var round = 0; round < 1000; round++)
        {
            var id = await client.RequestAsync("GET", "/index.html");
            Assert.Equal(200, (await client.ResponseAsync(id)).Status);
            await client.SendAsync(Http2Frame.Reset(id));
        }

        Assert.Null(client.GoAway);
    }

    // The bug: to have answers made and given no window cost a client nothing, however many.
    [Fact]
    public async Task Answers_that_are_given_no_window_cost_until_they_are_given_one()
    {
        await using var host = await Http2Host.StartAsync("epoll", ProtocolServer.Map, static options => options.MaxStreamsPerConnection = 1000);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 0));
        for (var round = 0; round < 20; round++)
        {
            var ids = Enumerable.Range(0, 100).Select(_ => client.TakeStream()).ToArray();
            await client.SendAsync(ids.Select(static id => Http2Frame.Headers(id, HpackBytes.Block(Http2CaseTable.Request))));
            await client.SendAsync(ids.Select(static id => Http2Frame.WindowUpdate(id, 1000)));
            foreach (var id in ids)
            {
                Assert.Equal(200, (await client.ResponseAsync(id)).Status);
            }
        }

        Assert.Null(client.GoAway);
        await client.SendAsync(Enumerable.Range(0, 400).Select(_ => Http2Frame.Headers(client.TakeStream(), HpackBytes.Block(Http2CaseTable.Request))));
        var left = await client.EndAsync();
        Assert.NotNull(left);
        Assert.Equal(Code.EnhanceYourCalm, left.GoAwayCode);
    }

    private static byte[] Bomb(int times) =>
        [.. HpackBytes.Block(Http2CaseTable.Request), .. HpackBytes.Added("x", new string('b', 4000)), .. Enumerable.Repeat((byte)(0x80 | 62), times)];
}
