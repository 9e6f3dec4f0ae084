namespace PipeServer.Tests.Server;

/// <summary>Where a handler runs, where that is said for each request. One suite, unchanged over each transport.</summary>
public abstract class DispatchTests(string transport)
{
    [Theory]
    [InlineData("/chosen")]
    [InlineData("/chosen/task")]
    [InlineData("/chosen/action")]
    [InlineData("/filtered")]
    [InlineData("/nowhere")]
    public async Task A_function_says_for_each_request_where_it_runs(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var before = "Inline";
        foreach (var dispatch in new[] { "Worker", "Inline", "ThreadPool", "Inline", "Worker", "Worker", "ThreadPool", "ThreadPool", "Inline" })
        {
            // There is no hop back: an inline one that has come by the time the one before is answered runs where that was.
            var where = (await client.RequestAsync(TestClient.Get($"{path}?{dispatch}"))).Text;
            Assert.True(where == Shown(dispatch) || (dispatch == "Inline" && where == Shown(before)), $"{dispatch} behind {before}: {where}");
            before = dispatch;
        }

        await client.SendAsync(string.Concat(Enumerable.Repeat(TestClient.Get($"{path}?Inline") + TestClient.Get($"{path}?Worker"), 5)));
        for (var i = 0; i < 10; i++)
        {
            var where = (await client.ReadResponseAsync()).Text;
            Assert.True(where == "Worker" || i % 2 == 0, where); // an inline one behind one that had a worker goes on where that was
        }
    }

    [Theory]
    [InlineData("/chosen?throws")]
    [InlineData("/chosen?77")]
    [InlineData("/chosen?-1")]
    [InlineData("/nowhere?throws")]
    public async Task What_goes_wrong_in_the_function_is_the_handlers_fault(string target)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get(target))).Status);
        Assert.Equal(1, server.Log.Entries.Count(static entry => entry.Exception is not null));
        Assert.Equal(Shown("Inline"), (await client.RequestAsync(TestClient.Get("/chosen?Inline"))).Text);
    }

    [Fact]
    public async Task The_function_is_asked_before_a_body_is_refused_for_its_length_and_it_is_refused_all_the_same()
    {
        var asked = 0;
        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.Map(
                    "POST",
                    "/chosen",
                    request =>
                    {
                        asked++;
                        return Dispatch.Worker;
                    },
                    static (_, response) => response.WriteText("answered"));
                server.MapPost("/fixed", static (_, response) => response.WriteText("answered"));
            },
            static options => options.MaxRequestBodyBytes = 3);
        foreach (var path in new[] { "/chosen", "/fixed", "/nowhere" })
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal(path == "/nowhere" ? 404 : 200, (await client.RequestAsync($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")).Status);
            Assert.Equal(413, (await client.RequestAsync($"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd")).Status);
        }

        Assert.Equal(2, asked);
    }

    // The threads of the other transports are the thread pool's.
    private string Shown(string dispatch) => dispatch == "Inline" && transport != "epoll" ? "ThreadPool" : dispatch;

    private static string Here() =>
        Thread.CurrentThread.Name?.StartsWith("worker-", StringComparison.Ordinal) == true ? "Worker"
        : Thread.CurrentThread.IsThreadPoolThread ? "ThreadPool" : "Inline";

    private static Dispatch Choose(HttpRequest request)
    {
        Assert.Null(request.Items.Count == 0 ? null : "asked twice");
        request.Items["asked"] = true;
        return request.QueryString switch
        {
            "throws" => throw new InvalidTimeZoneException(),
            ['-' or (>= '0' and <= '9'), ..] number => (Dispatch)int.Parse(number),
            var name => Enum.Parse<Dispatch>(name),
        };
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(transport, static server =>
    {
        server.Map("GET", "/chosen", Choose, Tell);
        server.Map("GET", "/chosen/task", Choose, TellLateAsync);
        server.Map("GET", "/chosen/action", Choose, static (_, response) => response.WriteText(Here()));
        var group = server.MapGroup("/filtered");
        group.AddFilter(static (request, response, next) => next(request, response));
        group.Map("GET", "", Choose, Tell);
        server.MapFallback(Choose, Tell);
    });

    private static ValueTask Tell(HttpRequest request, HttpResponse response)
    {
        response.WriteText(Here());
        return default;
    }

    private static async Task TellLateAsync(HttpRequest request, HttpResponse response)
    {
        var here = Here();
        await Task.Yield();
        response.WriteText(here);
    }
}
