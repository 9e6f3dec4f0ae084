using System.Net;
using System.Text;
using FrameworkBadRequest = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace PipeServer.AspNetCore.Tests;

/// <summary>The request's body, by the stream and by the pipe.</summary>
public sealed class RequestBodyTests
{
    [Theory]
    [InlineData("/stream", false)]
    [InlineData("/stream", true)]
    [InlineData("/pipe", false)]
    [InlineData("/pipe", true)]
    public async Task A_body_is_read_to_its_end(string path, bool isChunked)
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            Assert.True(context.Features.Get<IHttpRequestBodyDetectionFeature>()!.CanHaveBody);
            var copy = new MemoryStream();
            await (context.Request.Path == "/stream" ? context.Request.Body.CopyToAsync(copy) : context.Request.BodyReader.CopyToAsync(copy));
            await context.Response.Body.WriteAsync(copy.ToArray());
        });
        var body = Enumerable.Range(0, 300_000).Select(static index => (byte)index).ToArray();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body), Headers = { TransferEncodingChunked = isChunked } };
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_request_without_a_body_has_an_empty_one()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            Assert.False(context.Features.Get<IHttpRequestBodyDetectionFeature>()!.CanHaveBody);
            await context.Response.WriteAsync($"{await context.Request.Body.ReadAsync(new byte[1])}");
        });
        Assert.Equal("0", await host.GetAsync("/"));
    }

    [Fact]
    public async Task Synchronous_reads_are_refused_unless_they_are_allowed()
    {
        await using var host = await ApplicationHost.StartAsync(
            async context =>
            {
                var control = context.Features.Get<IHttpBodyControlFeature>()!;
                Assert.True(control.AllowSynchronousIO);
                control.AllowSynchronousIO = false;
                Assert.Throws<InvalidOperationException>(() => context.Request.Body.Read(new byte[1], 0, 1));
                control.AllowSynchronousIO = true;
                using var reader = new StreamReader(context.Request.Body);
                var text = reader.ReadToEnd();
                await context.Response.WriteAsync(text);
            },
            options => options.AllowSynchronousIO = true);
        using var response = await host.Client.PostAsync("/", new StringContent("text"));
        Assert.Equal("text", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_over_the_limit_is_413(bool isChunked)
    {
        Exception? seen = null;
        await using var host = await ApplicationHost.StartAsync(
            async context =>
            {
                seen = await Record.ExceptionAsync(() => context.Request.Body.CopyToAsync(Stream.Null));
                throw seen!;
            },
            options => options.Server.MaxRequestBodyBytes = 10);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StringContent("more than ten"), Headers = { TransferEncodingChunked = isChunked } };
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(413, Assert.IsType<FrameworkBadRequest>(seen).StatusCode);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public async Task An_application_may_answer_a_body_over_the_limit_itself(bool isChunked, bool isFlushed)
    {
        await using var host = await ApplicationHost.StartAsync(
            async context =>
            {
                var exception = await Record.ExceptionAsync(async () =>
                {
                    while (await context.Request.Body.ReadAsync(new byte[4]) > 0)
                    {
                    }
                });
                var text = Encoding.ASCII.GetBytes($"{Assert.IsType<FrameworkBadRequest>(exception).StatusCode}");
                text.CopyTo(context.Response.BodyWriter.GetSpan(text.Length));
                context.Response.BodyWriter.Advance(text.Length);
                if (isFlushed)
                {
                    await context.Response.BodyWriter.FlushAsync();
                }
            },
            static options => options.Server.MaxRequestBodyBytes = 10);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StringContent("more than ten"), Headers = { TransferEncodingChunked = isChunked } };
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("413", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_application_may_raise_the_limit_for_a_request_and_lower_it()
    {
        await using var host = await ApplicationHost.StartAsync(
            async context =>
            {
                var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()!;
                Assert.Equal(10, limit.MaxRequestBodySize);
                limit.MaxRequestBodySize = context.Request.Path == "/more" ? null : 3;
                await context.Request.Body.CopyToAsync(Stream.Null);
                Assert.True(limit.IsReadOnly);
                Assert.Throws<InvalidOperationException>(() => limit.MaxRequestBodySize = 1);
            },
            options => options.Server.MaxRequestBodyBytes = 10);
        using var more = await host.Client.PostAsync("/more", new StringContent("more than ten"));
        Assert.Equal(HttpStatusCode.OK, more.StatusCode);
        using var less = await host.Client.PostAsync("/less", new StringContent("four"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, less.StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_not_read_is_no_matter_for_the_next_request()
    {
        await using var host = await ApplicationHost.StartAsync(context => context.Response.WriteAsync(context.Request.Path));
        using var first = await host.Client.PostAsync("/1", new StringContent(new string('x', 5000)));
        using var second = await host.Client.PostAsync("/2", new StringContent("y"));
        Assert.Equal("/2", await second.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_malformed_body_is_400()
    {
        Exception? seen = null;
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            seen = await Record.ExceptionAsync(() => context.Request.Body.CopyToAsync(Stream.Null));
            throw seen!;
        });
        var answer = await host.SendRawAsync("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", answer);
        Assert.Equal(400, Assert.IsType<FrameworkBadRequest>(seen).StatusCode);
    }

    [Fact]
    public async Task An_applications_own_bad_request_is_answered_with_its_status()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            context.Response.Headers["X-Left"] = "1";
            throw new FrameworkBadRequest("no", 422);
        });
        using var response = await host.Client.GetAsync("/");
        Assert.Equal(422, (int)response.StatusCode);
        Assert.False(response.Headers.Contains("X-Left"));
        Assert.Empty(await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Expect_100_continue_is_answered_when_the_body_is_read()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync(await reader.ReadToEndAsync());
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
        await client.ReadUntilAsync("HTTP/1.1 100 ");
        await client.SendAsync("ok");
        Assert.Matches("\nok(\r\n0\r\n\r\n)?$", await client.ReadToEndAsync()); // in chunks, or with its length where the body came at once
    }

    [Fact]
    public async Task Trailers_of_a_request_are_there_behind_its_body()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            Assert.True(context.Request.SupportsTrailers());
            Assert.False(context.Request.CheckTrailersAvailable());
            await context.Request.Body.CopyToAsync(Stream.Null);
            Assert.True(context.Request.CheckTrailersAvailable());
            await context.Response.WriteAsync(context.Request.GetTrailer("X-Sum").ToString());
        });
        var answer = await host.SendRawAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 97\r\n\r\n");
        Assert.Contains("97", answer);
    }

    [Fact]
    public async Task A_body_that_was_replaced_is_what_the_pipe_reads()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            context.Request.Body = new MemoryStream("replaced"u8.ToArray());
            var result = await context.Request.BodyReader.ReadAsync();
            await context.Response.WriteAsync(Encoding.ASCII.GetString(result.Buffer));
            context.Request.BodyReader.AdvanceTo(result.Buffer.End);
        });
        using var response = await host.Client.PostAsync("/", new StringContent("original"));
        Assert.Equal("replaced", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_form_is_read()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            var form = await context.Request.ReadFormAsync();
            await context.Response.WriteAsync($"{form["a"]} {form.Files[0].FileName} {form.Files[0].Length}");
        });
        using var content = new MultipartFormDataContent { { new StringContent("1"), "a" }, { new ByteArrayContent(Encoding.ASCII.GetBytes("12345")), "f", "name.txt" } };
        using var response = await host.Client.PostAsync("/", content);
        Assert.Equal("1 name.txt 5", await response.Content.ReadAsStringAsync());
    }
}
