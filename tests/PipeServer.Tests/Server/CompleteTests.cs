namespace PipeServer.Tests.Server;

/// <summary><see cref="HttpResponse.CompleteAsync"/>: the client has the whole response while the handler goes on. One suite, unchanged over each transport.</summary>
public abstract class CompleteTests(string transport)
{
    [Theory]
    [InlineData("/small", "small", "Content-Length")]
    [InlineData("/empty", "", "Content-Length")]
    [InlineData("/length", "length", "Content-Length")]
    [InlineData("/flushed", "first, last", "Transfer-Encoding")]
    [InlineData("/encoded", "encoded", "Content-Length")]
    [InlineData("/starting", "changed", "Content-Length")]
    [InlineData("/closed-body", "closed", "Content-Length")]
    public async Task The_client_has_it_before_the_handler_ends(string path, string body, string framing)
    {
        var (read, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        foreach (var way in (string[])["", "/worker"])
        {
            read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var server = await StartAsync(() => read.Task, () => ended.SetResult());
            await using var client = await server.ConnectAsync();
            var response = await client.RequestAsync(TestClient.Get(way + path));
            Assert.Equal((200, body), (response.Status, response.Text));
            Assert.NotNull(response[framing]);
            Assert.False(ended.Task.IsCompleted);

            // The next request is not begun before the handler has ended.
            await client.SendAsync(TestClient.Get("/next"));
            Assert.Equal(0, server.Server.Requests.Completed);
            read.SetResult();
            Assert.Equal("next", (await client.ReadResponseAsync()).Text);
            Assert.True(ended.Task.IsCompleted);
            await Eventually.TrueAsync(() => server.Server.Requests == new RequestCounts(2, 2, 0, 0), "both are counted");
        }
    }

    [Fact]
    public async Task Trailers_go_out_with_it()
    {
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(() => read.Task);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/trailers"));
        Assert.Equal("X-Behind", (await client.ReadHeadAsync())["Trailer"]);
        Assert.Equal(["4", "body", "0", "X-Behind: 1", ""], [
            await client.ReadLineAsync(), await client.ReadLineAsync(), await client.ReadLineAsync(), await client.ReadLineAsync(), await client.ReadLineAsync(),
        ]);
        read.SetResult();
        Assert.Equal("next", (await client.RequestAsync(TestClient.Get("/next"))).Text);
    }

    [Fact]
    public async Task An_answer_to_head_is_its_head()
    {
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(() => read.Task);
        await using var client = await server.ConnectAsync();
        await client.SendAsync("HEAD /small HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("5", (await client.ReadResponseAsync(isHead: true))["Content-Length"]);
        read.SetResult();
        Assert.Equal("next", (await client.RequestAsync(TestClient.Get("/next"))).Text);
    }

    [Theory]
    [InlineData("/too-few")]
    [InlineData("/status")]
    public async Task What_breaks_a_rule_throws_and_can_be_answered_otherwise(string path)
    {
        await using var server = await StartAsync(static () => Task.CompletedTask);
        await using var client = await server.ConnectAsync();
        Assert.Equal("InvalidOperationException", (await client.RequestAsync(TestClient.Get(path))).Text);
    }

    [Fact]
    public async Task Nothing_can_follow()
    {
        await using var server = await StartAsync(static () => Task.CompletedTask);
        await using var client = await server.ConnectAsync();
        Assert.Equal("body", (await client.RequestAsync(TestClient.Get("/nothing-follows"))).Text);
        Assert.Equal("next", (await client.RequestAsync(TestClient.Get("/next"))).Text);
        await Eventually.TrueAsync(() => server.Server.Requests == new RequestCounts(2, 2, 0, 0), "both are counted");
    }

    private Task<TestServer> StartAsync(Func<Task> read, Action? ended = null) => TestServer.StartAsync(transport, server =>
    {
        foreach (var (way, dispatch) in ((string, Dispatch)[])[("", Dispatch.Inline), ("/worker", Dispatch.Worker)])
        {
            Map("/small", static response =>
            {
                response.WriteText("small");
                return default;
            });
            Map("/empty", static _ => default);
            Map("/length", static response =>
            {
                response.ContentLength = 6;
                response.WriteText("length");
                return default;
            });
            Map("/flushed", static async response =>
            {
                response.WriteText("first, ");
                await response.Body.FlushAsync();
                response.WriteText("last");
            });
            Map("/trailers", static response =>
            {
                response.DeclareTrailer("X-Behind");
                response.Trailers["X-Behind"] = "1";
                response.WriteText("body");
                return default;
            });
            Map("/encoded", static response =>
            {
                response.Send(new PreparedResponse(200, [], "encoded"u8.ToArray()));
                return default;
            });
            Map("/starting", static response =>
            {
                response.OnStarting(async state =>
                {
                    await Task.Yield();
                    ((HttpResponse)state!).Clear();
                    ((HttpResponse)state).WriteText("changed");
                }, response);
                response.WriteText("before");
                return default;
            });
            Map("/closed-body", static response =>
            {
                response.WriteText("closed");
                return response.Body.CompleteAsync();
            });

            void Map(string path, Func<HttpResponse, ValueTask> write) => server.MapGet(
                way + path,
                async (_, response) =>
                {
                    await write(response);
                    await response.CompleteAsync();
                    await read();
                    ended?.Invoke();
                },
                dispatch);
        }

        server.MapGet("/next", static (_, response) => response.WriteText("next"), Dispatch.Inline);
        server.MapGet("/too-few", static (_, response) => CatchAsync(response, static response =>
        {
            response.ContentLength = 5;
            response.OnStarting(static _ => default); // or the head went out with the first byte
            response.WriteText("few");
        }));
        server.MapGet("/status", static (_, response) => CatchAsync(response, static response =>
        {
            response.StatusCode = 204;
            response.WriteText("none");
        }));
        server.MapGet("/nothing-follows", static async (_, response) =>
        {
            response.DeclareTrailer("X-Behind");
            response.WriteText("body");
            await response.CompleteAsync();
            Assert.True(response.HasStarted);
            Assert.Throws<InvalidOperationException>(() => response.Body.GetSpan(1));
            Assert.Throws<InvalidOperationException>(() => response.Trailers["X-Behind"] = "late");
            Assert.Throws<InvalidOperationException>(() => response.StatusCode = 201);
            await response.CompleteAsync();
        });
    });

    private static async ValueTask CatchAsync(HttpResponse response, Action<HttpResponse> write)
    {
        try
        {
            write(response);
            await response.CompleteAsync();
        }
        catch (InvalidOperationException exception)
        {
            response.Clear();
            response.WriteText(exception.GetType().Name);
        }
    }
}
