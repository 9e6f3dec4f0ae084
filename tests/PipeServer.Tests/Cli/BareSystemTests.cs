using System.Diagnostics;
using System.Text;

namespace PipeServer.Tests.Cli;

/// <summary>A system with less than usual, as a folder for chroot(2) or a container of one file: no devices, no /proc.</summary>
public sealed class BareSystemTests
{
    private const string Hash = "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"; // of "secret"

    // The runtime takes random numbers from /dev/urandom alone: with --auth-file the start ended in a crash, and later so did every answer of
    // several ranges.
    [Fact]
    public async Task Without_devices_it_checks_logins_and_answers_several_ranges()
    {
        var folder = Directory.CreateTempSubdirectory("ps-bare-").FullName;
        try
        {
            var bare = $"mount -t tmpfs none '{folder}' && touch '{folder}/null' && mount --bind /dev/null '{folder}/null' && mount --move '{folder}' /dev";
            await SkipUnlessItWorksAsync(bare);
            var users = Path.Combine(Path.GetTempPath(), $"{Path.GetFileName(folder)}.users");
            await File.WriteAllTextAsync(users, $"me:{Hash}\n");
            try
            {
                await using var cli = CliProcess.StartShell(
                    $"exec unshare --mount bash -c \"{bare} && test ! -e /dev/urandom && "
                    + $"exec {CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --port 0 --auth-file '{users}'\"");
                await cli.ListeningAsync();
                await using var client = await TestClient.ConnectAsync(cli.EndPoint);
                Assert.Equal(401, (await client.RequestAsync(TestClient.Get("/index.html"))).Status);
                var login = "Authorization: Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("me:secret"));
                var ranges = await client.RequestAsync(TestClient.Get("/index.html", login, "Range: bytes=0-1,1500-1501"));
                Assert.Equal(206, ranges.Status);
                Assert.Matches("^multipart/byteranges; boundary=[0-9a-f]{32}$", ranges["Content-Type"]);
                await client.DisposeAsync();
                cli.Signal(CliProcess.SigTerm);
                Assert.Equal(0, await cli.EndAsync());
                Assert.Empty(cli.Errors);
            }
            finally
            {
                File.Delete(users);
            }
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    private static async Task SkipUnlessItWorksAsync(string mounts)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root of Linux may mount.");
        using var probe = Process.Start(new ProcessStartInfo("unshare", ["--mount", "bash", "-c", mounts]) { RedirectStandardError = true })!;
        var reason = await probe.StandardError.ReadToEndAsync();
        await probe.WaitForExitAsync();
        Assert.SkipUnless(probe.ExitCode == 0, $"This machine does not let root mount: {reason}");
    }
}
