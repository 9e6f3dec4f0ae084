using System.Globalization;
using System.Text.RegularExpressions;

namespace PipeServer.DeployTests;

/// <summary>The units of systemd, as far as they can be judged without one that runs; <c>packaging/debian/boot-test</c> runs them.</summary>
public sealed partial class UnitTests : IDisposable
{
    private static readonly string Deploy = Repository.Path("src", "PipeServer.Cli", "deploy");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Systemd_has_nothing_to_say_of_them()
    {
        Command.SkipWithout("systemd-analyze", "systemd");
        await WriteAsync();
        var (exitCode, output) = await VerifyAsync();
        Assert.Equal((0, ""), (exitCode, output));

        // And it would say something.
        await File.AppendAllTextAsync(_folder["pipeserver.socket"], "[Socket]\nNoDelai=yes\n");
        Assert.Contains("NoDelai", (await VerifyAsync()).Output);
    }

    [Fact]
    public async Task The_sandbox_is_a_narrow_one()
    {
        Command.SkipWithout("systemd-analyze", "systemd");
        await WriteAsync();
        var output = await Command.RunAsync("systemd-analyze", "security", "--offline=true", "--no-pager", _folder["pipeserver.service"]);
        var verdict = Exposure().Match(output);
        Assert.True(verdict.Success, output);
        Assert.InRange(double.Parse(verdict.Groups[1].Value, CultureInfo.InvariantCulture), 0, 2.0);
    }

    // Unknown settings of another version of systemd would be no more than a warning in its log.
    [Fact]
    public async Task A_unit_has_a_setting_once()
    {
        var settings = (await File.ReadAllLinesAsync(Path.Combine(Deploy, "pipeserver.service")))
            .Where(static line => line.Contains('=') && line[0] != '#').Select(static line => line.Split('=')[0]);
        Assert.Equal(["SystemCallFilter"], settings.GroupBy(static name => name).Where(static same => same.Count() > 1).Select(static same => same.Key));
    }

    private Task<(int ExitCode, string Output)> VerifyAsync() => Command.TryAsync(
        "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", _folder["pipeserver.service"], _folder["pipeserver.socket"]);

    // With a program that is there.
    private async Task WriteAsync()
    {
        foreach (var name in new[] { "pipeserver.service", "pipeserver.socket" })
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Deploy, name));
            await File.WriteAllTextAsync(_folder[name], text.Replace("/usr/local/bin/pipeserver", "/bin/true", StringComparison.Ordinal));
        }
    }

    [GeneratedRegex(@"Overall exposure level for pipeserver\.service: ([0-9.]+)")]
    private static partial Regex Exposure();
}
