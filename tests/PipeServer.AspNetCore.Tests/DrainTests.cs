using PipeServer.DrainSuite;
using PipeServer.Tests.Support;

namespace PipeServer.AspNetCore.Tests;

/// <summary>
/// The drain suite against an application, which is stopped by SIGTERM, by StopApplication out of a signal of its own, and out of a request. Each scenario
/// compares the clients' count with the server's report. All scenarios, in all forms, many times: <c>.ci/nightly aspnet</c>.
/// </summary>
public sealed class DrainTests
{
    private const string Term = "TERM";
    private const string FromSignal = "USR1";
    private const string FromRequest = "/stop";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(Term, "", "keep-alive")]
    [InlineData(FromSignal, "", "keep-alive")]
    [InlineData(FromRequest, "", "keep-alive")]
    [InlineData(FromRequest, "", "in-flight-get")]
    [InlineData(FromRequest, "", "one-request-each")]
    [InlineData(Term, "", "streams")]
    [InlineData(Term, "", "websocket-half")]
    [InlineData(Term, "", "second-signal")]
    [InlineData(Term, "--http2", "talk")]
    [InlineData(Term, "--http2", "between")]
    [InlineData(Term, "--tls", "keep-alive")]
    public async Task It_holds(string way, string form, string scenario)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The suite stops servers by Unix signals, and the application knows SIGUSR1 by Linux's number.");
        var folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
        try
        {
            var application = Repository.Assembly("tests/PipeServer.AspNetCore.DrainApplication", "PipeServer.AspNetCore.DrainApplication");
            var report = Path.Combine(folder, "report.json");
            var options = form.Length == 0 ? "" : form + " true";
            var scenarios = new Scenarios(new SuiteOptions(
                $"dotnet exec '{application}' {options} --grace {Grace.TotalSeconds} --report '{report}'",
                Port: 0, "/sleep?ms=1000", "/sleep?ms=60000", "/echo", "/events", way == FromRequest ? Term : way, Grace, report, Clients: 50,
                IsTls: form == "--tls", "/ws", Environment.TickCount, IsHttp2: form == "--http2", way == FromRequest ? way : null, IgnoresSecondSignal: true));
            var result = await scenarios.All[scenario]();
            Assert.Empty(result.Faults);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
