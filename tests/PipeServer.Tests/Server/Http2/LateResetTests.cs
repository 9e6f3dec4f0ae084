using System.Buffers;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// An abort or a fault right behind a flush, or behind the end of the response, from a thread that does not own the connection's output. The bug: the owner found the
/// stream aborted when it came to send what was flushed, and sent the reset alone, even where the handler had completed its response.
/// </summary>
public sealed class LateResetTests
{
    private const int LargeBytes = 16 * 1024 * 1024;

    public static MatrixTheoryData<string, string> Names =>
        new(Http2Transports.All.Select(static row => row.Data), ["flush", "complete", "trailers", "throw"]);

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_came_before_is_sent_before(string transport, string last)
    {
        var abort = new Turn();
        await using var host = await StartAsync(transport, abort);
        await using var client = await host.ConnectAsync();
        var id = await client.RequestAsync("GET", $"/aborts/{last}");
        var held = await client.RequestAsync("GET", "/holds"); // the owner, until the other handler has aborted
        var response = await client.ResponseAsync(id);
        AssertSent(response, last);
        await client.UntilAsync(() => response.ResetCode == CodeOf(last), "the reset");
        Assert.Equal("held", (await client.ResponseAsync(held)).Text);
        await Eventually.TrueAsync(() => host.Server.Requests.InFlight == 0, "both are counted");
        Assert.Equal(IsWhole(last) ? 0 : 1, host.Server.Requests.Aborted);
    }

    [Theory]
    [InlineData("memory", "flush")]
    [InlineData("memory", "trailers")]
    [InlineData("epoll", "flush")]
    [InlineData("epoll", "complete")]
    [InlineData("epoll", "throw")]
    [InlineData("sockets", "flush")]
    [InlineData("epoll/openssl", "flush")]
    [InlineData("epoll/sslstream", "trailers")]
    public async Task So_it_is_while_the_client_does_not_read(string transport, string last)
    {
        var abort = new Turn();
        await using var host = await StartAsync(transport, abort);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, LargeBytes));
        await client.SendAsync(Http2Frame.WindowUpdate(0, LargeBytes));
        var large = await client.RequestAsync("GET", "/large");
        var id = await client.RequestAsync("GET", $"/aborts/{last}");
        await abort.IsOver.WaitAsync(TestClient.Patience);
        var response = await client.ResponseAsync(id);
        AssertSent(response, last);
        await client.UntilAsync(() => response.ResetCode == CodeOf(last), "the reset");
        Assert.Equal(LargeBytes, (await client.ResponseAsync(large)).BodyLength);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_waits_for_no_window(string transport, string last)
    {
        var abort = new Turn();
        await using var host = await StartAsync(transport, abort);
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 2));
        client.OpensWindows = false;
        var id = await client.RequestAsync("GET", $"/aborts/{last}");
        abort.Begin();
        var response = client.Responses[id];
        await client.UntilAsync(() => response.ResetCode == CodeOf(last), "the reset");
        Assert.Equal((200, "be", false), (response.Status, response.Text, response.IsComplete));
    }

    private static bool IsWhole(string last) => last is "complete" or "trailers";

    private static int CodeOf(string last) => last == "throw" ? Code.InternalError : Code.Cancel;

    private static void AssertSent(Http2Response response, string last)
    {
        Assert.Equal((200, "begun", IsWhole(last)), (response.Status, response.Text, response.IsComplete));
        Assert.Equal(last == "trailers" ? 1 : null, response.Trailers?.Count);
    }

    private static Task<Http2Host> StartAsync(string transport, Turn abort) => Http2Host.StartAsync(
        transport,
        server =>
        {
            server.MapGet("/aborts/{last}", (request, response) => Abort(request, response, abort), Dispatch.Worker);
            server.MapGet(
                "/holds",
                (_, response) =>
                {
                    abort.Begin();
                    Assert.True(abort.IsOver.Wait(TestClient.Patience));
                    response.WriteText("held");
                },
                Dispatch.Inline);
            server.MapGet("/large", (_, response) => SendLargeAsync(response, abort), Dispatch.Inline);
        },
        static options => options.MinDataRate = 0); // a client that does not read is not to be cut off, however slow the machine

    // A task that nobody awaits: the handler does not wait for the owner.
    private static void Abort(HttpRequest request, HttpResponse response, Turn turn)
    {
        if (request.RouteValues["last"] == "trailers")
        {
            response.DeclareTrailer("x-behind");
            response.Trailers["x-behind"] = "1";
        }

        response.Body.Write("begun"u8);
        turn.Await();
        _ = IsWhole(request.RouteValues["last"]!) ? response.CompleteAsync().AsTask() : response.Body.FlushAsync().AsTask();
        if (request.RouteValues["last"] == "throw")
        {
            turn.End();
            throw new InvalidOperationException("of the handler");
        }

        request.Abort();
        turn.End();
    }

    // Until the output waits for the client: a flush that is pending for so long does.
    private static async ValueTask SendLargeAsync(HttpResponse response, Turn abort)
    {
        var bytes = new byte[64 * 1024];
        for (var sent = 0; sent < LargeBytes; sent += bytes.Length)
        {
            response.Body.Write(bytes);
            var flush = response.Body.FlushAsync().AsTask();
            if (await Task.WhenAny(flush, Task.Delay(500)) != flush)
            {
                abort.Begin();
            }

            await flush;
        }

        abort.Begin(); // all of it fits into the buffers between: then there is nothing to see here
    }

    /// <summary>When the handler aborts, and whether it has.</summary>
    private sealed class Turn
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsOver => _over.Task;

        public void Begin() => _begun.TrySetResult();

        public void Await() => Assert.True(_begun.Task.Wait(TestClient.Patience));

        public void End() => _over.TrySetResult();
    }
}
