namespace PipeServer.Tests.Server;

/// <summary>
/// What of a request is data: it reaches the handler as it was meant, and logs and reports as it was sent. One suite, unchanged over each
/// transport.
/// </summary>
public abstract class RequestDataTests(string transport)
{
    // The bug: what browsers send raw in a query ({ } | ^ \ and the backquote), what forms send for a line end, and a percent sign that
    // begins no escape were 400.
    [Theory]
    [InlineData("{x}|y", "{x}|y")]
    [InlineData("a^b`c\\d", "a^b`c\\d")]
    [InlineData("[]!$'()*,;:@/?-._~", "[]!$'()*,;:@/?-._~")]
    [InlineData("two%0D%0Alines+of%20text", "two\r\nlines of text")]
    [InlineData("%00", "\0")]
    [InlineData("%0a%0d", "\n\r")]
    [InlineData("100%", "100%")]
    [InlineData("100%25", "100%")]
    [InlineData("%zz%4", "%zz%4")]
    [InlineData("a%3Db%26c%3d", "a=b&c=")]
    [InlineData("%C3%A9%E2%82%ac", "é€")]
    [InlineData("a=b", "a=b")]
    [InlineData("%2e%2e/%2e%2e", "../..")]
    public async Task A_query_is_data(string sent, string expected)
    {
        string? seen = null;
        string? raw = null;
        await using var server = await StartAsync(server => server.MapGet("/form", (request, _) =>
            (seen, raw) = (request.Query["q"], request.QueryString)));
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get($"/form?a&q={sent}&z=1"))).Status);
        Assert.Equal(expected, seen);
        Assert.Equal($"a&q={sent}&z=1", raw);
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get($"http://a/form?q={sent}"))).Status);
        Assert.Equal(expected, seen);
    }

    [Theory]
    [InlineData("/p/a|b^c{d}`e", "a|b^c{d}`e")]
    [InlineData("/p/%7Bx%7D", "{x}")]
    [InlineData("/p/a%5Cb", "a\\b")]
    public async Task What_no_grammar_has_and_browsers_send_is_data_in_a_path(string path, string expected)
    {
        string? seen = null;
        await using var server = await StartAsync(server => server.MapGet("/p/{name}", (request, _) => seen = request.RouteValues["name"]));
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get(path))).Status);
        Assert.Equal(expected, seen);
    }

    // The bug: an absolute target whose authority differed from Host was 400. RFC 9112 §3.2.2 has the target replace the field.
    [Theory]
    [InlineData("GET http://b.example:81/host HTTP/1.1\r\nHost: a\r\n\r\n", "b.example:81")]
    [InlineData("GET HTTPS://[::1]/host?x HTTP/1.1\r\nX: y\r\nHost: a\r\n\r\n", "[::1]")]
    [InlineData("GET /host HTTP/1.1\r\nHost: a:80\r\n\r\n", "a:80")]
    [InlineData("GET http://b/host HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx", "b")]
    [InlineData("GET http://b/host HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "b")]
    [InlineData("GET /host HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "")]
    public async Task The_authority_of_the_target_replaces_the_host_field(string bytes, string expected)
    {
        await using var server = await StartAsync(static server => server.MapGet("/host", static (request, response) =>
            response.WriteText($"{request.Host} {request.Headers["Host"] ?? request.Host} {request.Headers.Count}")));
        await using var client = await server.ConnectAsync();
        var fields = bytes.Split("\r\n\r\n")[0].Split("\r\n").Length - 1;
        for (var split = 1; split < bytes.Length; split++)
        {
            await client.SendAsync(bytes[..split]);
            await client.SendAsync(bytes[split..]);
            Assert.Equal($"{expected} {expected} {fields}", (await client.ReadResponseAsync()).Text);
        }
    }

    // The bug: Cookie lines were joined by a comma, which is a character of a cookie's value.
    [Theory]
    [InlineData("a=1|b=2|c=3", "a=1; b=2; c=3")]
    [InlineData("a=1; b=2", "a=1; b=2")]
    public async Task Cookie_lines_are_joined_by_semicolons(string lines, string expected)
    {
        await using var server = await StartAsync(static server => server.MapGet("/", static (request, response) =>
            response.WriteText($"{request.Headers["cOOkie"]} / {request.Headers["X"]}")));
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get(
            "/", [.. lines.Split('|').Select(static (line, index) => (index == 0 ? "Cookie: " : "cookie:") + line), "X: 1", "X: 2"]));
        Assert.Equal($"{expected} / 1, 2", response.Text);
    }

    // What is decoded could be a line of its own.
    [Theory]
    [InlineData("/fault?q=%0D%0AGET%20/forged%1b[31m")]
    [InlineData("/fault/../fault?%E2%80%AE")]
    [InlineData("/%66ault")]
    public async Task A_log_line_carries_the_target_undecoded(string target)
    {
        await using var server = await StartAsync(static server =>
            server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("as it should")));
        await using var client = await server.ConnectAsync();
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get(target))).Status);
        await Eventually.TrueAsync(() => server.Log.Entries.Any(entry => entry.Message.Contains($"GET {target}")), "the fault is logged");
    }

    [Fact]
    public async Task A_report_carries_the_target_undecoded()
    {
        const string Target = "/blocks?q=%0D%0Aforged&{x}";
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(
            server => server.MapGet("/blocks", async (_, _) => await gate.Task), static options => options.ShutdownGracePeriod = TimeSpan.Zero);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get(Target));
        await Eventually.TrueAsync(() => server.Server.Requests.Received == 1, "the request has arrived");
        var report = await server.Server.StopAsync();
        gate.SetResult();
        Assert.StartsWith($"GET {Target}, ", Assert.Single(report.CutOff));
    }

    [Fact]
    public async Task A_long_target_is_cut_in_the_log()
    {
        await using var server = await StartAsync(static server =>
            server.MapGet("/{*all}", static (_, _) => throw new InvalidOperationException("as it should")));
        await using var client = await server.ConnectAsync();
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get("/" + new string('a', 4000)))).Status);
        await Eventually.TrueAsync(
            () => server.Log.Entries.Any(static entry => entry.Message.Contains("GET /" + new string('a', 511) + "…")), "the fault is logged");
    }

    // The bug: a connection kept the trailers of its last request, up to a head's size, for as long as it was idle, and then some as a spare one.
    [Fact]
    public async Task Trailers_are_given_back_with_their_request()
    {
        HeaderCollection? kept = null;
        await using var server = await StartAsync(server => server.MapPost("/", async (request, response) =>
        {
            kept = request.Trailers;
            while (await request.Body.ReadAsync() is var read)
            {
                request.Body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            response.WriteText(string.Join('|', request.Trailers.Select(static pair => $"{pair.Key}={pair.Value}")));
        }));
        await using var client = await server.ConnectAsync();
        var large = new string('v', 5000);
        foreach (var value in new[] { "1", large, "2" })
        {
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-A: {value}\r\nX-B: b\r\n\r\n");
            Assert.Equal($"X-A={value}|X-B=b", (await client.ReadResponseAsync()).Text);
            await Eventually.TrueAsync(() => kept!.Count == 0, "the idle connection holds no trailers");
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
            Assert.Equal("", (await client.ReadResponseAsync()).Text);
        }
    }

    private Task<TestServer> StartAsync(Action<HttpServer> map, Action<HttpServerOptions>? configure = null) =>
        TestServer.StartAsync(transport, map, configure);
}
