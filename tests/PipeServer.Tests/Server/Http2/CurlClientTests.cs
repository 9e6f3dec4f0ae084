namespace PipeServer.Tests.Server.Http2;

/// <summary>curl, by <c>--http2-prior-knowledge</c> in clear text and by <c>--http2</c> over TLS.</summary>
public sealed class CurlClientTests
{
    public static TheoryData<string> Ways => ClientHost.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Every_method_and_way(string way)
    {
        ClientProgram.SkipWithout("curl");
        await using var host = await ClientHost.StartAsync(way);
        Assert.Equal("Hello, World! 200 2", await CurlAsync(host, "-w", " %{http_code} %{http_version}", host.Address + "/plaintext"));
        Assert.Equal("Hello, World! 200 2", await CurlAsync(host, "-w", " %{http_code} %{http_version}", host.Address + "/worker/plaintext"));
        Assert.Contains("HTTP/2 200", await CurlAsync(host, "-I", host.Address + "/large.bin"));
        Assert.EndsWith(" 404", await CurlAsync(host, "-w", " %{http_code}", host.Address + "/nothing-here"));
        Assert.EndsWith(" 405", await CurlAsync(host, "-w", " %{http_code}", "-d", "x", host.Address + "/plaintext"));
        await CheckAsync(host, ClientHost.Large, host.Address + "/large.bin");
        await CheckAsync(host, ClientHost.Large[100..700_000], "-r", "100-699999", host.Address + "/large.bin");
        foreach (var length in new[] { 1, 16_384, 100_000, 3_000_000 })
        {
            var file = host.UploadFile(length);
            var body = ClientHost.Large[..length];
            await CheckAsync(host, body, "--data-binary", $"@{file}", host.Address + "/echo");
            await CheckAsync(host, body, "-T", file, "-X", "POST", host.Address + "/echo");
            await CheckAsync(host, body, "--data-binary", $"@{file}", "-H", "Expect: 100-continue", "--expect100-timeout", "50", host.Address + "/echo");
        }

        // Read from a pipe: its length is not told.
        var piped = await CurlAsync(host, static input => input.WriteAsync("one two three"), "-T", "-", "-X", "POST", host.Address + "/echo");
        Assert.Equal("one two three", piped);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Not_modified(string way)
    {
        ClientProgram.SkipWithout("curl");
        await using var host = await ClientHost.StartAsync(way);
        var tags = host.PathOf("tags");
        Assert.Equal("a small file\n 200", await CurlAsync(host, "--etag-save", tags, "-w", " %{http_code}", host.Address + "/small.txt"));
        Assert.Equal(" 304", await CurlAsync(host, "--etag-compare", tags, "-w", " %{http_code}", host.Address + "/small.txt"));
        Assert.Equal(" 304", await CurlAsync(host, "-z", tags, "-w", " %{http_code}", host.Address + "/small.txt"));
    }

    // Over TLS only: curl 7.88 cannot use a connection again that it has begun by prior knowledge, with no server ("(16) Error in the HTTP2 framing layer").
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Many_requests_of_one_connection_one_by_one_and_at_once(TlsEngine engine)
    {
        ClientProgram.SkipWithout("curl");
        await using var host = await ClientHost.StartAsync(engine.ToString());
        var lines = Lines(await CurlAsync(host, "-w", " %{num_connects} %{http_version}\n", host.Address + "/worker/plaintext?[1-300]"));
        Assert.Equal(300, lines.Length);
        Assert.Equal("Hello, World! 1 2", lines[0]);
        Assert.All(lines.Skip(1), static line => Assert.Equal("Hello, World! 0 2", line));

        // The first waits to see what the server speaks, and all others join its connection.
        string[] parallel = ["--parallel", "--parallel-max", "100", "--no-progress-meter", "-o", "/dev/null", "-w", "%{http_code} %{http_version} %{size_download}\n"];
        lines = Lines(await CurlAsync(host, [.. parallel, host.Address + "/worker/plaintext?[1-300]"]));
        Assert.Equal(300, lines.Length);
        Assert.All(lines, static line => Assert.Equal("200 2 13", line));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Large_fields(string way)
    {
        ClientProgram.SkipWithout("curl");
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        var cookie = "a=" + new string('c', 8190);
        Assert.Equal(cookie, await CurlAsync(host, "-H", "Cookie: " + cookie, host.Address + "/cookie"));
        Assert.EndsWith(" 431", await CurlAsync(host, "-H", "Cookie: " + new string('c', 40_000), "-w", " %{http_code}", host.Address + "/cookie"));
    }

    // RFC 9113 §3.1: what is asked for by Upgrade is not done any more, and the request is answered as if nothing had been asked.
    [Fact]
    public async Task Upgrade_is_ignored()
    {
        ClientProgram.SkipWithout("curl");
        await using var host = await ClientHost.StartAsync("h2c");
        Assert.Equal(
            "Hello, World! 200 1.1",
            await ClientProgram.RunAsync("curl", "-sS", "--max-time", "60", "--http2", "-w", " %{http_code} %{http_version}", host.Address + "/plaintext"));
    }

    private static async Task CheckAsync(ClientHost host, byte[] expected, params string[] arguments)
    {
        var received = host.PathOf("received.bin");
        Assert.Equal("2", await CurlAsync(host, ["-o", received, "-w", "%{http_version}", .. arguments]));
        ClientHost.AssertSame(expected, await File.ReadAllBytesAsync(received));
    }

    private static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static Task<string> CurlAsync(ClientHost host, params string[] arguments) => CurlAsync(host, static _ => Task.CompletedTask, arguments);

    private static async Task<string> CurlAsync(ClientHost host, Func<StreamWriter, Task> type, params string[] arguments)
    {
        string[] all = ["-sS", "--max-time", "60", "--cacert", host.AuthorityFile, host.IsTls ? "--http2" : "--http2-prior-knowledge", "-4", .. arguments];
        var (exitCode, output) = await ClientProgram.StartAsync("curl", all, async input =>
        {
            await type(input);
            await input.DisposeAsync();
        });
        Assert.True(exitCode == 0, $"curl {string.Join(' ', all)} ended with {exitCode}: {output}");
        return output;
    }
}
