using System.Diagnostics;
using System.Net.Http.Headers;

namespace PipeServer.Tests.Cli;

/// <summary>Clients that others wrote: HttpClient everywhere; curl, Node, h2load and slowhttptest where they are installed.</summary>
public sealed class RealClientTests
{
    private const int Hundred = 100_000_000;

    // HttpClient sends its whole request before it reads the response: an echo that only streams would end in a deadlock.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HttpClient_uploads_and_downloads_100_MB(bool isChunked)
    {
        await using var cli = await CliProcess.ServeAsync("--demo");
        using var client = new HttpClient { BaseAddress = new Uri($"http://{cli.EndPoint}"), Timeout = TimeSpan.FromSeconds(60) };
        var body = new byte[Hundred];
        new Random(6).NextBytes(body);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-test");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = content };
        request.Headers.TransferEncodingChunked = isChunked;
        using var response = await client.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(isChunked, response.Headers.TransferEncodingChunked is true);
        Assert.Equal("application/x-test", response.Content.Headers.ContentType?.MediaType);
        var echoed = await response.Content.ReadAsByteArrayAsync();
        Assert.True(body.AsSpan().SequenceEqual(echoed));
        Assert.Equal("Hello, World!", await client.GetStringAsync("/plaintext"));
    }

    [Fact]
    public async Task Curl_uploads_downloads_and_speaks_1_0()
    {
        await SkipWithoutAsync("curl", "--version");
        var folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
        try
        {
            var file = Path.Combine(folder, "large.bin");
            var body = new byte[Hundred];
            new Random(7).NextBytes(body);
            await File.WriteAllBytesAsync(file, body);
            await File.WriteAllTextAsync(Path.Combine(folder, "index.html"), "index");
            await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", folder, "--port", "0", "--demo");
            await cli.ListeningAsync();
            var address = $"http://{cli.EndPoint}";
            foreach (var arguments in new string[][]
            {
                ["--data-binary", $"@{file}", "-H", "Expect: 100-continue", "--expect100-timeout", "5", address + "/echo"],
                ["-T", file, "-X", "POST", "-H", "Transfer-Encoding: chunked", address + "/echo"],
                ["-T", file, "-X", "POST", "-H", "Expect:", "--http1.0", address + "/echo"],
                [address + "/large.bin"],
                ["--http1.0", address + "/large.bin"],
            })
            {
                var received = Path.Combine(folder, "received.bin");
                Assert.Equal("200", await CurlAsync(["-o", received, "-w", "%{http_code}", .. arguments]));
                var bytes = await File.ReadAllBytesAsync(received);
                Assert.True(body.AsSpan().SequenceEqual(bytes), string.Join(' ', arguments));
            }

            Assert.Equal("index", await CurlAsync([address]));
            Assert.StartsWith("HTTP/1.1 200 OK", await CurlAsync(["-I", address]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Keep-alive agents, both framings, Expect and HEAD, as Node's own client does them.
    [Fact]
    public async Task Node_speaks_http_1_1_with_it()
    {
        await SkipWithoutAsync("node", "--version");
        await using var cli = await CliProcess.ServeAsync("--demo");
        const string Script = """
            const http = require('http'), assert = require('assert');
            const [host, port] = process.argv[1].split(':');
            const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
            const sockets = new Set();
            function send(method, path, headers, body) {
              return new Promise((resolve, reject) => {
                const request = http.request({ host, port, path, method, headers, agent }, response => {
                  sockets.add(response.socket);
                  const parts = [];
                  response.on('data', part => parts.push(part));
                  response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
                });
                request.on('error', reject);
                if (headers.Expect) request.on('continue', () => request.end(body));
                else if (Array.isArray(body)) { body.forEach(part => request.write(part)); request.end(); }
                else request.end(body);
              });
            }
            (async () => {
              for (let i = 0; i < 50; i++) {
                const get = await send('GET', '/plaintext', {});
                assert.equal(get.status, 200);
                assert.equal(get.body.toString(), 'Hello, World!');
              }
              const large = Buffer.alloc(300000, 'abc');
              assert.ok((await send('POST', '/echo', { 'Content-Length': large.length }, large)).body.equals(large));
              assert.ok((await send('POST', '/echo', {}, [large, large])).body.equals(Buffer.concat([large, large])));
              const expected = await send('POST', '/echo', { Expect: '100-continue', 'Content-Length': 5 }, 'hello');
              assert.equal(expected.body.toString(), 'hello');
              const head = await send('HEAD', '/plaintext', {});
              assert.equal(head.headers['content-length'], '13');
              assert.equal(head.body.length, 0);
              assert.equal((await send('GET', '/nothing-here', {})).status, 404);
              assert.equal(sockets.size, 1, 'one connection did it all');
              agent.destroy();
              console.log('all well');
            })();
            """;
        Assert.Equal("all well\n", await RunAsync("node", "-e", Script, cli.EndPoint.ToString()));
    }

    [Fact]
    public async Task H2load_gets_every_answer()
    {
        await SkipWithoutAsync("h2load", "--version");
        await using var cli = await CliProcess.ServeAsync("--demo");
        foreach (var path in new[] { "/plaintext", "/worker/plaintext", "/json" })
        {
            var output = await RunAsync("h2load", "--h1", "-n", "3000", "-c", "20", "-m", "4", $"http://{cli.EndPoint}{path}");
            Assert.Contains("3000 succeeded, 0 failed, 0 errored, 0 timeout", output);
            Assert.Contains("3000 2xx, 0 3xx, 0 4xx, 0 5xx", output);
        }
    }

    // Its four modes at once: slow heads, slow bodies, many ranges, slow readers. Who behaves is served meanwhile.
    [Fact]
    public async Task Slowhttptest_does_not_take_the_service_away()
    {
        await SkipWithoutAsync("slowhttptest", "-h");
        await using var cli = await CliProcess.ServeAsync("--demo", "--workers", "2");
        var attacks = new string[][] { ["-H"], ["-B"], ["-R"], ["-X", "-w", "10", "-y", "20", "-n", "1", "-z", "4", "-k", "3"] }
            .Select(mode => RunAsync("slowhttptest", [.. mode, "-c", "150", "-r", "100", "-i", "1", "-l", "4", "-p", "1", "-u", $"http://{cli.EndPoint}/plaintext"]))
            .ToList();
        using var client = new HttpClient { BaseAddress = new Uri($"http://{cli.EndPoint}"), Timeout = TimeSpan.FromSeconds(10) };
        var served = 0;
        while (!attacks.TrueForAll(static attack => attack.IsCompleted))
        {
            Assert.Equal("Hello, World!", await client.GetStringAsync("/worker/plaintext"));
            served++;
            await Task.Delay(20);
        }

        Assert.True(served > 20, $"{served} requests were served in four seconds.");
        foreach (var attack in attacks)
        {
            Assert.Contains("service available:", await attack);
            Assert.DoesNotMatch("service available:[^A-Z]*NO", await attack);
        }
    }

    private static async Task SkipWithoutAsync(string program, string argument)
    {
        try
        {
            await StartAsync(program, argument);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{program} is not installed; .ci/run installs it.");
        }
    }

    private static async Task<string> CurlAsync(string[] arguments) => await RunAsync("curl", ["-s", "--max-time", "60", .. arguments]);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (exitCode, output) = await StartAsync(program, arguments);
        Assert.True(exitCode == 0, $"{program} ended with {exitCode}: {output}");
        return output;
    }

    private static async Task<(int ExitCode, string Output)> StartAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync() + await errors;
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));
        return (process.ExitCode, output);
    }
}
