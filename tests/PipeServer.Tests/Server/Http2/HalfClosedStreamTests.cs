using System.Collections.Concurrent;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary><see cref="HttpRequest.HalfClosed"/> of streams: the end of the connection tells all of them, a GOAWAY none, a reset its own.</summary>
public sealed class HalfClosedStreamTests
{
    public static TheoryData<string> Transports => Http2Transports.All;

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_end_of_the_connection_tells_all_streams_and_they_are_answered(string transport)
    {
        var called = new CountdownEvent(2);
        var tokens = new ConcurrentDictionary<string, CancellationToken>();
        await using var host = await StartAsync(transport, called, tokens);
        await using var raw = await host.ConnectRawAsync();
        var client = new Http2TestClient(raw.Stream) { Patience = TestClient.Patience, Scheme = transport.Contains('/') ? "https" : "http" };
        await client.StartAsync();
        var first = await client.RequestAsync("GET", "/waits/first");
        var second = await client.RequestAsync("GET", "/worker/waits/second");
        await Eventually.TrueAsync(() => called.IsSet, "both handlers are called");
        await client.SendAsync(Http2Frame.GoAway());
        await client.PingAsync();
        Assert.All(tokens.Values, static token => Assert.False(token.IsCancellationRequested));
        raw.ShutdownSend();
        Assert.Equal("heard, not aborted", (await client.ResponseAsync(first)).Text);
        Assert.Equal("heard, not aborted", (await client.ResponseAsync(second)).Text);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_reset_tells_its_stream_alone(string transport)
    {
        var called = new CountdownEvent(2);
        var tokens = new ConcurrentDictionary<string, CancellationToken>();
        await using var host = await StartAsync(transport, called, tokens);
        await using var client = await host.ConnectAsync();
        var first = await client.RequestAsync("GET", "/waits/first");
        await client.RequestAsync("GET", "/worker/waits/second");
        await Eventually.TrueAsync(() => called.IsSet, "both handlers are called");
        await client.SendAsync(Http2Frame.Reset(first));
        await Eventually.TrueAsync(() => tokens["first"].IsCancellationRequested, "its own is cancelled");
        Assert.False(tokens["second"].IsCancellationRequested);
        Assert.Equal("False", (await client.GetAsync("/now")).Text);
    }

    private static Task<Http2Host> StartAsync(string transport, CountdownEvent called, ConcurrentDictionary<string, CancellationToken> tokens) =>
        Http2Host.StartAsync(transport, server =>
        {
            server.MapGet("/waits/{name}", WaitAsync, Dispatch.Inline);
            server.MapGet("/worker/waits/{name}", WaitAsync);
            server.MapGet("/now", static (request, response) => response.WriteText($"{request.HalfClosed.IsCancellationRequested}"), Dispatch.Inline);

            async ValueTask WaitAsync(HttpRequest request, HttpResponse response)
            {
                var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var token = tokens[request.RouteValues["name"]!] = request.HalfClosed;
                await using var registration = token.Register(heard.SetResult);
                called.Signal();
                await heard.Task.WaitAsync(TestClient.Patience);
                response.WriteText(request.Aborted.IsCancellationRequested ? "aborted" : "heard, not aborted");
            }
        });
}
