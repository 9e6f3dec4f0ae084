using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Clients that begin something and leave it: each has a deadline. The waits are for the server's heartbeat, and nothing here is a race.</summary>
public sealed class Http2SlowAttackTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(300);

    public static TheoryData<string> Transports => ["memory", "epoll/openssl"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Half_a_preface_has_a_deadline(string transport)
    {
        await using var host = await StartAsync(transport);
        foreach (var length in new[] { 1, 3, 10, 23 })
        {
            await using var client = await host.ConnectRawAsync();
            await client.SendAsync(Http2Frame.Preface[..length].ToArray());
            await EndAsync(client);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_preface_alone_has_a_deadline(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectRawAsync();
        await client.SendAsync(Http2Frame.Preface.ToArray());
        await EndAsync(client);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Half_a_frame_has_a_deadline(string transport)
    {
        await using var host = await StartAsync(transport);
        byte[][] halves =
        [
            Http2Frame.Ping().Encode()[..4], Http2Frame.Ping().Encode()[..9], Http2Frame.Ping().Encode()[..16], Http2CaseTable.Get().Encode()[..20],
            Http2Frame.Headers(1, HpackBytes.Block(Http2CaseTable.Fields("POST")), end: false).Encode()[..30],
        ];
        foreach (var half in halves)
        {
            await using var client = await host.ConnectAsync();
            await client.SendBytesAsync(half);
            var left = await client.EndAsync();
            Assert.NotNull(left);
            Assert.Equal(Code.EnhanceYourCalm, left.GoAwayCode);
            Assert.NotEmpty(left.GoAwayDebug);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Half_a_header_block_has_a_deadline_while_other_streams_are_served(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectAsync();
        var slow = await client.OpenAsync("POST", "/length");
        await client.SendAsync(Http2CaseTable.Get(3) with { Flags = Flag.EndStream });
        var left = await client.EndAsync();
        Assert.NotNull(left);
        Assert.Equal(Code.EnhanceYourCalm, left.GoAwayCode);
        Assert.False(client.Responses[slow].IsComplete);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Settings_that_are_never_acknowledged_have_a_deadline(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.OpenAsync();
        client.AnswersSettings = false;
        await client.StartAsync();
        var left = await client.EndAsync();
        Assert.NotNull(left);
        Assert.Equal(Code.SettingsTimeout, left.GoAwayCode);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_idle_connection_is_left_politely(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, static options => options.KeepAliveTimeout = Soon);
        await using var client = await host.ConnectAsync();
        Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        var left = await client.EndAsync();
        Assert.NotNull(left);
        Assert.Equal(Code.NoError, left.GoAwayCode);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_window_that_is_never_opened_costs_its_stream(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, static options => options.ResponseWriteTimeout = Soon);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 10));
        foreach (var path in new[] { "/bytes/100000", "/worker/bytes/100000" })
        {
            client.OpensWindows = false;
            var held = await client.RequestAsync("GET", path);
            var response = await client.ResponseAsync(held);
            Assert.Equal(Code.Cancel, response.ResetCode);
            Assert.Equal(10, response.BodyLength);
            client.OpensWindows = true;
            Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
        }
    }

    // The connection's window counts too: a client that opens the streams' alone holds up everything, and loses it.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_window_of_the_connection_that_is_never_opened_costs_the_streams(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, Http2Handlers.Map, static options => options.ResponseWriteTimeout = Soon);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 1_000_000));
        client.OpensWindows = false;
        var streams = new List<int>();
        for (var at = 0; at < 5; at++)
        {
            streams.Add(await client.RequestAsync("GET", "/worker/bytes/100000"));
        }

        await client.UntilAsync(() => client.HasEnded || streams.TrueForAll(id => client.Responses[id].IsOver), "the end of the streams");
        Assert.Equal(65535, streams.Sum(id => client.Responses[id].BodyLength));
        Assert.All(streams, id => Assert.Equal(Code.Cancel, client.Responses[id].ResetCode));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Frames_behind_GOAWAY_change_nothing(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectAsync();
        await client.SendAsync([Http2Frame.Ping() with { StreamId = 1 }, .. Enumerable.Range(0, 50).Select(static at => Http2CaseTable.Get((2 * at) + 1))]);
        var left = await client.EndAsync();
        Assert.NotNull(left);
        Assert.Equal(Code.ProtocolError, left.GoAwayCode);
        Assert.Equal(0, left.Number);
        Assert.All(client.Responses.Values, static response => Assert.Equal(0, response.Status));
    }

    private static Task<Http2Host> StartAsync(string transport) =>
        Http2Host.StartAsync(transport, Http2Handlers.Map, static options => options.RequestHeadTimeout = Soon);

    // Whatever is said first, and in whichever version.
    private static async Task EndAsync(TestClient client)
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        var buffer = new byte[1024];
        try
        {
            while (await client.Stream.ReadAsync(buffer, patience.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Reset: an end too.
        }
    }
}
