using System.IO.Pipelines;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// A body that arrives with its head is read from where it lies, without the connection's async method (over epoll); one that comes in pieces is
/// read from the connection's input. Handlers and clients must not see the difference. One suite, unchanged over each transport.
/// </summary>
public abstract class ArrivedBodyTests(string transport)
{
    private const string Body = "0123456789";

    // What each handler reports of the body "0123456789".
    private static readonly (string Path, string Report)[] Handlers =
    [
        ("/whole", Body), ("/bytewise", Body), ("/looks", "10,10:" + Body), ("/leaves", "left"), ("/half", "01234"), ("/completes", "completed"),
        ("/cancels", "True,False:" + Body), ("/late", Body), ("/flushes", "flushed:" + Body),
    ];

    private PipeReader? _kept; // of a request that has ended

    [Theory]
    [InlineData("")]
    [InlineData("/worker")]
    public async Task Handlers_see_the_same_wherever_the_request_is_cut(string prefix)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        foreach (var (path, report) in Handlers)
        {
            var request = Post(prefix + path);
            for (var cut = 0; cut < request.Length; cut += cut < request.Length - 14 ? 9 : 1)
            {
                await client.SendAsync(request[..cut]);
                await client.SendAsync(request[cut..]);
                var answer = await client.ReadResponseAsync();
                Assert.Equal((path, cut, 200, report), (path, cut, answer.Status, answer.Text));
            }
        }
    }

    // In one write, so each follows the body of the one before, read or not; the last one ends the connection.
    [Theory]
    [InlineData("")]
    [InlineData("/worker")]
    public async Task A_batch_goes_on_behind_each_body(string prefix)
    {
        await using var server = await StartAsync();
        for (var round = 0; round < 5; round++)
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal(Body, (await client.RequestAsync(Post(prefix + "/whole"))).Text);
            await client.SendAsync(
                string.Concat(Handlers.Select(handler => Post(prefix + handler.Path) + TestClient.Get("/get")))
                    + Post("/nowhere") + Post(prefix + "/whole", "Connection: close\r\n"));
            foreach (var (path, report) in Handlers)
            {
                Assert.Equal((path, report), (path, (await client.ReadResponseAsync()).Text));
                Assert.Equal("get", (await client.ReadResponseAsync()).Text);
            }

            Assert.Equal(404, (await client.ReadResponseAsync()).Status);
            Assert.Equal(Body, (await client.ReadResponseAsync()).Text);
            Assert.True(await client.IsClosedAsync());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/worker")]
    public async Task A_read_in_a_read_is_refused(string prefix)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal("InvalidOperationException", (await client.RequestAsync(Post(prefix + "/twice"))).Text);
        }
    }

    // The bytes belong to another client by then.
    [Theory]
    [InlineData("")]
    [InlineData("/worker")]
    public async Task A_body_is_not_readable_when_its_request_has_ended(string prefix)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal("kept", (await client.RequestAsync(Post(prefix + "/keeps"))).Text);
            await Eventually.TrueAsync(() => server.Server.Requests.Completed == server.Server.Requests.Received, "its answer is flushed");
            Assert.Throws<InvalidOperationException>(() => _kept!.TryRead(out _));
            Assert.Equal("get", (await client.RequestAsync(TestClient.Get("/get"))).Text);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/worker")]
    public async Task One_that_is_too_large_is_refused_and_ends_the_connection(string prefix)
    {
        await using var server = await StartAsync(static options => options.MaxRequestBodyBytes = 5);
        for (var round = 0; round < 5; round++)
        {
            await using var client = await server.ConnectAsync();
            Assert.Equal("get", (await client.RequestAsync(TestClient.Get("/get"))).Text);
            await client.SendAsync(TestClient.Get("/get") + Post(prefix + "/whole") + TestClient.Get("/get"));
            Assert.Equal("get", (await client.ReadResponseAsync()).Text);
            Assert.Equal(413, (await client.ReadResponseAsync()).Status);
            Assert.True(await client.IsClosedAsync());
        }
    }

    // A client that asks for 100 Continue and sends its body all the same has it read, and is not told to go on.
    [Theory]
    [InlineData("")]
    [InlineData("/worker")]
    public async Task No_100_for_a_body_that_is_here(string prefix)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 5; round++)
        {
            var answer = await client.RequestAsync(Post(prefix + "/whole", "Expect: 100-continue\r\n"));
            Assert.Equal((200, Body), (answer.Status, answer.Text));
        }
    }

    private static string Post(string path, string lines = "") =>
        $"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {Body.Length}\r\n{lines}\r\n{Body}";

    private static async ValueTask WholeAsync(HttpRequest request, HttpResponse response) =>
        response.WriteText(await ReadAsync(request.Body));

    private static async ValueTask BytewiseAsync(HttpRequest request, HttpResponse response)
    {
        var text = new StringBuilder();
        while (true)
        {
            var read = await request.Body.ReadAsync();
            if (read.Buffer.IsEmpty && read.IsCompleted)
            {
                request.Body.AdvanceTo(read.Buffer.End);
                response.WriteText(text.ToString());
                return;
            }

            text.Append((char)read.Buffer.FirstSpan[0]);
            request.Body.AdvanceTo(read.Buffer.GetPosition(1));
        }
    }

    // Until all of it is here, then once more.
    private static async ValueTask LookAsync(HttpRequest request, HttpResponse response)
    {
        var first = await request.Body.ReadAtLeastAsync(Body.Length);
        request.Body.AdvanceTo(first.Buffer.Start, first.Buffer.End);
        var again = await request.Body.ReadAsync();
        var lengths = $"{first.Buffer.Length},{again.Buffer.Length}:";
        request.Body.AdvanceTo(again.Buffer.Start);
        response.WriteText(lengths + await ReadAsync(request.Body));
    }

    private static async ValueTask HalfAsync(HttpRequest request, HttpResponse response)
    {
        var read = await request.Body.ReadAtLeastAsync(5);
        response.WriteText(Encoding.ASCII.GetString(read.Buffer.Slice(0, 5))); // and the read is not ended
    }

    private static void Complete(HttpRequest request, HttpResponse response)
    {
        request.Body.Complete();
        response.WriteText("completed");
    }

    private static async ValueTask CancelAsync(HttpRequest request, HttpResponse response)
    {
        request.Body.CancelPendingRead();
        var first = await request.Body.ReadAsync();
        request.Body.AdvanceTo(first.Buffer.Start);
        var second = await request.Body.ReadAsync();
        request.Body.AdvanceTo(second.Buffer.Start);
        response.WriteText($"{first.IsCanceled},{second.IsCanceled}:{await ReadAsync(request.Body)}");
    }

    // The async loop goes on with the request, whose body is in the input still.
    private static async ValueTask LateAsync(HttpRequest request, HttpResponse response)
    {
        await Task.Delay(1);
        response.WriteText(await ReadAsync(request.Body));
    }

    private static async ValueTask FlushAsync(HttpRequest request, HttpResponse response)
    {
        response.WriteText("flushed:");
        await response.Body.FlushAsync();
        response.WriteText(await ReadAsync(request.Body));
    }

    private static async ValueTask TwiceAsync(HttpRequest request, HttpResponse response)
    {
        await request.Body.ReadAtLeastAsync(Body.Length);
        response.WriteText(Record.Exception(() => request.Body.TryRead(out _))?.GetType().Name ?? "nothing");
    }

    private static async Task<string> ReadAsync(PipeReader body)
    {
        using var stream = new MemoryStream();
        await body.CopyToAsync(stream);
        return Encoding.ASCII.GetString(stream.ToArray());
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) =>
        TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/get", static (_, response) => response.WriteText("get"), Dispatch.Inline);
                foreach (var (prefix, dispatch) in new[] { ("", Dispatch.Inline), ("/worker", Dispatch.Worker) })
                {
                    server.MapPost(prefix + "/whole", WholeAsync, dispatch);
                    server.MapPost(prefix + "/bytewise", BytewiseAsync, dispatch);
                    server.MapPost(prefix + "/looks", LookAsync, dispatch);
                    server.MapPost(prefix + "/leaves", static (_, response) => response.WriteText("left"), dispatch);
                    server.MapPost(prefix + "/half", HalfAsync, dispatch);
                    server.MapPost(prefix + "/completes", Complete, dispatch);
                    server.MapPost(prefix + "/cancels", CancelAsync, dispatch);
                    server.MapPost(prefix + "/late", LateAsync, dispatch);
                    server.MapPost(prefix + "/flushes", FlushAsync, dispatch);
                    server.MapPost(prefix + "/twice", TwiceAsync, dispatch);
                    server.MapPost(
                        prefix + "/keeps",
                        (request, response) =>
                        {
                            _kept = request.Body;
                            response.WriteText("kept");
                        },
                        dispatch);
                }
            },
            configure);
}
