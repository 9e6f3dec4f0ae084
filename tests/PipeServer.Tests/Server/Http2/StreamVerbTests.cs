using System.Buffers;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>What a handler does with its stream beside answering: an abort with a code, an early end, a takeover of its bytes; by raw frames.</summary>
public sealed class StreamVerbTests
{
    public static TheoryData<string> Transports => Http2Transports.All;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task An_abort_has_the_code_of_the_handler(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectAsync();
        foreach (var (path, code) in ((string, int)[])[("/abort", Code.Cancel), ("/abort/0", 0), ("/abort/13", 13), ("/abort/4660", 4660), ("/worker/abort/7", 7)])
        {
            var response = await client.GetAsync(path);
            Assert.Equal((code, false), (response.ResetCode, response.IsComplete));
        }

        Assert.Equal("now", (await client.GetAsync("/now")).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_response_is_whole_before_its_handler_ends(string transport)
    {
        var release = new SemaphoreSlim(0);
        await using var host = await StartAsync(transport, release);
        await using var client = await host.ConnectAsync();
        foreach (var way in (string[])["", "/worker"])
        {
            foreach (var (path, text) in ((string, string)[])[("at-once", "last"), ("flushed", "first, last"), ("trailers", "last"), ("empty", "")])
            {
                var response = await client.GetAsync($"{way}/complete/{path}");
                Assert.Equal((200, text, true), (response.Status, response.Text, response.IsComplete));
                Assert.Equal(path == "trailers" ? 1 : null, response.Trailers?.Count);
                await Eventually.TrueAsync(() => host.Server.Requests.InFlight == 0, "it counts as answered");
                Assert.Equal(0, release.CurrentCount);
                release.Release();
            }
        }

        // An abort behind the end resets what is left of the stream; the answer stays whole.
        var reset = await client.GetAsync("/complete/aborts");
        Assert.Equal((200, "last", true), (reset.Status, reset.Text, reset.IsComplete));
        release.Release();
        Assert.Equal("now", (await client.GetAsync("/now")).Text);
        await Eventually.TrueAsync(() => host.Server.Requests is { InFlight: 0, Aborted: 0 }, "all count as answered");
    }

    // What the client's windows do not take yet goes out as they grow, as behind a handler that has ended.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task What_does_not_fit_into_the_window_follows(string transport)
    {
        var release = new SemaphoreSlim(0);
        await using var host = await StartAsync(transport, release);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 2));
        Assert.Equal("first, last", (await client.GetAsync("/complete/flushed-not")).Text);
        release.Release();
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_stream_is_taken_over_by_whatever_protocol(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectAsync();
        var id = await client.OpenAsync("CONNECT", "/connect", new Field(":protocol", "Capitals"));
        await client.UntilAsync(() => client.Responses[id].Status == 200, "the head");
        var response = client.Responses[id];
        Assert.Equal("Capitals", response["x-protocol"]);
        await client.SendDataAsync(id, "abc"u8.ToArray(), end: false);
        await client.UntilAsync(() => response.Text == "ABC", "the first answer");
        await client.SendDataAsync(id, "d"u8.ToArray(), end: true);
        Assert.Equal("ABCD.", (await client.ResponseAsync(id)).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task No_other_request_can_be_taken_over(string transport)
    {
        await using var host = await StartAsync(transport);
        await using var client = await host.ConnectAsync();
        Assert.Equal("no protocol, InvalidOperationException", (await client.GetAsync("/connect-not")).Text);
    }

    private static Task<Http2Host> StartAsync(string transport, SemaphoreSlim? release = null) => Http2Host.StartAsync(transport, server =>
    {
        foreach (var (way, dispatch) in ((string, Dispatch)[])[("", Dispatch.Inline), ("/worker", Dispatch.Worker)])
        {
            server.MapGet($"{way}/abort/{{code}}", static (request, _) => request.Abort(request.RouteValues.Get<uint>("code")), dispatch);
            server.MapGet($"{way}/complete/{{what}}", (request, response) => CompleteAsync(request, response, release!), dispatch);
        }

        server.MapGet("/abort", static (request, _) => request.Abort(), Dispatch.Inline);
        server.MapGet("/now", static (_, response) => response.WriteText("now"), Dispatch.Inline);
        server.MapGet("/connect", ConnectAsync);
        server.MapGet("/connect-not", static async (request, response) =>
        {
            var exception = await Record.ExceptionAsync(async () => await request.AcceptConnectAsync());
            response.WriteText($"{request.ConnectProtocol ?? "no protocol"}, {exception?.GetType().Name}");
        });
    });

    private static async ValueTask CompleteAsync(HttpRequest request, HttpResponse response, SemaphoreSlim release)
    {
        var what = request.RouteValues["what"]!;
        if (what == "trailers")
        {
            response.DeclareTrailer("x-behind");
            response.Trailers["x-behind"] = "1";
        }

        if (what.StartsWith("flushed", StringComparison.Ordinal))
        {
            response.WriteText("first, ");
            if (what == "flushed")
            {
                await response.Body.FlushAsync();
            }
        }

        if (what != "empty")
        {
            response.WriteText("last");
        }

        await response.CompleteAsync();
        if (what == "aborts")
        {
            request.Abort(0);
        }

        Assert.True(await release.WaitAsync(TestClient.Patience));
    }

    private static async ValueTask ConnectAsync(HttpRequest request, HttpResponse response)
    {
        response.Headers["X-Protocol"] = request.ConnectProtocol!;
        var pipe = await request.AcceptConnectAsync();
        while (true)
        {
            var read = await pipe.Input.ReadAsync();
            var bytes = read.Buffer.ToArray();
            pipe.Input.AdvanceTo(read.Buffer.End);
            await pipe.Output.WriteAsync(Array.ConvertAll(bytes, static value => (byte)char.ToUpperInvariant((char)value)));
            if (read.IsCompleted)
            {
                await pipe.Output.WriteAsync("."u8.ToArray());
                return;
            }
        }
    }
}
