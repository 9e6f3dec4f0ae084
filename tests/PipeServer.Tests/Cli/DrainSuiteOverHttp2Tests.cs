using PipeServer.DrainSuite;

namespace PipeServer.Tests.Cli;

/// <summary>
/// The drain suite's scenarios of HTTP/2, against our own server: all by prior knowledge over epoll, and what TLS or the other transport does in another
/// way. The rest, twenty times, and a hundred stops under 50 clients with four streams each: <c>.ci/nightly http2</c>.
/// </summary>
public sealed class DrainSuiteOverHttp2Tests
{
    public static TheoryData<string, TlsEngine?, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, TlsEngine?, string>();
            foreach (var name in new Scenarios(Options("epoll", null, "")).All.Keys)
            {
                cases.Add("epoll", null, name);
            }

            foreach (var name in new[] { "half-sent-body", "blocked", "talk", "idle", "between" })
            {
                cases.Add("sockets", null, name);
                cases.Add("epoll", TlsFuzz.Engines[0], name);
            }

            cases.Add("sockets", TlsEngine.SslStream, "talk");
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_holds(string transport, TlsEngine? engine, string scenario)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "The suite stops servers by Unix signals.");
        var folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
        try
        {
            var scenarios = new Scenarios(Options(transport, engine, folder));
            var result = await scenarios.All[scenario]();
            Assert.Empty(result.Faults);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static SuiteOptions Options(string transport, TlsEngine? engine, string folder)
    {
        var report = Path.Combine(folder, "report.json");
        if (engine is null)
        {
            return DrainSuiteTests.Options(transport, report) with
            {
                Command = $"{CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --demo --transport {transport} --listen 127.0.0.1:0,h2c --grace 3 --report '{report}'",
                Clients = 50,
                IsHttp2 = true,
            };
        }

        var file = Path.Combine(folder, "localhost.pem");
        File.WriteAllText(file, TestCertificates.Localhost.Certificate.ExportCertificatePem() + "\n" + TlsHost.KeyPem(TestCertificates.Localhost));
        return DrainSuiteTests.Options(transport, report, $"--listen 127.0.0.1:0,tls --tls-engine {engine.Value.ToString().ToLowerInvariant()} --tls-cert '{file}'") with
        {
            Clients = 50,
            IsHttp2 = true,
        };
    }
}
