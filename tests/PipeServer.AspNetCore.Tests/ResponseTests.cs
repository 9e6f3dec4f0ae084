using System.Net;

namespace PipeServer.AspNetCore.Tests;

/// <summary>Status, fields and body of the response.</summary>
public sealed class ResponseTests
{
    [Fact]
    public async Task An_application_answers()
    {
        await using var host = await ApplicationHost.StartAsync(context => context.Response.WriteAsync("Hello"));
        Assert.Equal("Hello", await host.GetAsync("/"));
    }

    [Fact]
    public async Task Status_reason_and_fields_arrive()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.StatusCode = 418;
            context.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = "Short and stout";
            context.Response.Headers.Append("X-Two", "a");
            context.Response.Headers.Append("X-Two", "b");
            context.Response.Headers["x-one"] = "c";
            context.Response.ContentType = "text/plain";
            return Task.CompletedTask;
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal(418, (int)response.StatusCode);
        Assert.Equal("Short and stout", response.ReasonPhrase);
        Assert.Equal(["a", "b"], response.Headers.GetValues("X-Two"));
        Assert.Equal(["c"], response.Headers.GetValues("X-One"));
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(0, response.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("X-Bad", "a\r\nb")]
    [InlineData("X-Bad", "\0")]
    [InlineData("X-Bad", "ä")]
    [InlineData("X Bad", "a")]
    [InlineData("X:Bad", "a")]
    public async Task A_field_that_cannot_be_sent_is_refused_when_it_is_set(string name, string value)
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var exception = Assert.Throws<InvalidOperationException>(() => context.Response.Headers[name] = value);
            return context.Response.WriteAsync(exception.Message);
        });
        Assert.StartsWith("Invalid non-ASCII or control character in header: 0x", await host.GetAsync("/"));
    }

    [Fact]
    public async Task A_tab_may_stand_in_a_value()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.Headers["X-Tab"] = "a\tb";
            return Task.CompletedTask;
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal(["a\tb"], response.Headers.GetValues("X-Tab"));
    }

    [Fact]
    public async Task Nothing_of_the_head_can_be_changed_once_it_has_started()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await context.Response.StartAsync();
            Assert.True(context.Response.HasStarted);
            Assert.True(context.Response.Headers.IsReadOnly);
            Assert.Throws<InvalidOperationException>(() => context.Response.StatusCode = 404);
            Assert.Throws<InvalidOperationException>(() => context.Response.Headers["X"] = "y");
            Assert.Throws<InvalidOperationException>(() => context.Response.Headers.Remove("X"));
            Assert.Throws<InvalidOperationException>(() => context.Response.ContentLength = 5);
            Assert.Throws<InvalidOperationException>(() => context.Response.OnStarting(() => Task.CompletedTask));
            Assert.Throws<InvalidOperationException>(() => context.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = "No");
            await context.Response.WriteAsync("all refused");
        });
        Assert.Equal("all refused", await host.GetAsync("/"));
    }

    [Fact]
    public async Task Fields_are_a_dictionary()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var headers = context.Response.Headers;
            Assert.Empty(headers);
            Assert.Equal(0, headers["X"].Count);
            IDictionary<string, Microsoft.Extensions.Primitives.StringValues> dictionary = headers;
            dictionary.Add("X", "1");
            Assert.Throws<ArgumentException>(() => dictionary.Add("x", "2"));
            headers.ContentLength = 3;
            Assert.Equal("3", headers["content-length"]);
            Assert.Equal(2, headers.Count);
            headers["Content-Length"] = "4";
            Assert.Equal(4, headers.ContentLength);
            Assert.Throws<InvalidOperationException>(() => headers["Content-Length"] = "-4");
            Assert.Throws<ArgumentOutOfRangeException>(() => headers.ContentLength = -1);
            Assert.Equal(["Content-Length", "X"], headers.Keys.Order());
            Assert.True(headers.Remove("CONTENT-LENGTH"));
            Assert.Null(headers.ContentLength);
            headers["X"] = default;
            Assert.False(headers.ContainsKey("X"));
            for (var index = 0; index < 40; index++)
            {
                headers[$"X-{index}"] = $"{index}";
            }

            Assert.Equal("39", headers["x-39"]);
            headers.Clear();
            return context.Response.WriteAsync($"{headers.Count}");
        });
        Assert.Equal("0", await host.GetAsync("/"));
    }

    [Fact]
    public async Task What_is_flushed_goes_out_in_chunks_and_what_has_a_length_does_not()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            context.Response.ContentLength = context.Request.Path == "/length" ? 4 : null;
            await context.Response.WriteAsync("ab");
            await Task.Yield();
            await context.Response.Body.WriteAsync("cd"u8.ToArray());
        });
        Assert.Contains("Transfer-Encoding: chunked", await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        var answer = await host.SendRawAsync("GET /length HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.Contains("Content-Length: 4", answer);
        Assert.EndsWith("\r\n\r\nabcd", answer);
    }

    [Fact]
    public async Task A_length_may_be_set_behind_the_body_as_long_as_nothing_is_flushed()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            context.Response.BodyWriter.GetSpan(2)[0] = (byte)'a';
            context.Response.BodyWriter.Advance(1);
            context.Response.ContentLength = 2;
            context.Response.Headers["X-Late"] = "yes";
            await context.Response.BodyWriter.FlushAsync();
            await context.Response.WriteAsync("b");
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal(2, response.Content.Headers.ContentLength);
        Assert.Equal(["yes"], response.Headers.GetValues("X-Late"));
        Assert.Equal("ab", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_body_that_nobody_flushes_arrives()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            "text"u8.CopyTo(context.Response.BodyWriter.GetSpan(4));
            context.Response.BodyWriter.Advance(4);
            Assert.Equal(4, context.Response.BodyWriter.UnflushedBytes);
            Assert.False(context.Response.HasStarted);
            return Task.CompletedTask;
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal("text", await response.Content.ReadAsStringAsync());
        Assert.Equal(4, response.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    public async Task A_status_without_a_body_has_none(int status)
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.ETag = "\"x\"";
            return Task.CompletedTask;
        });
        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.DoesNotContain("Transfer-Encoding", answer);
        Assert.EndsWith("\r\n\r\n", answer);
    }

    [Fact]
    public async Task HEAD_gets_the_length_and_no_body()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.ContentLength = 5;
            return context.Response.WriteAsync("hello");
        });
        using var response = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(5, response.Content.Headers.ContentLength);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task HEAD_of_nothing_says_no_length()
    {
        await using var host = await ApplicationHost.StartAsync(static _ => Task.CompletedTask);
        var answer = await host.SendRawAsync("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.DoesNotContain("Content-Length", answer);
        Assert.EndsWith("\r\n\r\n", answer);
    }

    [Theory]
    [InlineData(413, "Payload Too Large")]
    [InlineData(418, "I'm a teapot")]
    [InlineData(422, "Unprocessable Entity")]
    [InlineData(404, "Not Found")]
    public async Task Reasons_are_the_frameworks(int status, string reason)
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers["X-Among"] = new Microsoft.Extensions.Primitives.StringValues(["one", null, "", "two"]);
            return Task.CompletedTask;
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal(reason, response.ReasonPhrase);
        Assert.Equal(["one", "", "two"], response.Headers.GetValues("X-Among"));
    }

    [Fact]
    public async Task What_an_application_says_of_framing_is_the_servers()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.Headers.TransferEncoding = "chunked";
            context.Response.Headers.Connection = "keep-alive";
            return context.Response.Body.WriteAsync("abc"u8.ToArray()).AsTask();
        });
        Assert.Equal("abc", await host.GetAsync("/"));
        Assert.Equal("abc", await host.GetAsync("/"));
    }

    [Fact]
    public async Task An_application_can_have_the_connection_closed()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.Headers.Connection = "close";
            return context.Response.WriteAsync("bye");
        });
        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Contains("Connection: close", answer);
    }

    [Fact]
    public async Task A_body_that_is_completed_arrives_before_the_application_has_ended()
    {
        var end = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            "done"u8.CopyTo(context.Response.BodyWriter.GetSpan(4));
            context.Response.BodyWriter.Advance(4);
            await context.Response.CompleteAsync();
            Assert.Throws<InvalidOperationException>(() => context.Response.BodyWriter.GetMemory());
            await end.Task;
        });
        Assert.Equal("done", await host.GetAsync("/"));
        end.SetResult();
    }

    [Fact]
    public async Task Synchronous_writes_are_refused_unless_they_are_allowed()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            Assert.Throws<InvalidOperationException>(() => context.Response.Body.Write([1]));
            Assert.Throws<InvalidOperationException>(context.Response.Body.Flush);
            context.Features.Get<IHttpBodyControlFeature>()!.AllowSynchronousIO = true;
            context.Response.Body.Write("now"u8.ToArray(), 0, 3);
            context.Response.Body.Flush();
            await Task.Yield();
        });
        Assert.Equal("now", await host.GetAsync("/"));
        Assert.Equal("now", await host.GetAsync("/")); // forbidden again
    }
}
