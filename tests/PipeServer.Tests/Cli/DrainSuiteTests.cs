using PipeServer.DrainSuite;

namespace PipeServer.Tests.Cli;

/// <summary>
/// The drain suite, against our own server: every scenario must hold, over both transports. By hand, against any server:
/// <c>dotnet run --project tests/PipeServer.DrainSuite -c Release -- --help</c>.
/// </summary>
public sealed class DrainSuiteTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var transport in new[] { "epoll", "sockets" })
            {
                foreach (var name in new Scenarios(Options(transport, "")).All.Keys)
                {
                    cases.Add(transport, name);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_holds(string transport, string scenario)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "The suite stops servers by Unix signals.");
        var folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
        try
        {
            var scenarios = new Scenarios(Options(transport, Path.Combine(folder, "report.json")));
            var result = await scenarios.All[scenario]();
            Assert.Empty(result.Faults);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static SuiteOptions Options(string transport, string report, string? tls = null) => new(
        $"{CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --demo --transport {transport} {tls ?? "--port 0"} --grace 3 --report '{report}'",
        Port: 0, "/sleep?ms=1000", "/sleep?ms=60000", "/echo", "/events", "TERM", TimeSpan.FromSeconds(3), report, Clients: 100, IsTls: tls is not null,
        "/ws", Seed: Environment.TickCount);
}
