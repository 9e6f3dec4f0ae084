using PipeServer.Server;

namespace PipeServer.Tests.Server.Http2;

/// <summary>What is shown to people who watch a server whose clients ask many things at once.</summary>
public sealed class StreamActivityTests
{
    public static TheoryData<string> Transports => Http2Transports.All;

    // A connection was shown as one request, however many its client had asked for: the dashboard and http.server.active_requests told of a hundred as one.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Each_stream_is_a_request(string transport)
    {
        var gate = new TaskCompletionSource();
        await using var host = await Http2Host.StartAsync(transport, server =>
        {
            Http2Handlers.Map(server);
            server.MapGet("/waits", async (_, _) => await gate.Task, Dispatch.ThreadPool);
        });
        using var listener = new MetricsListener(host.Server);
        await using var client = await host.ConnectAsync();
        var ids = new List<int>();
        for (var number = 0; number < 3; number++)
        {
            ids.Add(await client.RequestAsync("GET", $"/waits?number={number}"));
        }

        var body = await client.OpenAsync("POST", "/length");
        await Eventually.TrueAsync(() => Look(host, 10).Count == 4, "all four are shown");
        Assert.Equal(
            ["GET /waits?…", "GET /waits?…", "GET /waits?…", "POST /length"], Look(host, 10).Select(static request => request.Request).Order(StringComparer.Ordinal));
        Assert.Equal(2, Look(host, 2).Count);
        var observed = listener.Observe();
        Assert.Equal(3, observed[$"http.server.active_requests GET {client.Scheme}"]);
        Assert.Equal(1, observed[$"http.server.active_requests POST {client.Scheme}"]);

        gate.SetResult();
        await client.SendDataAsync(body, default);
        foreach (var id in ids.Append(body))
        {
            await client.ResponseAsync(id);
        }

        await Eventually.TrueAsync(
            () => Look(host, 10).Count == 0 && listener.Observe()[$"http.server.active_requests GET {client.Scheme}"] == 0, "none is shown");
    }

    private static IReadOnlyList<RequestActivity> Look(Http2Host host, int most) => host.Server.Running.GetActivity(most).Requests;
}
