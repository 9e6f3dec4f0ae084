using System.Net;
using System.Text.Json;
using PipeServer.Cli.Dashboard;

namespace PipeServer.Tests.Cli.Dashboard;

/// <summary>The dashboard's figures and its stream, as programs read them.</summary>
public sealed class DashboardTests : IDisposable
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    private readonly HttpClient _http = new() { Timeout = Patience };

    public void Dispose() => _http.Dispose();

    // The figures are those of the ledger, the statuses and the durations have each request once, and what was refused has its reason.
    [Fact]
    public async Task Figures_are_those_of_the_ledger()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.Server.EndPoints[0]);
        for (var i = 0; i < 20; i++)
        {
            await client.RequestAsync(TestClient.Get($"/inline/{i}"));
            await client.RequestAsync(TestClient.Get($"/worker/{i}"));
        }

        await client.RequestAsync(TestClient.Get("/nowhere"));
        await client.RequestAsync(TestClient.Get("/fault"));
        await using var malformed = await TestClient.ConnectAsync(host.Server.EndPoints[0]);
        await malformed.RequestAsync("GET / HTTP/1.1\r\n\r\n");
        await Eventually.TrueAsync(() => host.Server.Requests.InFlight == 0, "all has left");
        var status = await StatusAsync(host);
        Assert.Equal("serving", status.Text("state"));
        var requests = status.GetProperty("requests");
        Assert.Equal((43, 42, 1, 0, 0), (requests.Int("received"), requests.Int("completed"), requests.Int("refused"), requests.Int("aborted"), requests.Int("inFlight")));
        Assert.Equal(
            "200:40 400:1 404:1 500:1",
            string.Join(' ', status.GetProperty("statuses").EnumerateArray().Select(static one => $"{one.Int("status")}:{one.Int("total")}")));
        Assert.Equal(42, status.GetProperty("duration").GetProperty("total").Int("count"));
        Assert.Equal(21, status.GetProperty("queueWait").GetProperty("total").Int("count"));
        Assert.Equal(
            ["400 refused an HTTP/1.1 request needs a Host header 1", "500 faulted the handler failed 1"],
            status.GetProperty("refused").EnumerateArray().Select(static one => $"{one.Int("status")} {one.Text("outcome")} {one.Text("reason")} {one.Int("total")}").Order());
        Assert.Equal(2, status.GetProperty("connections").Int("accepted"));
        Assert.Equal(21, status.GetProperty("workers").Int("executed"));
        Assert.True(status.GetProperty("process").Int("residentBytes") > 1 << 20);
        Assert.Equal(JsonValueKind.Null, status.GetProperty("drain").ValueKind);
    }

    [Fact]
    public async Task A_look_after_another_tells_what_was_in_between()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var client = await TestClient.ConnectAsync(host.Server.EndPoints[0]);
        await client.RequestAsync(TestClient.Get("/inline/1"));
        await using var watcher = await WatcherOf(host);
        await watcher.NextAsync();
        await client.RequestAsync(TestClient.Get("/inline/2"));
        await client.RequestAsync(TestClient.Get("/inline/3"));
        var later = await watcher.NextAsync();
        Assert.InRange(later.GetProperty("windowSeconds").GetDouble(), 0.4, 60);
        Assert.InRange(later.GetProperty("duration").GetProperty("window").Int("count"), 2, 3); // since the start, if that was a moment before
        Assert.Equal(3, later.GetProperty("duration").GetProperty("total").Int("count"));
        Assert.True(later.GetProperty("requests").GetProperty("perSecond").GetDouble() > 0);
    }

    [Fact]
    public async Task Events_come_each_second_with_rising_numbers()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var watcher = await WatcherOf(host);
        Assert.Equal("text/event-stream", watcher.ContentType);
        Assert.Equal("retry: 2000", await watcher.LineAsync());
        var last = 0L;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("serving", (await watcher.NextAsync()).Text("state"));
            Assert.True(watcher.Number > last);
            last = watcher.Number;
        }
    }

    // Nobody watches: nothing is made, and no timer beats.
    [Fact]
    public async Task Who_leaves_makes_room()
    {
        await using var host = await DashboardHost.StartAsync();
        var watchers = new List<EventReader>();
        for (var i = 0; i < SnapshotFeed.MaxWatchers; i++)
        {
            watchers.Add(await WatcherOf(host));
            await watchers[^1].NextAsync();
        }

        using (var refused = await _http.GetAsync(new Uri(host.Admin.Address, "/events")))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Equal("5", refused.Headers.RetryAfter!.ToString());
            Assert.True(refused.Headers.ConnectionClose); // who was refused kept a place of the admin side, and with it scrapers out
        }

        using (var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri(host.Admin.Address, "/events"))))
        {
            Assert.Equal("text/event-stream", head.Content.Headers.ContentType!.ToString());
        }

        Assert.Equal("serving", (await StatusAsync(host)).Text("state")); // once is always possible
        foreach (var watcher in watchers)
        {
            await watcher.DisposeAsync();
        }

        await Eventually.TrueAsync(() => host.Dashboard.Feed.Watchers == 0, "all have left");
        await using var next = await WatcherOf(host);
        await next.NextAsync();
    }

    [Fact]
    public async Task All_workers_stuck_are_shown_by_name_and_without_the_query()
    {
        await using var host = await DashboardHost.StartAsync(static options => (options.Workers, options.QueueCapacity) = (2, 1));
        await using var watcher = await WatcherOf(host);
        var clients = new List<TestClient>();
        for (var i = 0; i < 4; i++)
        {
            clients.Add(await TestClient.ConnectAsync(host.Server.EndPoints[0]));
            await clients[^1].SendAsync(TestClient.Get($"/stuck/{i}/%3Cimg%20onerror%3E?token=secret"));
            await Eventually.TrueAsync(() => host.Server.Requests.Received == i + 1, "it has come");
            await Eventually.TrueAsync(() => host.Server.Workers.Busy == Math.Min(i + 1, 2), "its worker runs");
        }

        JsonElement snapshot;
        do
        {
            snapshot = await watcher.NextAsync();
        }
        while (snapshot.GetProperty("workers").Int("busy") < 2 || snapshot.GetProperty("refused").GetArrayLength() == 0);
        Assert.Equal(
            ["GET /stuck/0/%3Cimg%20onerror%3E?…", "GET /stuck/1/%3Cimg%20onerror%3E?…"],
            snapshot.GetProperty("workers").GetProperty("list").EnumerateArray().Select(static worker => worker.Text("request")).Order());
        Assert.Equal(
            ["GET /stuck/2/%3Cimg%20onerror%3E?… queued"],
            snapshot.GetProperty("inProgress").EnumerateArray().Select(static one => $"{one.Text("request")} {one.Text("stage")}").Where(static text => text.EndsWith("queued")));
        Assert.Equal("all workers are busy and the queue is full; try again", snapshot.GetProperty("refused")[0].Text("reason"));
        Assert.DoesNotContain("secret", snapshot.ToString());
        host.Release();
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_drain_is_watched_to_its_end()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var idle = await TestClient.ConnectAsync(host.Server.EndPoints[0]);
        await idle.RequestAsync(TestClient.Get("/inline/1"));
        await using var client = await TestClient.ConnectAsync(host.Server.EndPoints[0]);
        await client.SendAsync(TestClient.Get("/stuck/me?token=secret"));
        await Eventually.TrueAsync(() => host.Server.Workers.Busy == 1, "it is stuck");
        await using var watcher = await WatcherOf(host);
        await watcher.NextAsync();
        using (var begun = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Admin.Address, "/drain")) { Headers = { { "X-PipeServer-Admin", "1" } } })
        {
            Assert.Equal(HttpStatusCode.Accepted, (await _http.SendAsync(begun)).StatusCode);
        }

        JsonElement snapshot;
        do
        {
            snapshot = await watcher.NextAsync();
        }
        while (snapshot.GetProperty("drain") is not { ValueKind: JsonValueKind.Object } drain || drain.Text("phase") != "drain");
        Assert.Equal("draining", snapshot.Text("state"));
        var blocker = snapshot.GetProperty("drain").GetProperty("blockers")[0];
        Assert.Equal(("GET /stuck/me?…", client.LocalEndPoint!.ToString()), (blocker.Text("what"), blocker.Text("client")));
        Assert.StartsWith("runs on worker-", blocker.Text("why"));
        Assert.Equal(20, snapshot.GetProperty("drain").GetProperty("limitSeconds").GetDouble());
        Assert.DoesNotContain("secret", snapshot.ToString());
        host.Release();
        await client.ReadResponseAsync();
        do
        {
            snapshot = await watcher.NextAsync();
        }
        while (snapshot.Text("state") != "stopped");
        Assert.Equal("drained", snapshot.GetProperty("drain").Text("outcome"));
        Assert.Empty(snapshot.GetProperty("drain").GetProperty("blockers").EnumerateArray());
        Assert.Equal(2, snapshot.GetProperty("requests").Int("completed"));
        Assert.Equal("event: end", await watcher.LastAsync());
        await host.Stopped.WaitAsync(Patience);
    }

    // A client that does not read costs a snapshot that waits, and is cut off by the write timeout.
    [Fact]
    public async Task A_client_that_does_not_read_holds_nobody_up()
    {
        await using var host = await DashboardHost.StartAsync(configureAdmin: static admin => admin.ResponseWriteTimeout = TimeSpan.FromSeconds(2));
        await using var deaf = await TestClient.ConnectAsync(host.Admin.EndPoints[0]);
        await deaf.SendAsync(TestClient.Get("/events"));
        await Eventually.TrueAsync(() => host.Dashboard.Feed.Watchers == 1, "it watches");
        for (var i = 0; i < 3000; i++)
        {
            // What a timer does each second, until the connection's buffers are full.
            host.Dashboard.Feed.Refresh();
            host.Dashboard.Feed.Wake();
            if (i % 100 == 0)
            {
                await Task.Delay(1);
            }
        }

        await Eventually.TrueAsync(() => host.Dashboard.Feed.Watchers == 0, "it is cut off");
        await using var watcher = await WatcherOf(host);
        await watcher.NextAsync();
        await watcher.NextAsync();
    }

    [Theory]
    [InlineData("/", "text/html; charset=utf-8")]
    [InlineData("/dashboard.css", "text/css; charset=utf-8")]
    [InlineData("/dashboard.js", "text/javascript; charset=utf-8")]
    [InlineData("/dashboard.svg", "image/svg+xml")]
    public async Task The_page_may_load_its_own_parts_only(string path, string type)
    {
        await using var host = await DashboardHost.StartAsync();
        using var response = await _http.GetAsync(new Uri(host.Admin.Address, path));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType!.ToString());
        Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", response.Headers.GetValues("Content-Security-Policy").Single());
        var text = await response.Content.ReadAsStringAsync();
        Assert.DoesNotContain("http://", text.Replace("xmlns=\"http://www.w3.org/2000/svg\"", ""));
        Assert.DoesNotContain("https://", text);
        Assert.DoesNotMatch(@"\son\w+=|<style|style=|<script>|innerHTML|insertAdjacentHTML|eval\(", text);
    }

    [Fact]
    public void The_page_is_small()
    {
        var size = Directory.EnumerateFiles(Repository.Path("src/PipeServer.Cli/Dashboard/Page")).Sum(static path => new FileInfo(path).Length);
        Assert.InRange(size, 1, 30 * 1024);
    }

    [Fact]
    public async Task Before_the_server_is_started_the_page_says_so()
    {
        var options = new HttpServerOptions { Port = 0 };
        var dashboard = new PipeServer.Cli.Dashboard.Dashboard(options, TimeProvider.System);
        await using var admin = new HttpServer(new HttpServerOptions { Port = 0, Loops = 1 });
        dashboard.Map(admin);
        await admin.StartAsync();
        Assert.Equal("starting", JsonDocument.Parse(await _http.GetStringAsync(new Uri(admin.Address, "/status"))).RootElement.Text("state"));
    }

    private async Task<JsonElement> StatusAsync(DashboardHost host) =>
        JsonDocument.Parse(await _http.GetStringAsync(new Uri(host.Admin.Address, "/status"))).RootElement;

    private async Task<EventReader> WatcherOf(DashboardHost host) => await EventReader.OpenAsync(_http, new Uri(host.Admin.Address, "/events"));
}
