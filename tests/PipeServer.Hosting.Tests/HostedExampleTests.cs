using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.Hosting.Tests;

/// <summary>The example of a hosted server, as a process of its own.</summary>
public sealed class HostedExampleTests
{
    private static readonly string Program = Repository.Assembly("tests/Examples/Hosted", "Hosted");

    [Fact]
    public async Task It_answers_and_stops_by_a_signal()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals cannot be sent to a process on Windows.");
        await using var example = CliProcess.Start(Program, "0");
        await example.ListeningAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://{example.EndPoint}"), Timeout = TestHost.Patience };
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Matches("^Hello, Ann, in 2[0-9]{3}!$", await client.GetStringAsync("/hello/Ann", cancellation));
        using var upper = await client.PostAsync("/upper", new StringContent("loud"), cancellation);
        Assert.Matches(@"^LOUD \(2[0-9]{3}\)$", await upper.Content.ReadAsStringAsync(cancellation));
        Assert.Equal("Healthy\n", await client.GetStringAsync("/healthz/ready", cancellation));
        example.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await example.EndAsync());
        Assert.Contains("Drained with 3 requests answered.", example.Output);
    }

    [Fact]
    public async Task A_place_that_is_taken_ends_it_with_a_fault_that_names_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var example = CliProcess.Start(Program, port.ToString());
        Assert.NotEqual(0, await example.EndAsync());
        Assert.Contains(example.Errors, line => line.Contains($"Cannot listen on 127.0.0.1:{port}: it is in use."));
    }

    // The host tells systemd, and the library tells it nothing.
    [Fact]
    public async Task Systemd_is_told_when_it_listens_and_when_it_stops()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is of Linux.");
        var folder = Directory.CreateTempSubdirectory("pipeserver-systemd-");
        try
        {
            var (notify, listen) = (Path.Combine(folder.FullName, "notify"), Path.Combine(folder.FullName, "server"));
            using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            systemd.Bind(new UnixDomainSocketEndPoint(notify));

            // .NET knows by the name of its parent that systemd has started it. This one passes SIGTERM on, and ends as its child does.
            var parent = Path.Combine(folder.FullName, "systemd");
            File.CreateSymbolicLink(parent, "/bin/bash");
            var script = Path.Combine(folder.FullName, "service");
            await File.WriteAllTextAsync(
                script,
                $"""
                NOTIFY_SOCKET='{notify}' PipeServer__UnixSocketPath='{listen}' dotnet exec '{Program}' &
                child=$!
                trap 'kill -TERM $child' TERM
                echo "child $child"
                wait $child
                wait $child
                """,
                TestContext.Current.CancellationToken);
            await using var service = CliProcess.StartShell($"exec '{parent}' '{script}'");
            try
            {
                Assert.Contains("READY=1", await ReceiveAsync(systemd));
                using (var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
                {
                    await client.ConnectAsync(new UnixDomainSocketEndPoint(listen), TestContext.Current.CancellationToken);
                }

                service.Signal(CliProcess.SigTerm);
                Assert.Contains("STOPPING=1", await ReceiveAsync(systemd));
                Assert.Equal(0, await service.EndAsync());
                Assert.Equal(0, systemd.Available); // nobody else has told anything
                Assert.False(File.Exists(listen));
            }
            finally
            {
                KillChild(service);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Where the test has failed: the parent cannot end its child any more once it is killed.
    private static void KillChild(CliProcess service)
    {
        var line = service.Output.FirstOrDefault(static line => line.StartsWith("child "));
        if (line is null)
        {
            return;
        }

        try
        {
            using var child = Process.GetProcessById(int.Parse(line["child ".Length..]));
            child.Kill();
        }
        catch (ArgumentException)
        {
            // It has ended, as it should.
        }
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(TestHost.Patience);
        var buffer = new byte[1024];
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, patience.Token));
    }
}
