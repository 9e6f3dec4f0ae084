using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace PipeServer.Tests.Telemetry;

/// <summary>An activity for each request, current while its handler runs and never beyond. One suite over each network transport.</summary>
public abstract class ActivityTests : IDisposable
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Span = "b7ad6b7169203331";

    private readonly string _transport;
    private readonly string _host = $"h{Guid.NewGuid():N}"; // tells this test's requests from those of tests beside it
    private readonly ConcurrentQueue<Activity> _stopped = [];
    private readonly ActivityListener _listener;
    private bool _wants = true;

    protected ActivityTests(string transport)
    {
        _transport = transport;
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "PipeServer",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                _wants && options.Tags?.Any(tag => tag.Key == "server.address" && Equals(tag.Value, _host)) == true
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (Equals(activity.GetTagItem("server.address"), _host))
                {
                    _stopped.Enqueue(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose()
    {
        _listener.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("/inline")]
    [InlineData("/worker")]
    [InlineData("/async")]
    [InlineData("/async-inline")]
    public async Task It_is_the_clients_child_and_current_while_the_handler_runs(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(Get(
            path + "?secret=1", $"traceparent: 00-{Trace}-{Span}-01", "tracestate: a=1", "tracestate: b=2", "baggage: k=v", "User-Agent: test/1"));
        var activity = await StoppedAsync(1);
        Assert.Equal($"{activity.Id} k=v", response.Text);
        Assert.Equal((ActivityKind.Server, Trace, Span, true), (activity.Kind, activity.TraceId.ToString(), activity.ParentSpanId.ToString(), activity.HasRemoteParent));
        Assert.Equal("a=1, b=2", activity.TraceStateString);
        Assert.Equal($"GET {path}", activity.DisplayName);
        Assert.Equal(ActivityStatusCode.Unset, activity.Status);
        Assert.Equal(
            [
                ("client.address", "127.0.0.1"), ("client.port", client.LocalEndPoint is System.Net.IPEndPoint local ? local.Port : 0), ("http.request.method", "GET"),
                ("http.response.status_code", 200), ("http.route", path), ("network.protocol.version", "1.1"), ("server.address", _host), ("server.port", 8080),
                ("url.path", path), ("url.scheme", "http"), ("user_agent.original", "test/1"),
            ],
            activity.TagObjects.Select(static tag => (tag.Key, tag.Value!)).OrderBy(static tag => tag.Key, StringComparer.Ordinal));
        Assert.True(activity.IsStopped && activity.Duration > TimeSpan.Zero);
    }

    [Fact]
    public async Task None_is_current_behind_it()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        foreach (var path in new[] { "/inline", "/worker", "/async", "/async-inline", "/fault", "/nowhere" })
        {
            _wants = true;
            await client.RequestAsync(Get(path));
            _wants = false;
            Assert.Equal("none", (await client.RequestAsync(Get("/inline"))).Text);
            Assert.Equal("none", (await client.RequestAsync(Get("/worker"))).Text);
            Assert.Equal("none", (await client.RequestAsync(Get("/async"))).Text);
        }

        await StoppedAsync(6);
    }

    [Fact]
    public async Task Each_of_a_batch_has_its_own_and_is_a_root_without_a_parent()
    {
        const int Requests = 40;
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        string[] paths = ["/inline", "/worker", "/async", "/async-inline"];
        await client.SendAsync(string.Concat(Enumerable.Range(0, Requests).Select(i => Get(paths[i % 4]))));
        var answers = new List<string>();
        for (var i = 0; i < Requests; i++)
        {
            answers.Add((await client.ReadResponseAsync()).Text.Trim());
        }

        await StoppedAsync(Requests);
        Assert.Equal(answers, _stopped.Select(static activity => activity.Id));
        Assert.All(_stopped, static activity => Assert.Equal(default, activity.ParentSpanId));
        Assert.Equal(Requests, _stopped.Select(static activity => activity.TraceId).Distinct().Count());
    }

    // What is current where a server is started flows into its connections.
    [Fact]
    public async Task What_was_current_when_the_server_was_started_is_no_parent()
    {
        using var source = new Activity("the program").Start();
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        foreach (var path in new[] { "/inline", "/worker", "/async", "/inline" })
        {
            Assert.StartsWith("00-", (await client.RequestAsync(Get(path))).Text);
        }

        await StoppedAsync(4);
        Assert.All(_stopped, activity => Assert.NotEqual(source.TraceId, activity.TraceId));
        Assert.All(_stopped, static activity => Assert.Equal(default, activity.ParentSpanId));
        Assert.Same(source, Activity.Current);
    }

    [Theory]
    [InlineData("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    [InlineData("traceparent: 00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [InlineData("traceparent: nonsense")]
    [InlineData("traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    public async Task A_malformed_parent_is_none(string field)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.StartsWith("00-", (await client.RequestAsync(Get("/worker", field))).Text);
        Assert.Equal(default, (await StoppedAsync(1)).ParentSpanId);
    }

    [Theory]
    [InlineData("GET", "/fault", 500, "System.InvalidOperationException", ActivityStatusCode.Error)]
    [InlineData("GET", "/unavailable", 503, "503", ActivityStatusCode.Error)]
    [InlineData("GET", "/nowhere", 404, null, ActivityStatusCode.Unset)]
    [InlineData("BREW", "/inline", 501, "501", ActivityStatusCode.Error)]
    public async Task What_has_become_of_the_request_is_told(string method, string path, int status, string? error, ActivityStatusCode expected)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(status, (await client.RequestAsync(method + Get(path)[3..])).Status);
        var activity = await StoppedAsync(1);
        Assert.Equal(
            (status.ToString(CultureInfo.InvariantCulture), error, expected),
            (activity.GetTagItem("http.response.status_code")?.ToString(), activity.GetTagItem("error.type"), activity.Status));
        var isKnown = method == "GET";
        Assert.Equal((isKnown ? "GET" : "_OTHER", isKnown ? null : method), (activity.GetTagItem("http.request.method"), activity.GetTagItem("http.request.method_original")));
        Assert.Equal(path is "/fault" or "/unavailable" ? $"GET {path}" : isKnown ? "GET" : "HTTP", activity.DisplayName);
    }

    [Fact]
    public async Task Without_activities_there_is_none()
    {
        await using var server = await StartAsync(static options => options.Activities = false);
        await using var client = await server.ConnectAsync();
        Assert.Equal("none", (await client.RequestAsync(Get("/worker"))).Text);
        Assert.Empty(_stopped);
    }

    private static string Current() => Activity.Current is { } activity
        ? $"{activity.Id} {string.Join(',', activity.Baggage.Select(static item => $"{item.Key}={item.Value}"))}"
        : "none";

    private string Get(string target, params string[] fields) =>
        $"GET {target} HTTP/1.1\r\nHost: {_host}:8080\r\n{string.Concat(fields.Select(static field => field + "\r\n"))}\r\n";

    private async Task<Activity> StoppedAsync(int count)
    {
        await Eventually.TrueAsync(() => _stopped.Count == count, "all are stopped");
        return _stopped.Last();
    }

    private async Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => await TestServer.StartAsync(
        _transport,
        static server =>
        {
            server.MapGet("/inline", static (_, response) => response.WriteText(Current()), Dispatch.Inline);
            server.MapGet("/worker", static (_, response) => response.WriteText(Current()));
            server.MapGet("/async", static async (_, response) => await AnswerLaterAsync(response));
            server.MapGet("/async-inline", static async (_, response) => await AnswerLaterAsync(response), Dispatch.Inline);
            server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("On purpose."));
            server.MapGet("/unavailable", static (_, response) => response.StatusCode = 503);
        },
        configure);

    private static async Task AnswerLaterAsync(HttpResponse response)
    {
        var before = Current();
        await Task.Delay(10);
        Assert.Equal(before, Current());
        response.WriteText(Current());
    }
}
