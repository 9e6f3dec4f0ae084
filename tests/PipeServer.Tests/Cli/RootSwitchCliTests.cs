using System.Diagnostics;

namespace PipeServer.Tests.Cli;

/// <summary>The program keeps to the name of ROOT by itself, with nothing but its own clock, and says so in its log.</summary>
public sealed class RootSwitchCliTests
{
    [Theory]
    [InlineData("epoll", "", "current")]
    [InlineData("sockets", "", "./current/")]
    [InlineData("epoll", "current", ".")] // the shell went there by the link: the link is meant, and PWD tells it
    public async Task A_switch_of_the_link_is_seen_without_a_restart(string transport, string current, string root)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ln and mv -T are needed.");
        var folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
        try
        {
            foreach (var release in new[] { "one", "two" })
            {
                Directory.CreateDirectory(Path.Combine(folder, release));
                await File.WriteAllTextAsync(Path.Combine(folder, release, "a.txt"), release);
            }

            await ShellAsync(folder, "ln -s one current");
            await using var cli = CliProcess.StartShell(
                $"cd '{Path.Combine(folder, current)}' && export PWD && exec {CliProcess.PipeServerCommand} serve {root} --port 0 --transport {transport}");
            await cli.ListeningAsync();
            await using var client = await TestClient.ConnectAsync(cli.EndPoint);
            Assert.Equal("one", await TextAsync());
            Assert.Equal("one", await TextAsync());

            await ShellAsync(folder, "ln -s two next && mv -T next current");
            await Eventually.TrueAsync(async () => await TextAsync() == "two" && Log("another folder") == 1, "the switch is seen");
            await ShellAsync(folder, "rm current");
            await Eventually.TrueAsync(() => Log("leads nowhere") == 1, "the log says that the name leads nowhere");
            Assert.Equal("two", await TextAsync());
            await ShellAsync(folder, "ln -s one current");
            await Eventually.TrueAsync(async () => await TextAsync() == "one" && Log("leads to a folder again") == 1, "it is back");
            Assert.Equal((1, 1), (Log("leads nowhere"), Log("another folder")));
            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());

            async Task<string> TextAsync() => (await client.RequestAsync(TestClient.Get("/a.txt"))).Text;

            int Log(string words) => cli.Output.Concat(cli.Errors).Count(line => line.Contains("ROOT") && line.Contains(words));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ShellAsync(string folder, string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-ec", script]) { WorkingDirectory = folder })!;
        await shell.WaitForExitAsync().WaitAsync(TestClient.Patience);
        Assert.Equal(0, shell.ExitCode);
    }
}
