using System.Diagnostics;
using PipeServer.DrainSuite.ScaleOut;

namespace PipeServer.Tests.Deployment;

/// <summary>
/// Three servers behind the front ends whose files users copy, each on a host of its own: the short form of <c>.ci/nightly scale-out</c>. In network
/// namespaces, so for root; alone, because a machine that is busy for a second looks to a front end as if all servers were dead.
/// </summary>
[Collection(nameof(RunsAlone))]
public sealed class ScaleOutTests
{
    private const string HAProxy = "/usr/sbin/haproxy";
    private const string Nginx = "/usr/sbin/nginx";

    private static readonly string Deploy = Repository.Path("src", "PipeServer.Cli", "deploy");

    [Theory]
    [InlineData("haproxy", HAProxy, "restart")]
    [InlineData("haproxy-h2", HAProxy, "upgrade")]
    [InlineData("haproxy-forwarded-for", HAProxy, "kill")]
    [InlineData("nginx", Nginx, "upgrade")]
    public async Task Clients_of_a_front_end_lose_nothing(string frontEnd, string program, string scenario)
    {
        SkipUnlessInstalled(program);
        Assert.SkipUnless(ProgramUnderTest.PipeServer.IsPublished, "Half a minute for what a published file is to do as well (PIPESERVER_CLI): .ci/run does it once.");
        var whyNot = await Lab.WhyNotAsync();
        Assert.SkipUnless(whyNot is null, $"No hosts can be made here: {whyNot}. It takes root, iproute2 (Debian: apt install iproute2), and a system that allows network namespaces.");
        var run = ScaleOutScenarios.All.Single(known => known.Name == scenario).Run;
        var result = await run(new ScaleOutOptions(
            ProgramUnderTest.PipeServer.StartablePath, Deploy, FrontEnds.ByName[frontEnd], Clients: 60, PauseMilliseconds: 200, QuietSeconds: 1));
        TestContext.Current.TestOutputHelper!.WriteLine(result.Figures);
        Assert.Empty(result.Faults);
    }

    [Fact]
    public async Task HAProxy_takes_its_file()
    {
        SkipUnlessInstalled(HAProxy);
        var (code, said) = await RunAsync(HAProxy, "-c", "-f", Path.Combine(Deploy, "haproxy.cfg"));
        Assert.True(code == 0 && !said.Contains("WARNING"), said);
    }

    [Fact]
    public async Task Nginx_takes_its_file()
    {
        SkipUnlessInstalled(Nginx);
        var folder = Directory.CreateTempSubdirectory("ps-nginx-");
        try
        {
            var (code, said) = await RunAsync(Nginx, "-t", "-e", "stderr", "-c", await FrontEnds.WriteNginxAsync(Deploy, folder.FullName));
            Assert.True(code == 0 && !said.Contains("[warn]"), said);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void SkipUnlessInstalled(params string[] programs) =>
        Assert.SkipUnless(programs.All(File.Exists), $"{string.Join(", ", programs)}: not all of them are here.");

    private static async Task<(int Code, string Said)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var printed = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var said = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, said + await printed);
    }
}
