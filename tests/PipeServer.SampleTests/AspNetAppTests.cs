using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;

namespace PipeServer.SampleTests;

public sealed class AspNetAppTests
{
    [Fact]
    public async Task An_order_is_seen_by_who_watches_and_a_stop_waits_for_what_is_in_flight()
    {
        await using var server = await Sample.ServeAsync("AspNetApp");
        using var http = Sample.ClientOf(server);
        using var socket = new ClientWebSocket();
        using var timeout = new CancellationTokenSource(Waiting.Patience);
        await socket.ConnectAsync(new Uri($"ws://{server.EndPoint}/orders/live"), timeout.Token);
        var watched = ReceiveAsync(socket, timeout.Token);
        await Waiting.UntilAsync(
            async () =>
            {
                // The handshake is over a moment before the handler watches.
                using var created = await http.PostAsJsonAsync("/orders", new { article = "Tea", count = 2 });
                Assert.Equal(HttpStatusCode.Created, created.StatusCode);
                return await Task.WhenAny(watched, Task.Delay(100)) == watched;
            },
            "the watcher hears of an order");
        using var seen = JsonDocument.Parse((await watched)!);
        Assert.Equal("Tea", seen.RootElement.GetProperty("article").GetString());

        using var slow = await RawClient.ConnectAsync(server.EndPoint);
        await slow.SendAsync("GET /orders/slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
        using var health = await http.GetAsync("/healthz/ready");
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        server.Signal(CliProcess.SigTerm);
        Assert.Contains("\r\nAnswered", await slow.ToEndAsync());
        while (await ReceiveAsync(socket, timeout.Token) is not null)
        {
            // Orders that were placed while the watcher was not there yet.
        }

        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", timeout.Token);
        await Sample.EndAsync(server);
        Assert.Contains(server.Output, static line => line.StartsWith("Drained in "));
    }

    [Fact]
    public async Task The_page_the_API_and_the_refusals_are_those_of_the_framework()
    {
        await using var server = await Sample.ServeAsync("AspNetApp");
        using var http = Sample.ClientOf(server);
        Assert.Contains("<h1>Orders</h1>", await http.GetStringAsync("/"));
        Assert.Contains("\"/orders/{id}\"", await http.GetStringAsync("/openapi/v1.json"));
        using var refused = await http.PostAsJsonAsync("/orders", new { article = "", count = 0 });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var problem = await refused.Content.ReadAsStringAsync();
        Assert.Contains("Article", problem);
        Assert.Contains("Count", problem);
        using var missing = await http.GetAsync("/orders/7");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("application/problem+json", missing.Content.Headers.ContentType?.MediaType);
        using var plain = await http.GetAsync("/orders/live");
        Assert.Equal(HttpStatusCode.UpgradeRequired, plain.StatusCode);
        using var stranger = new ClientWebSocket();
        stranger.Options.SetRequestHeader("Origin", "http://elsewhere.example");
        var refusal = await Assert.ThrowsAsync<WebSocketException>(() => stranger.ConnectAsync(new Uri($"ws://{server.EndPoint}/orders/live"), default));
        Assert.Contains("403", refusal.Message);
        await Sample.StopAsync(server);
    }

    private static async Task<string?> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
        return received.MessageType == WebSocketMessageType.Close ? null : System.Text.Encoding.UTF8.GetString(buffer, 0, received.Count);
    }
}
