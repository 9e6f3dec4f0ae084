namespace PipeServer.Tests.Tls.Clients;

/// <summary>curl, which verifies the certificate and offers h2 and http/1.1.</summary>
public sealed class CurlTests
{
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Every_version_method_and_way(TlsEngine engine)
    {
        ClientProgram.SkipWithout("curl");
        await using var host = await TlsHost.StartAsync(engine);
        var file = Path.Combine(host.Folder, "upload.bin");
        await File.WriteAllBytesAsync(file, TlsHost.Large);
        foreach (var version in new string[][] { ["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"], ["--http1.1"], ["--http1.0"], ["--no-alpn"] })
        {
            Assert.Equal("Hello, World!", await CurlAsync([.. version, host.Address + "/plaintext"]));
            Assert.Equal(TlsHost.Large, await DownloadAsync([.. version, host.Address + "/large.bin"]));
            Assert.Equal(TlsHost.Large, await DownloadAsync([.. version, "--data-binary", $"@{file}", "-H", "Expect:", host.Address + "/echo"]));
            Assert.Equal(TlsHost.Large[100..70_000], await DownloadAsync([.. version, "-r", "100-69999", host.Address + "/large.bin"]));
        }

        Assert.Equal(TlsHost.Large, await DownloadAsync(["-T", file, "-X", "POST", "-H", "Transfer-Encoding: chunked", host.Address + "/echo"]));
        Assert.Equal(TlsHost.Large, await DownloadAsync(["--data-binary", $"@{file}", "-H", "Expect: 100-continue", "--expect100-timeout", "20", host.Address + "/echo"]));
        Assert.Contains("HTTP/1.1 200 OK", await CurlAsync(["-I", "--http1.1", host.Address + "/large.bin"]));
        Assert.Contains("HTTP/2 200", await CurlAsync(["-I", host.Address + "/large.bin"]));

        // The other name, and one that the server does not know: it has a certificate for all of those, which curl does not want.
        var rsa = $"https://rsa.test:{host.EndPoint.Port}/plaintext";
        Assert.Equal("Hello, World!", await CurlAsync(["--resolve", $"rsa.test:{host.EndPoint.Port}:127.0.0.1", rsa]));
        var unknown = $"https://unknown.test:{host.EndPoint.Port}/plaintext";
        string[] resolve = ["--resolve", $"unknown.test:{host.EndPoint.Port}:127.0.0.1"];
        Assert.Equal("Hello, World!", await CurlAsync([.. resolve, "-k", unknown]));
        var (exitCode, _) = await ClientProgram.StartAsync("curl", ["-sS", "--max-time", "60", "--cacert", host.AuthorityFile, .. resolve, unknown]);
        Assert.Equal(60, exitCode); // "peer's SSL certificate was not OK"

        // By its address no name is sent.
        Assert.Equal("Hello, World!", await CurlAsync([$"https://127.0.0.1:{host.EndPoint.Port}/plaintext"]));

        Task<string> CurlAsync(string[] arguments) => ClientProgram.RunAsync("curl", ["-sS", "--max-time", "60", "--cacert", host.AuthorityFile, .. arguments]);

        async Task<byte[]> DownloadAsync(string[] arguments)
        {
            var received = Path.Combine(host.Folder, "received.bin");
            await CurlAsync(["-o", received, .. arguments]);
            return await File.ReadAllBytesAsync(received);
        }
    }

    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Many_requests_of_one_connection(TlsEngine engine)
    {
        ClientProgram.SkipWithout("curl");
        await using var host = await TlsHost.StartAsync(engine);
        foreach (var (option, version) in new[] { ("--http1.1", "1.1"), ("--http2", "2") })
        {
            var output = await ClientProgram.RunAsync(
                "curl", "-sS", "--max-time", "60", "--cacert", host.AuthorityFile, option, "-w", " %{num_connects} %{http_version} %{ssl_verify_result}\n", host.Address + "/worker/plaintext?[1-300]");
            var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(300, lines.Length);
            Assert.Equal($"Hello, World! 1 {version} 0", lines[0]);
            Assert.All(lines.Skip(1), line => Assert.Equal($"Hello, World! 0 {version} 0", line));
        }
    }

    // Who does not speak TLS is told so, once; a client of HTTP that comes by mistake reads it.
    [Theory]
    [MemberData(nameof(TlsEngines.All), MemberType = typeof(TlsEngines))]
    public async Task Plain_http_is_answered_by_400(TlsEngine engine)
    {
        ClientProgram.SkipWithout("curl");
        await using var host = await TlsHost.StartAsync(engine);
        var output = await ClientProgram.RunAsync("curl", "-sS", "--max-time", "60", "-w", "%{http_code}", $"http://127.0.0.1:{host.EndPoint.Port}/plaintext");
        Assert.EndsWith("400", output);
        Assert.Contains("TLS", output);
    }
}
