using PipeServer.DrainSuite;

namespace PipeServer.Tests.Cli;

/// <summary>
/// The drain suite over TLS, against our own server: over epoll with OpenSSL all that differs from plain connections in what is read, written or ended,
/// over sockets with SslStream what TLS adds. The rest, and all of it twenty times: <c>.ci/nightly tls</c>.
/// </summary>
public sealed class DrainSuiteOverTlsTests
{
    public static TheoryData<string, TlsEngine, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, TlsEngine, string>();
            foreach (var scenario in new[] { "half-sent-post", "pipelined", "keep-alive", "one-request-each", "idle", "unaccepted", "slow-reader", "stream", "handshake", "half-handshakes", "streams", "websocket-idle", "websocket-talk", "websocket-slow", "websocket-new" })
            {
                cases.Add("epoll", TlsFuzz.Engines[0], scenario);
            }

            foreach (var scenario in new[] { "half-sent-post", "keep-alive", "idle", "unaccepted", "handshake", "half-handshakes", "websocket-talk", "websocket-half" })
            {
                cases.Add("sockets", TlsEngine.SslStream, scenario);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_holds(string transport, TlsEngine engine, string scenario)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "The suite stops servers by Unix signals.");
        var folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
        try
        {
            var file = Path.Combine(folder, "localhost.pem");
            await File.WriteAllTextAsync(file, TestCertificates.Localhost.Certificate.ExportCertificatePem() + "\n" + TlsHost.KeyPem(TestCertificates.Localhost));
            var scenarios = new Scenarios(DrainSuiteTests.Options(
                transport, Path.Combine(folder, "report.json"), $"--listen 127.0.0.1:0,tls --tls-engine {engine.ToString().ToLowerInvariant()} --tls-cert '{file}'"));
            var result = await scenarios.All[scenario]();
            Assert.Empty(result.Faults);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
