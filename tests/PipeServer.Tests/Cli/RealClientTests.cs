using System.Diagnostics;
using System.Net.Http.Headers;

namespace PipeServer.Tests.Cli;

/// <summary>Clients that others wrote: HttpClient everywhere, curl where it is installed.</summary>
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
        Assert.SkipUnless(await HasCurlAsync(), "curl is not installed; .ci/run installs it.");
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
                ["--data-binary", $"@{file}", "-H", "Expect: 100-continue", address + "/echo"],
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

    private static async Task<bool> HasCurlAsync()
    {
        try
        {
            return (await CurlAsync(["--version"])).StartsWith("curl");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task<string> CurlAsync(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("curl", ["-s", "--max-time", "60", .. arguments]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
