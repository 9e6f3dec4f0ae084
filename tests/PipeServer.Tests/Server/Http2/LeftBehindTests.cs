using System.Buffers;
using System.IO.Pipelines;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// Handlers that return and leave something behind that is still at work: flushes, callbacks, aborts. The object of their stream serves the next request,
/// and what they have left must not be felt there.
/// </summary>
public sealed class LeftBehindTests
{
    public static TheoryData<string> Transports => Http2Transports.All;

    // The bug: a flush that nobody had awaited waited for one that was cancelled, whose bytes were still to be sent. It went on when they were, which was
    // when its stream was the next request's.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_flush_behind_a_cancelled_one_is_no_other_requests(string transport)
    {
        using var returns = new SemaphoreSlim(0);
        ValueTask<FlushResult> behind;
        await using var host = await StartAsync(transport, server => server.MapGet("/leaves", async (HttpRequest _, HttpResponse response) =>
        {
            response.Body.Write("left"u8);
            var first = response.Body.FlushAsync();
            response.Body.CancelPendingFlush();
            Assert.True((await first).IsCanceled);
            response.Body.Write(" behind"u8);
            behind = response.Body.FlushAsync();
            returns.Release();
        }));
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 0));
        for (var round = 0; round < 20; round++)
        {
            var left = await client.RequestAsync("GET", "/leaves");
            Assert.True(await returns.WaitAsync(TestClient.Patience));
            await client.UntilAsync(() => client.Responses[left].Status == 200, "the head");
            await client.PingAsync(); // its handler has returned, most often
            await client.SendAsync(Http2Frame.WindowUpdate(left, 100));
            Assert.Equal("left behind", (await client.ResponseAsync(left)).Text);
            await EndAsync(client, await HoldAsync(client));
        }
    }

    // The bug: where nobody had taken the result of a flush, its registration lived on, and its token cancelled a flush of the next request.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task The_token_of_a_flush_that_has_ended_cancels_no_other_requests(string transport)
    {
        using var cancellation = new CancellationTokenSource();
        var leave = new TaskCompletionSource();
        ValueTask<FlushResult> flush;
        await using var host = await StartAsync(transport, server => server.MapGet("/leaves", async (HttpRequest _, HttpResponse response) =>
        {
            response.Body.Write("left"u8);
            flush = response.Body.FlushAsync(cancellation.Token);
            await leave.Task;
        }));
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 0));
        await LeaveAsync(client, leave);
        var next = await HoldAsync(client);
        await cancellation.CancelAsync();
        await EndAsync(client, next);
    }

    // The same bug: whoever took that result late took the registration of the next request's flush away, whose token meant nothing then.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_result_that_is_taken_late_leaves_the_next_requests_flush_its_token(string transport)
    {
        using var cancellation = new CancellationTokenSource();
        var leave = new TaskCompletionSource();
        var late = default(ValueTask<FlushResult>);
        var cancelled = new TaskCompletionSource<Exception?>();
        await using var host = await StartAsync(transport, server =>
        {
            server.MapGet("/leaves", async (HttpRequest _, HttpResponse response) =>
            {
                response.Body.Write("left"u8);
                late = response.Body.FlushAsync();
                await leave.Task;
            });
            server.MapGet("/cancelled", async (HttpRequest _, HttpResponse response) =>
            {
                response.Body.Write("held"u8);
                cancelled.SetResult(await Record.ExceptionAsync(async () => await response.Body.FlushAsync(cancellation.Token)));
            });
        });
        await using var client = await host.ConnectAsync((Setting.InitialWindowSize, 0));
        await LeaveAsync(client, leave);
        var next = await client.RequestAsync("GET", "/cancelled");
        await client.UntilAsync(() => client.Responses[next].Status == 200, "the head");
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await late);
        await cancellation.CancelAsync();
        Assert.IsType<OperationCanceledException>(await cancelled.Task.WaitAsync(TestClient.Patience));
        await client.SendAsync(Http2Frame.WindowUpdate(next, 100));
        Assert.Equal("held", (await client.ResponseAsync(next)).Text);
    }

    // The bug: a flush that nobody had awaited waited for a callback of the start, and started the response of the next request when that had ended.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_callback_that_ends_late_starts_no_other_requests_response(string transport)
    {
        var callback = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new SemaphoreSlim(0);
        var answer = new SemaphoreSlim(0);
        Task<FlushResult>? flush = null;
        await using var host = await StartAsync(transport, server =>
        {
            server.MapGet("/leaves", (_, response) =>
            {
                response.OnStarting(async _ => await callback.Task);
                response.Body.Write("left"u8);
                flush = response.Body.FlushAsync().AsTask();
            });
            server.MapGet("/next", async (HttpRequest _, HttpResponse response) =>
            {
                entered.Release();
                Assert.True(await answer.WaitAsync(TestClient.Patience));
                response.StatusCode = 203;
                response.WriteText("next");
            });
        });
        await using var client = await host.ConnectAsync();
        Assert.Equal(Code.InternalError, (await client.GetAsync("/leaves")).ResetCode);
        var next = await client.RequestAsync("GET", "/next");
        Assert.True(await entered.WaitAsync(TestClient.Patience));
        callback.SetResult();
        Assert.True((await flush!.WaitAsync(TestClient.Patience)).IsCompleted); // it ends, too, and says that nobody takes it
        answer.Release();
        var response = await client.ResponseAsync(next);
        Assert.Equal((203, "next"), (response.Status, response.Text));
    }

    // The bug: an abort that came as its request ended was still at it when the stream was given back, which was gone for the next request before it began.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task An_abort_beside_the_end_of_its_request_is_no_other_requests()
    {
        HttpRequest? handed = null;
        var isAborting = false;
        var isOver = false;
        var hasEnded = false;
        var random = new Random(18);
        await using var host = await StartAsync("memory", server => server.MapGet("/leaves", (request, response) =>
        {
            response.WriteText("left");
            Volatile.Write(ref isAborting, false);
            Volatile.Write(ref handed, request);
            SpinWait.SpinUntil(() => Volatile.Read(ref isAborting), TestClient.Patience);
            Thread.SpinWait(random.Next(30));
        }, Dispatch.Inline));
        var aborting = OwnThread.Run(() =>
        {
            while (!Volatile.Read(ref hasEnded))
            {
                if (Interlocked.Exchange(ref handed, null) is { } request)
                {
                    Volatile.Write(ref isAborting, true);
                    request.Abort();
                    Volatile.Write(ref isOver, true);
                }
            }
        });
        try
        {
            await using var client = await host.ConnectAsync();
            for (var round = 0; round < Stress.Rounds(2000); round++)
            {
                Volatile.Write(ref isOver, false);
                var left = await client.GetAsync("/leaves");
                Assert.True(left.Status == 200 || left.ResetCode == Code.Cancel, left.ToString());
                await Eventually.TrueAsync(() => Volatile.Read(ref isOver), "the abort returns"); // later it would be the next request's
                Assert.Equal("inline", (await client.GetAsync("/inline")).Text);
            }
        }
        finally
        {
            Volatile.Write(ref hasEnded, true);
            await aborting;
        }
    }

    private static Task<Http2Host> StartAsync(string transport, Action<HttpServer> map) => Http2Host.StartAsync(transport, server =>
    {
        Http2Handlers.Map(server);
        server.MapGet("/held", static async (HttpRequest _, HttpResponse response) =>
        {
            response.Body.Write("held"u8);
            await response.Body.FlushAsync();
        });
        map(server);
    });

    // What it has flushed has gone before it returns.
    private static async Task LeaveAsync(Http2TestClient client, TaskCompletionSource leave)
    {
        var left = await client.RequestAsync("GET", "/leaves");
        await client.UntilAsync(() => client.Responses[left].Status == 200, "the head");
        await client.SendAsync(Http2Frame.WindowUpdate(left, 100));
        await client.UntilAsync(() => client.Responses[left].Text == "left", "what was flushed");
        await client.PingAsync();
        leave.SetResult();
        await client.ResponseAsync(left);
    }

    // The next request's flush waits for its window.
    private static async Task<int> HoldAsync(Http2TestClient client)
    {
        var next = await client.RequestAsync("GET", "/held");
        await client.UntilAsync(() => client.Responses[next].Status == 200, "the head");
        return next;
    }

    private static async Task EndAsync(Http2TestClient client, int next)
    {
        await client.PingAsync();
        await client.SendAsync(Http2Frame.WindowUpdate(next, 100));
        var response = await client.ResponseAsync(next);
        Assert.Equal("held", response.Text);
        Assert.Null(response.ResetCode);
    }
}
