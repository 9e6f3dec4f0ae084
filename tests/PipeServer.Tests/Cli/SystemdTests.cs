using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace PipeServer.Tests.Cli;

/// <summary>What systemd does, done by hand: it listens on a datagram socket, and passes a listening one.</summary>
[Collection(nameof(RunsAlone))]
public sealed partial class SystemdTests
{
    private const int F_SETFD = 2;

    private static readonly string Serve = $"exec {CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --demo";

    [Fact]
    public async Task It_is_told_when_the_server_is_ready_alive_and_stopping()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var path = Path.Combine(Path.GetTempPath(), $"pipeserver-notify-{Environment.ProcessId}");
        using var manager = Listen(path);
        try
        {
            await using var cli = CliProcess.StartShell($"export NOTIFY_SOCKET='{path}' WATCHDOG_USEC=200000; {Serve} --port 0");
            var ready = await ReceiveAsync(manager);
            Assert.StartsWith("READY=1\nSTATUS=Listening on http://127.0.0.1:", ready);
            Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
            Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
            cli.Signal(CliProcess.SigTerm);
            var next = await ReceiveAsync(manager);
            while (next == "WATCHDOG=1")
            {
                next = await ReceiveAsync(manager);
            }

            Assert.Equal("STOPPING=1\nSTATUS=Draining", next);
            Assert.Equal(0, await cli.EndAsync());
        }
        finally
        {
            File.Delete(path);
        }
    }

    // sd_notify(3), as Type=notify-reload wants it: the time tells an answer to its signal from one to an earlier signal.
    [Fact]
    public async Task It_is_told_when_a_reload_begins_and_ends()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var path = Path.Combine(Path.GetTempPath(), $"pipeserver-notify-reload-{Environment.ProcessId}");
        var config = path + ".json";
        await File.WriteAllTextAsync(config, "{}");
        using var manager = Listen(path);
        try
        {
            await using var cli = CliProcess.StartShell($"export NOTIFY_SOCKET='{path}'; {Serve} --port 0 --config '{config}'");
            var ready = await ReceiveAsync(manager);
            Assert.StartsWith("READY=1\nSTATUS=Listening on http://127.0.0.1:", ready);
            foreach (var (text, end) in new[] { ("{}", ""), ("{", "; the last reload was refused, the log says why"), ("{}", "") })
            {
                await File.WriteAllTextAsync(config, text);
                var before = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
                cli.Signal(CliProcess.SigHup);
                var lines = (await ReceiveAsync(manager)).Split('\n');
                Assert.Equal("RELOADING=1", lines[0]);
                Assert.StartsWith("MONOTONIC_USEC=", lines[1]);
                Assert.InRange(long.Parse(lines[1].Split('=')[1]), before, Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000));
                Assert.Equal(ready + end, await ReceiveAsync(manager));
            }

            cli.Signal(CliProcess.SigTerm);
            Assert.Equal("STOPPING=1\nSTATUS=Draining", await ReceiveAsync(manager));
            Assert.Equal(0, await cli.EndAsync());
        }
        finally
        {
            File.Delete(path);
            File.Delete(config);
        }
    }

    // A manager that did not read blocked whoever told it something, and with it the stop.
    [Fact]
    public async Task A_manager_that_does_not_read_holds_up_no_stop()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        var path = Path.Combine(Path.GetTempPath(), $"pipeserver-notify-deaf-{Environment.ProcessId}");
        using var manager = Listen(path);
        try
        {
            await using var cli = CliProcess.StartShell($"export NOTIFY_SOCKET='{path}' WATCHDOG_USEC=2000; {Serve} --port 0");
            await cli.ListeningAsync();
            await Task.Delay(500);
            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_manager_that_cannot_be_is_ignored()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        await using var cli = CliProcess.StartShell($"export NOTIFY_SOCKET='/{new string('x', 200)}'; {Serve} --port 0");
        await cli.ListeningAsync();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }

    // Below what the runtime itself needs there was a stack trace instead of a line.
    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public async Task Too_few_files_are_one_line_and_exit_1(int files)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "prlimit is Linux's.");
        var limit = ProgramUnderTest.PipeServer.IsPublished ? files / 2 : files; // the native file can do with fewer: it opens no assemblies
        await using var cli = CliProcess.StartShell($"ulimit -n {limit}; {Serve} --port 0");
        Assert.Equal(1, await cli.EndAsync());
        Assert.StartsWith("pipeserver: ", Assert.Single(cli.Errors));
    }

    // Signals that came between the end of the drain and the end of the process killed it.
    [Fact]
    public async Task A_hail_of_signals_ends_with_0_or_2()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals of this kind are Unix's.");
        await using var cli = await CliProcess.ServeAsync();
        var ending = cli.EndAsync();
        while (!ending.IsCompleted)
        {
            try
            {
                cli.Signal(CliProcess.SigTerm);
            }
            catch (Xunit.Sdk.EqualException)
            {
                break; // it has ended
            }

            await Task.Yield();
        }

        Assert.Contains(await ending, new[] { 0, 2 });
    }

    // Between the two servers nobody accepts, and nobody is refused.
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_restart_on_a_passed_socket_loses_nobody(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        using var socket = ListenOnLoopback(out var descriptor);
        var script = $"exec 3<&{descriptor}; export LISTEN_PID=$$ LISTEN_FDS=1; {Serve} --transport {transport}";
        for (var round = 0; round < 2; round++)
        {
            // In the second round before there is a server again.
            await using var client = await TestClient.ConnectAsync(socket.LocalEndPoint!);
            var answering = client.RequestAsync(TestClient.Get("/plaintext"));
            await using var cli = CliProcess.StartShell(script);
            await cli.ListeningAsync();
            Assert.Equal(socket.LocalEndPoint, cli.EndPoint);
            Assert.Equal("Hello, World!", (await answering).Text);
            cli.Signal(CliProcess.SigTerm);
            Assert.True(await client.IsClosedAsync());
            await client.DisposeAsync();
            Assert.Equal(0, await cli.EndAsync());
        }
    }

    // Several sockets were refused; now each is served, and named ones can have options of their own.
    [Fact]
    public async Task Passed_sockets_are_told_apart_by_their_names()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        using var web = ListenOnLoopback(out var webDescriptor);
        using var proxied = ListenOnLoopback(out var proxiedDescriptor);
        var pass = $"exec 3<&{webDescriptor} 4<&{proxiedDescriptor}; export LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=web:internal";
        await using (var cli = CliProcess.StartShell($"{pass}; {Serve} --listen fd:internal,proxy --listen 127.0.0.1:0 --trusted-proxy 127.0.0.1"))
        {
            await Eventually.TrueAsync(() => cli.Output.Count(static line => line.StartsWith("Listening on ")) == 3, "it tells three places");
            await cli.ListeningAsync();
            await using var plain = await TestClient.ConnectAsync(web.LocalEndPoint!);
            Assert.Equal("Hello, World!", (await plain.RequestAsync(TestClient.Get("/plaintext"))).Text);
            await using var proxy = await TestClient.ConnectAsync(proxied.LocalEndPoint!);
            Assert.Equal("Hello, World!", (await proxy.RequestAsync("PROXY UNKNOWN\r\n" + TestClient.Get("/plaintext"))).Text);
            await using var stranger = await TestClient.ConnectAsync(proxied.LocalEndPoint!);
            await stranger.SendAsync(TestClient.Get("/plaintext"));
            await Assert.ThrowsAnyAsync<IOException>(() => stranger.ReadResponseAsync());
            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());
        }

        await using (var cli = CliProcess.StartShell($"{pass}; {Serve} --listen fd:wbe"))
        {
            Assert.Equal(1, await cli.EndAsync());
            Assert.Equal("pipeserver: --listen fd:wbe: no socket of that name was passed. There are: web, internal.", Assert.Single(cli.Errors));
        }
    }

    // A list was made of as many as there were said to be: of two thousand millions the start never ended.
    [Theory]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public async Task A_passed_descriptor_that_is_no_socket_ends_the_start_with_one_line(int count)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        await using var cli = CliProcess.StartShell($"exec 3</dev/null; export LISTEN_PID=$$ LISTEN_FDS={count}; {Serve}");
        Assert.Equal(1, await cli.EndAsync());
        Assert.StartsWith("pipeserver: descriptor 3, which LISTEN_FDS names, is not a listening socket", Assert.Single(cli.Errors));
    }

    [Fact]
    public async Task Two_servers_share_a_port_and_the_old_one_goes_without_a_gap()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SO_REUSEPORT is used on Linux only.");
        await using var first = await CliProcess.ServeAsync("--demo", "--reuse-port");
        var failures = 0;
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await using var client = await TestClient.ConnectAsync(first.EndPoint);
                    Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/plaintext"))).Text);
                }
                catch (Exception exception) when (exception is SocketException or IOException)
                {
                    // What comes first, the connect or the read, learns of a reset.
                    Interlocked.Increment(ref failures);
                }
            }
        }).ToList();
        await using var second = CliProcess.Start(
            CliProcess.PipeServer, "serve", Repository.Path("wwwroot"), "--demo", "--reuse-port", "--port", $"{first.EndPoint.Port}");
        await second.ListeningAsync();
        first.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await first.EndAsync());
        await Task.Delay(200);
        await stop.CancelAsync();
        await Task.WhenAll(clients);

        // Up to four were reset in the queue of the one that closed, unless the system moved them (net.ipv4.tcp_migrate_req).
        Assert.Equal(0, failures);
        Assert.Empty(first.Errors);
        second.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await second.EndAsync());
    }

    private static Socket ListenOnLoopback(out int descriptor)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(16);
        descriptor = Inheritable(socket);
        return socket;
    }

    /// <summary>The number of a socket that heirs may have.</summary>
    internal static int Inheritable(Socket socket)
    {
        var descriptor = (int)socket.Handle;
        Assert.Equal(0, Control(descriptor, F_SETFD, 0));
        return descriptor;
    }

    // As systemd does, for what a service has to tell.
    private static Socket Listen(string path)
    {
        File.Delete(path);
        var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        return manager;
    }

    internal static async Task<string> ReceiveAsync(Socket manager)
    {
        var buffer = new byte[1000];
        var length = await manager.ReceiveAsync(buffer).WaitAsync(TestClient.Patience);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);
}
