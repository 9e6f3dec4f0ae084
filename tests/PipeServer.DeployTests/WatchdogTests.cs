using System.Net.Sockets;
using System.Text;

namespace PipeServer.DeployTests;

/// <summary>
/// systemd counts the time to the watchdog's end from the last report, of whichever process. A process that reported only half a period after its start was
/// ended with its predecessors' time: three upgrades within WatchdogSec= under a real systemd, and it had killed the third.
/// </summary>
public sealed class WatchdogTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_first_report_comes_with_the_start()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        using var folder = new TemporaryFolder();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(folder["notify"]));
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer,
            new Dictionary<string, string> { ["NOTIFY_SOCKET"] = folder["notify"], ["WATCHDOG_USEC"] = "3600000000" },
            "serve", Repository.Path("wwwroot"), "--port", "0");
        Assert.StartsWith("READY=1\n", await ReceiveAsync(manager));
        Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[4096];
        using var timeout = new CancellationTokenSource(Patience);
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, timeout.Token));
    }
}
