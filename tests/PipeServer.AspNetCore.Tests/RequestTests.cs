using System.Net;

namespace PipeServer.AspNetCore.Tests;

/// <summary>What an application is told of the request.</summary>
public sealed class RequestTests
{
    [Theory]
    [InlineData("/a%20b/c%2Fd/%C3%A4?x=1&y=%20", "GET|HTTP/1.1|http||/a b/c%2Fd/ä|?x=1&y=%20|/a%20b/c%2Fd/%C3%A4?x=1&y=%20")]
    [InlineData("/", "GET|HTTP/1.1|http||/||/")]
    public async Task The_request_line_is_told(string target, string expected)
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var request = context.Features.Get<IHttpRequestFeature>()!;
            return context.Response.WriteAsync(string.Join('|', request.Method, request.Protocol, request.Scheme, request.PathBase, request.Path,
                request.QueryString, request.RawTarget));
        });
        var answer = await host.SendRawAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.Contains(expected, System.Text.Encoding.UTF8.GetString(System.Text.Encoding.Latin1.GetBytes(answer)));
    }

    [Fact]
    public async Task Fields_are_found_in_any_case_and_all_are_listed()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var headers = context.Request.Headers;
            Assert.Equal("abc", headers["x-CUSTOM"]);
            Assert.Same(headers["x-custom"].ToString(), headers["X-Custom"].ToString());
            Assert.Equal(["1", "2"], headers["X-Many"].ToArray());
            Assert.Equal("agent", headers.UserAgent);
            Assert.Equal(0, headers["X-None"].Count);
            Assert.False(headers.ContainsKey("X-None"));
            Assert.Equal("here:80", headers.Host);
            Assert.Equal(new HostString("here", 80), context.Request.Host);
            Assert.Equal("b", context.Request.Cookies["a"]);
            Assert.Equal("naïve", headers["X-Utf8"]);
            Assert.Equal("naïve", headers["X-Latin"]);
            Assert.Null(headers.ContentLength);
            return context.Response.WriteAsync(string.Join('|', headers.Select(field => $"{field.Key}={field.Value}").Order()));
        });
        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: here:80\r\nx-custom: abc\r\nX-Many: 1\r\nx-many: 2\r\nuser-agent: agent\r\n"
            + "Cookie: a=b\r\nX-Utf8: na\u00C3\u00AFve\r\nX-Latin: na\u00EFve\r\nConnection: close\r\n\r\n");
        Assert.Contains("Connection=close|Cookie=a=b|Host=here:80|User-Agent=agent|X-Latin=", answer);
        Assert.Contains("X-Many=1,2|X-Utf8=", answer);
        Assert.Contains("|x-custom=abc", answer);
    }

    [Fact]
    public async Task An_application_may_change_its_copy_of_the_fields()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var headers = context.Request.Headers;
            var had = headers.ContainsKey("X-Set");
            headers["X-Set"] = "2";
            headers.Remove("X-Gone");
            headers.Host = "other";
            return context.Response.WriteAsync($"{had} {headers["X-Set"]} {headers.ContainsKey("X-Gone")} {context.Request.Host}");
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { { "X-Gone", "1" } } };
        using var response = await host.Client.SendAsync(request);
        Assert.Equal("False 2 False other", await response.Content.ReadAsStringAsync());
        Assert.Equal("False 2 False other", await host.GetAsync("/"));
    }

    [Fact]
    public async Task The_authority_of_a_target_is_the_host()
    {
        await using var host = await ApplicationHost.StartAsync(context => context.Response.WriteAsync($"{context.Request.Host}{context.Request.Path}"));
        var answer = await host.SendRawAsync("GET http://there:81/p HTTP/1.1\r\nHost: there:81\r\nConnection: close\r\n\r\n");
        Assert.EndsWith("\r\n\r\nthere:81/p", answer);
    }

    [Fact]
    public async Task The_connection_is_told()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var connection = context.Connection;
            Assert.Equal(IPAddress.Loopback, connection.RemoteIpAddress);
            Assert.Equal(IPAddress.Loopback, connection.LocalIpAddress);
            Assert.InRange(connection.RemotePort, 1, 65535);
            Assert.Null(connection.ClientCertificate);
            Assert.StartsWith(connection.Id + ":", context.TraceIdentifier);
            connection.RemotePort = 7;
            Assert.Equal((7, IPAddress.Loopback), (connection.RemotePort, connection.RemoteIpAddress));
            return context.Response.WriteAsync($"{connection.Id} {connection.LocalPort}");
        });
        var first = await host.GetAsync("/");
        Assert.EndsWith($" {host.Client.BaseAddress!.Port}", first);
        Assert.Equal(first, await host.GetAsync("/")); // the same connection
    }

    [Fact]
    public async Task What_belongs_to_the_connection_stays_with_it()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var items = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>()!.Items;
            var count = items.TryGetValue("count", out var value) ? (int)value! + 1 : 1;
            items["count"] = count;
            return context.Response.WriteAsync($"{count}");
        });
        Assert.Equal("1", await host.GetAsync("/"));
        Assert.Equal("2", await host.GetAsync("/"));
        Assert.EndsWith("\r\n\r\n1", await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    }

    [Fact]
    public async Task Persistent_state_stays_with_the_connection()
    {
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var state = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IPersistentStateFeature>()!.State;
            state["count"] = state.TryGetValue("count", out var value) ? (int)value! + 1 : 1;
            return context.Response.WriteAsync($"{state["count"]}");
        });
        Assert.Equal(["1", "2", "3"], [await host.GetAsync("/"), await host.GetAsync("/"), await host.GetAsync("/")]);
    }

    [Fact]
    public async Task Lines_and_lengths_are_told_as_they_came()
    {
        await using var host = await ApplicationHost.StartAsync(context => context.Response.WriteAsync(
            $"{context.Request.Headers.Cookie.Count} {context.Request.ContentLength} {context.Request.Headers["content-length"]} {context.Request.Cookies.Count}"));
        Assert.Contains("2 0 0 2", await host.SendRawAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    }

    [Fact]
    public async Task HTTP_1_0_is_told_and_answered()
    {
        await using var host = await ApplicationHost.StartAsync(context => context.Response.WriteAsync(context.Request.Protocol));
        Assert.EndsWith("\r\n\r\nHTTP/1.0", await host.SendRawAsync("GET / HTTP/1.0\r\n\r\n"));
    }

    [Fact]
    public async Task Two_requests_have_different_names()
    {
        await using var host = await ApplicationHost.StartAsync(context => context.Response.WriteAsync(context.TraceIdentifier));
        Assert.NotEqual(await host.GetAsync("/"), await host.GetAsync("/"));
    }

    // Encoded slashes and what is no UTF-8 keep the client's letters; all else is decoded once.
    [Theory]
    [InlineData("/a%2fb", "/a%2fb")]
    [InlineData("/%2f%2F", "/%2f%2F")]
    [InlineData("/%e4/%c3%a4/%C3%A4", "/%e4/ä/ä")]
    [InlineData("/%252f%2f", "/%2f%2f")]
    [InlineData("/%f0%9f%98%80%ed%a0%80x", "/😀%ed%a0%80x")]
    [InlineData("/%6a%4B?%2f", "/jK")]
    [InlineData("/a%2fb/../c", "/c")]
    [InlineData("/a%2fb/./c", "/a%2Fb/c")]
    [InlineData("http://x/a%2fb", "/a%2Fb")]
    public async Task A_path_is_decoded_as_the_framework_has_it(string target, string expected)
    {
        await using var host = await ApplicationHost.StartAsync(context => context.Response.WriteAsync($"[{context.Request.Path.Value}]"));
        var bytes = System.Text.Encoding.Latin1.GetString(System.Text.Encoding.UTF8.GetBytes($"[{expected}]")); // as the client reads
        Assert.Contains(bytes, await host.SendRawAsync($"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    }

    [Fact]
    public async Task Options_of_the_server_as_a_whole_reach_the_application()
    {
        await using var host = await ApplicationHost.StartAsync(context => context.Response.WriteAsync(
            $"[{context.Request.Method} '{context.Request.Path}' {context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget}]"));
        Assert.Contains("[OPTIONS '' *]", await host.SendRawAsync("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    }
}
