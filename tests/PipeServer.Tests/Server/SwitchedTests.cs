using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>A connection that is handed to its handler for good: what WebSocket and tunnels will stand on.</summary>
public abstract class SwitchedTests(string transport)
{
    private const string Ask = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n";

    private static readonly TimeSpan Patience = TestClient.Patience;

    [Theory]
    [InlineData("/echo")]
    [InlineData("/worker")]
    public async Task The_handler_gets_the_bytes_behind_the_head_and_all_that_come(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(Ask.Replace("/echo", path) + "at once\n");
        var head = await client.ReadResponseAsync();
        Assert.Equal("HTTP/1.1 101 Switching Protocols", head.StatusLine);
        Assert.Equal(("Upgrade", "lines"), (head["Connection"], head["Upgrade"]));
        Assert.Null(head["Content-Length"]);
        Assert.Equal("at once\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(8)));
        await client.SendAsync("later\n");
        Assert.Equal("later\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(6)));
        await client.SendAsync("GET / HTTP/1.1\r\n\r\n"); // no request any more
        Assert.Equal("GET / HTTP/1.1\r\n\r\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(18)));
        await client.SendAsync("end\n");
        Assert.True(await client.IsClosedAsync());
        await client.DisposeAsync();
        await Eventually.TrueAsync(() => server.Server.Requests is { Received: 1, Completed: 1 }, "it is one request");
        await Eventually.TrueAsync(() => server.Server.Connections is { Accepted: 1, Closed: 1 }, "it is one connection");
    }

    [Fact]
    public async Task Answers_before_it_in_the_batch_go_out_first_and_the_body_of_its_request_can_be_read()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/plain") + "POST /after-body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbodybehind\n");
        Assert.Equal("plain", (await client.ReadResponseAsync()).Text);
        Assert.Equal("HTTP/1.1 101 Switching Protocols", (await client.ReadResponseAsync()).StatusLine);
        Assert.Equal("body:behind\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(12)));
        await client.SendAsync("end\n");
        Assert.True(await client.IsClosedAsync());
    }

    // On the event loop's thread it would wait for the very loop that it holds up.
    [Fact]
    public async Task A_handler_of_a_worker_may_block_after_a_wait()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        Assert.Equal(101, (await client.RequestAsync(Ask.Replace("/echo", "/blocking"))).Status);
        await client.SendAsync("first\n");
        Assert.Equal("first\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(6)));
        await client.SendAsync("second\n");
        Assert.Equal("second\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(7)));
        Assert.True(await client.IsClosedAsync());
    }

    // What it had read and not advanced made the polite end a reset; a read that it left pending cannot be taken back, but ends.
    [Theory]
    [InlineData("/read-and-left")]
    [InlineData("/reading-and-left")]
    public async Task A_handler_may_leave_a_read_behind(string path)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(path, "Connection: Upgrade", "Upgrade: lines"));
        Assert.StartsWith("HTTP/1.1 101", await client.ReadLineAsync());
        await client.SendAsync("one");
        var rest = Encoding.ASCII.GetString(await client.ReadToEndAsync());
        Assert.EndsWith("bye", rest);
        await client.DisposeAsync();
        await Eventually.TrueAsync(() => server.Server.Connections.Closed == 1, "it ends");
        Assert.DoesNotContain(server.Log.Entries, static entry => entry.Exception is not null);
    }

    [Fact]
    public async Task Silence_does_not_end_it()
    {
        var time = new ManualTimeProvider();
        await using var server = await StartAsync(options => options.TimeProvider = time);
        await using var client = await SwitchAsync(server);
        for (var minute = 0; minute < 10; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
        }

        await client.SendAsync("still here\n");
        Assert.Equal("still here\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(11)));
        await client.SendAsync("end\n");
        Assert.True(await client.IsClosedAsync());
    }

    // The heartbeat cancels the read of a head whose time is up. When that came as the head arrived, the first read of the handler to which its
    // request hands the connection ended as if the handler had cancelled it: this one took it for the stop of the server.
    [Fact]
    public async Task A_cancellation_that_is_not_the_handlers_own_is_not_told()
    {
        WatchedTransport? watched = null;
        await using var server = await StartAsync(options => options.Transport = watched = new WatchedTransport(options.Transport!));
        await using var client = await SwitchAsync(server);
        for (var round = 0; round < 5; round++)
        {
            watched!.Accepted[0].Input.CancelPendingRead();
            await Task.Delay(5 * round);
            await client.SendAsync($"{round}\n");
            Assert.Equal($"{round}\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(2)));
        }

        var stopping = server.Server.StopAsync();
        Assert.Equal("bye\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(4)));
        await client.SendAsync("end\n");
        Assert.True(await client.IsClosedAsync());
        await stopping.WaitAsync(Patience);
    }

    // Half a line has been looked at and is kept: nothing but the rest of it, the end or a cancellation of the handler's is news.
    [Fact]
    public async Task Such_a_cancellation_brings_no_bytes_for_the_second_time()
    {
        WatchedTransport? watched = null;
        await using var server = await StartAsync(options => options.Transport = watched = new WatchedTransport(options.Transport!));
        await using var client = await server.ConnectAsync();
        Assert.Equal(101, (await client.RequestAsync(Ask.Replace("/echo", "/reads"))).Status);
        await client.SendAsync("a");
        Assert.Equal("1", Encoding.ASCII.GetString(await client.ReadExactlyAsync(1)));
        for (var i = 0; i < 3; i++)
        {
            watched!.Accepted[0].Input.CancelPendingRead();
            await Task.Delay(10);
        }

        await client.SendAsync("b");
        Assert.Equal("2", Encoding.ASCII.GetString(await client.ReadExactlyAsync(1)));
        await client.SendAsync("\n");
        Assert.Equal("3", Encoding.ASCII.GetString(await client.ReadToEndAsync()));
    }

    [Fact]
    public async Task It_is_told_of_a_stop_and_may_say_goodbye()
    {
        await using var server = await StartAsync();
        await using var client = await SwitchAsync(server);
        var stopping = server.Server.StopAsync();
        Assert.Equal("bye\n", Encoding.ASCII.GetString(await client.ReadExactlyAsync(4)));
        await client.SendAsync("end\n");
        Assert.True(await client.IsClosedAsync());
        await client.DisposeAsync();
        var report = await stopping.WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal((1, 1), (report.Requests.Received, report.Requests.Completed));
    }

    [Fact]
    public async Task At_the_deadline_of_a_stop_it_is_cut_off_and_named()
    {
        await using var server = await StartAsync(static options => options.ShutdownGracePeriod = TimeSpan.FromMilliseconds(300));
        await using var client = await SwitchAsync(server);
        var report = await server.Server.StopAsync().WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.TimedOut, report.Outcome);
        Assert.StartsWith("GET /echo, 0.", Assert.Single(report.CutOff));
        Assert.Equal((1, 1), (report.Requests.Received, report.Requests.Aborted));
        Assert.Equal((1, 1), (report.Connections.Accepted, report.Connections.Aborted));
    }

    [Fact]
    public async Task A_handler_that_faults_costs_its_connection_only()
    {
        await using var server = await StartAsync();
        await using var client = await SwitchAsync(server);
        await client.SendAsync("fault\n");
        try
        {
            Assert.Empty(await client.ReadToEndAsync());
        }
        catch (IOException)
        {
            // A reset: what was said so far is not the whole.
        }

        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it is counted");
        Assert.Single(server.Log.Messages, static message => message.StartsWith("The handler of GET /echo threw"));
        await using var another = await server.ConnectAsync();
        Assert.Equal("plain", (await another.RequestAsync(TestClient.Get("/plain"))).Text);
    }

    [Theory]
    [InlineData("/too-late")]
    [InlineData("/unread", "Content-Length: 3\r\n", "abc")]
    public async Task It_is_refused_where_the_protocol_cannot_change(string path, string header = "", string body = "")
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync($"POST {path} HTTP/1.1\r\nHost: a\r\n{header}\r\n{body}");
        Assert.Equal(500, response.Status);
        Assert.Contains(server.Log.Entries, static entry => entry.Exception is { } exception && exception.Message.StartsWith("The connection can be handed over before"));
    }

    private static async Task<TestClient> SwitchAsync(TestServer server)
    {
        var client = await server.ConnectAsync();
        Assert.Equal(101, (await client.RequestAsync(Ask)).Status);
        return client;
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(
        transport,
        static server =>
        {
            server.MapGet("/plain", static (_, response) => response.WriteText("plain"));
            server.MapGet("/echo", static (request, response) => EchoAsync(request, response), Dispatch.Inline);
            server.MapGet("/worker", static (request, response) => EchoAsync(request, response));
            server.MapPost("/after-body", static async (request, response) =>
            {
                var read = await request.Body.ReadAtLeastAsync(4);
                var body = Encoding.ASCII.GetString(read.Buffer);
                request.Body.AdvanceTo(read.Buffer.End);
                await EchoAsync(request, response, body + ":");
            });
            server.MapGet("/blocking", static async (_, response) =>
            {
                var pipe = await response.SwitchAsync(101);
                var first = await pipe.Input.ReadAsync();
                pipe.Output.Write(first.Buffer.ToArray());
                pipe.Input.AdvanceTo(first.Buffer.End);
                await pipe.Output.FlushAsync();
                var second = pipe.Input.ReadAsync().AsTask().GetAwaiter().GetResult();
                pipe.Output.Write(second.Buffer.ToArray());
                pipe.Input.AdvanceTo(second.Buffer.End);
            });
            server.MapPost("/too-late", static async (_, response) =>
            {
                response.WriteText("begun");
                await response.SwitchAsync(101);
            });
            server.MapGet("/read-and-left", static async (_, response) =>
            {
                var pipe = await response.SwitchAsync(101);
                await pipe.Output.FlushAsync();
                await pipe.Input.ReadAsync();
                pipe.Output.Write("bye"u8);
            });
            server.MapGet("/reading-and-left", static async (request, response) =>
            {
                var pipe = await response.SwitchAsync(101);
                await pipe.Output.FlushAsync();
                var read = await pipe.Input.ReadAsync();
                pipe.Input.AdvanceTo(read.Buffer.End);
                _ = pipe.Input.ReadAsync().AsTask();
                pipe.Output.Write("bye"u8);
            });
            server.MapGet("/reads", static async (_, response) =>
            {
                var pipe = await response.SwitchAsync(101);
                for (var (reads, length) = (0, 0L); length < 3;)
                {
                    var read = await pipe.Input.ReadAsync();
                    length = read.Buffer.Length;
                    pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    if (length > 0)
                    {
                        pipe.Output.Write(Encoding.ASCII.GetBytes($"{++reads}"));
                        await pipe.Output.FlushAsync();
                    }
                }
            });
            server.MapPost("/unread", static async (_, response) => await response.SwitchAsync(101));
        },
        configure);

    // Sends lines back until it is told to end, and one of its own when the server drains.
    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response, string greeting = "")
    {
        response.Headers["Upgrade"] = "lines";
        var draining = request.Draining;
        var pipe = await response.SwitchAsync(101);
        pipe.Output.Write(Encoding.ASCII.GetBytes(greeting));
        using var registration = draining.UnsafeRegister(static input => ((PipeReader)input!).CancelPendingRead(), pipe.Input);
        while (true)
        {
            var read = await pipe.Input.ReadAsync();
            if (read.IsCanceled)
            {
                pipe.Output.Write("bye\n"u8);
            }

            var text = Encoding.ASCII.GetString(read.Buffer);
            pipe.Input.AdvanceTo(read.Buffer.End);
            switch (text)
            {
                case "end\n":
                    return;
                case "fault\n":
                    throw new InvalidOperationException("On purpose.");
                default:
                    pipe.Output.Write(Encoding.ASCII.GetBytes(text));
                    break;
            }

            await pipe.Output.FlushAsync();
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
