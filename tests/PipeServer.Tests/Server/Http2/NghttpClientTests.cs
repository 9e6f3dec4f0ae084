namespace PipeServer.Tests.Server.Http2;

/// <summary>nghttp and h2load, of the library that curl, Apache and others stand on.</summary>
public sealed class NghttpClientTests
{
    public static TheoryData<string> Ways => ClientHost.Ways;

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Nghttp_gets_and_posts(string way)
    {
        ClientProgram.SkipWithout("nghttp");
        await using var host = await ClientHost.StartAsync(way);
        Assert.Equal("Hello, World!", await NghttpAsync(host, "/plaintext"));
        Assert.Contains(":status: 404", await NghttpAsync(host, "-v", "/nothing-here"));
        var file = host.UploadFile(300_000);
        foreach (var options in new string[][] { [], ["--no-content-length"], ["--expect-continue"], ["--padding=200"], ["--no-dep"], ["--hexdump"] })
        {
            var output = await NghttpAsync(host, ["-v", "-n", "-d", file, "-H", "content-type: application/x-test", .. options, "/echo"]);
            Assert.Contains(":status: 200", output);
            Assert.True(ProgramUnderTest.PipeServer.IsPublished || output.Contains("content-length: 300000", StringComparison.Ordinal), output); // its echo is a stream
            Assert.DoesNotContain("RST_STREAM", output);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Nghttp_sends_and_gets_trailers(string way)
    {
        ClientProgram.SkipWithout("nghttp");
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();
        var output = await NghttpAsync(host, "-v", "-d", host.UploadFile(100_000), "--trailer", "x-sent: from nghttp", "/trailers");
        Assert.Contains("x-length: 100000", output);
        Assert.Contains("x-received: from nghttp", output);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Nghttp_continues_a_large_head(string way)
    {
        ClientProgram.SkipWithout("nghttp");
        await using var host = await ClientHost.StartAsync(way);
        host.SkipWithoutItsRoutes();

        // Its code has more bits than a byte has, so that it is sent as it is, in two frames.
        var cookie = new string('{', 20_000);
        var output = await NghttpAsync(host, "-m", "5", "-H", "cookie: " + cookie, "/cookie");
        Assert.Equal(string.Concat(Enumerable.Repeat(cookie, 5)), output);

        // And with many large fields.
        output = await NghttpAsync(host, "-v", "-n", "--continuation", "-m", "5", "/plaintext");
        Assert.Equal(5, Count(output, ":status: 200"));
        Assert.DoesNotContain("recv GOAWAY", output);
    }

    // Twenty of each at once by one connection, with windows that are as small as they can be made, and with a table that is taken away.
    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Nghttp_with_small_windows_and_without_a_table(string way)
    {
        ClientProgram.SkipWithout("nghttp");
        await using var host = await ClientHost.StartAsync(way);
        foreach (var options in new string[][]
        {
            ["-w", "10", "-W", "12"], ["-w", "4", "-W", "16"], ["--header-table-size=0"], ["-c", "1", "-c", "4096"], ["-M", "3"],
        })
        {
            var output = await NghttpAsync(host, ["-v", "-n", "-m", "20", .. options, "/small.txt", "/plaintext", "/worker/plaintext"]);
            Assert.Equal(60, Count(output, ":status: 200"));
            Assert.DoesNotContain("recv GOAWAY", output);
        }

        var large = await NghttpAsync(host, "-v", "-n", "-w", "14", "-W", "15", "/large.bin");
        Assert.Contains("END_STREAM", large);
        Assert.DoesNotContain("RST_STREAM", large);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task H2load_gets_every_answer(string way)
    {
        ClientProgram.SkipWithout("h2load");
        await using var host = await ClientHost.StartAsync(way);
        foreach (var (path, requests, streams) in new[]
        {
            ("/plaintext", 10_000, 100), ("/worker/plaintext", 5_000, 32), ("/small.txt", 5_000, 1), ("/large.bin", 20, 4),
        })
        {
            await LoadAsync($"{requests}", "-n", $"{requests}", "-c", "10", "-m", $"{streams}", host.Address + path);
        }

        await LoadAsync("1000", "-n", "1000", "-c", "10", "-m", "10", "-d", host.UploadFile(10_000), host.Address + "/echo");
        await LoadAsync("1000", "-n", "1000", "-c", "10", "-m", "10", "-w", "8", "-W", "9", host.Address + "/small.txt");

        static async Task LoadAsync(string requests, params string[] arguments)
        {
            var output = await ClientProgram.RunAsync("h2load", arguments);
            Assert.Contains($"{requests} succeeded, 0 failed, 0 errored, 0 timeout", output);
            Assert.Contains($"{requests} 2xx, 0 3xx, 0 4xx, 0 5xx", output);
            Assert.Contains("Application protocol: h2", output);
        }
    }

    // A path that is no file is one of the server's.
    private static Task<string> NghttpAsync(ClientHost host, params string[] arguments)
    {
        var words = arguments.Select(argument => argument.StartsWith('/') && !File.Exists(argument) ? host.Address + argument : argument);
        return ClientProgram.RunAsync("nghttp", ["-t", "60", "--no-verify-peer", .. words]);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
