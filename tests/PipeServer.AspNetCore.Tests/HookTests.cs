using System.Collections.Concurrent;
using System.Net;

namespace PipeServer.AspNetCore.Tests;

/// <summary>OnStarting, OnCompleted, and exceptions.</summary>
public sealed class HookTests
{
    [Fact]
    public async Task Callbacks_are_called_in_reverse_order_around_the_response()
    {
        var order = new ConcurrentQueue<string>();
        var done = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            context.Response.OnStarting(() => Note("starting 1"));
            context.Response.OnStarting(async () =>
            {
                await Task.Yield();
                context.Response.Headers["X-Hook"] = "set";
                context.Response.StatusCode = 202;
                await Note("starting 2");
            });
            context.Response.OnCompleted(() =>
            {
                done.SetResult();
                return Note($"completed 1: {context.Response.StatusCode}");
            });
            context.Response.OnCompleted(() => throw new InvalidOperationException("not told"));
            context.Response.OnCompleted(() => Note("completed 3"));
            await Note("body");
            await context.Response.WriteAsync("text");
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal(["set"], response.Headers.GetValues("X-Hook"));
        await done.Task.WaitAsync(ApplicationHost.Patience);
        Assert.Equal("text", await host.Client.GetStringAsync("/").ContinueWith(static _ => "text", TaskScheduler.Default));
        Assert.Equal(["body", "starting 2", "starting 1", "completed 3", "completed 1: 202"], order.Take(5));
        Assert.Contains(host.Log.Lines, static line => line.Contains("A callback of OnCompleted has failed") && line.Contains("not told"));

        Task Note(string text)
        {
            order.Enqueue(text);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task The_response_arrives_before_callbacks_of_its_end()
    {
        var arrived = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.OnCompleted(() => arrived.Task);
            return context.Response.WriteAsync("text");
        });
        Assert.Equal("text", await host.GetAsync("/"));
        arrived.SetResult();
    }

    [Fact]
    public async Task A_callback_that_fails_before_the_start_is_500()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.Headers["X-Left"] = "1";
            context.Response.OnStarting(() => throw new InvalidOperationException("from a hook"));
            return Task.CompletedTask;
        });
        await Is500Async(host, "from a hook");
    }

    [Fact]
    public async Task An_exception_before_the_start_leaves_nothing_of_the_response()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.Headers["X-Left"] = "1";
            context.Response.ContentType = "application/json";
            "left"u8.CopyTo(context.Response.BodyWriter.GetSpan(4));
            context.Response.BodyWriter.Advance(4);
            throw new InvalidOperationException("deliberate");
        });
        await Is500Async(host, "deliberate");
        await Is500Async(host, "deliberate"); // on the same connection
    }

    [Fact]
    public async Task An_exception_behind_the_start_resets_the_connection()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            await Task.Yield();
            throw new InvalidOperationException("deliberate");
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        var answer = await client.IsResetAsync();
        Assert.True(answer);
    }

    [Fact]
    public async Task Less_than_was_promised_is_500()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.ContentLength = 3;
            return Task.CompletedTask;
        });
        await Is500Async(host, "Content-Length mismatch");
    }

    [Fact]
    public async Task More_than_was_promised_is_an_exception()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            context.Response.ContentLength = 3;
            await Assert.ThrowsAsync<InvalidOperationException>(() => context.Response.WriteAsync("four"));
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.True(await client.IsResetAsync());
    }

    [Fact]
    public async Task An_exception_behind_StartAsync_breaks_the_response_off()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await context.Response.StartAsync();
            throw new InvalidOperationException("deliberate");
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.True(await client.IsResetAsync());
    }

    [Fact]
    public async Task An_exception_behind_a_complete_response_does_not_harm_it()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("complete");
            await context.Response.CompleteAsync();
            throw new InvalidOperationException("deliberate");
        });
        Assert.Equal("complete", await host.GetAsync("/"));
        await Eventually.TrueAsync(
            () => host.Log.Lines.Any(static line => line.StartsWith("Error:") && line.Contains("behind its response")), "the fault is logged");
    }

    [Theory]
    [InlineData(4)]
    [InlineData(null)]
    public async Task A_body_of_a_status_that_has_none_is_500(int? length)
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.ContentLength = length;
            return context.Response.WriteAsync("body");
        });
        await Is500Async(host, "204");
    }

    [Fact]
    public async Task The_middleware_for_exceptions_answers()
    {
        await using var host = await ApplicationHost.StartAsync(application =>
        {
            application.UseExceptionHandler(static branch => branch.Run(static context => context.Response.WriteAsync($"handled {context.Response.StatusCode}")));
            application.Run(static context =>
            {
                context.Response.Headers["X-Left"] = "1";
                throw new InvalidOperationException("deliberate");
            });
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal("handled 500", await response.Content.ReadAsStringAsync());
        Assert.False(response.Headers.Contains("X-Left"));
    }

    [Fact]
    public async Task A_request_is_aborted()
    {
        var aborted = new TaskCompletionSource<bool>();
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Abort();
            aborted.SetResult(context.RequestAborted.IsCancellationRequested);
            return Task.CompletedTask;
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.True(await client.IsResetAsync());
        Assert.True(await aborted.Task);
    }

    [Fact]
    public async Task An_application_learns_that_its_client_has_gone()
    {
        var begun = new TaskCompletionSource();
        var gone = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            using var registration = context.RequestAborted.Register(gone.SetResult);
            begun.SetResult();
            await gone.Task;
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await begun.Task.WaitAsync(ApplicationHost.Patience);
        client.Reset();
        await gone.Task.WaitAsync(ApplicationHost.Patience);
    }

    private static async Task Is500Async(ApplicationHost host, string message)
    {
        using var response = await host.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.False(response.Headers.Contains("X-Left"));
        Assert.DoesNotContain("left", await response.Content.ReadAsStringAsync());
        Assert.Contains(host.Log.Lines, line => line.StartsWith("Error:") && line.Contains(message));
    }
}
