using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using PipeServer.Cli;
using PipeServer.Cli.Upgrade;
using PipeServer.DrainSuite;
using PipeServer.Tests.Cli.Admin;

namespace PipeServer.Tests.Cli.Upgrade;

/// <summary>An upgrade in place: another process, the same sockets, and nothing changed where it fails.</summary>
public sealed class UpgradeTests
{
    // Twenty upgrades under 324 clients: .ci/nightly upgrade.
    [Fact]
    public async Task No_client_loses_anything_and_the_ledgers_of_all_processes_add_up()
    {
        SkipUnlessLinux();
        var certificate = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(certificate, TestCertificates.Localhost.Certificate.ExportCertificatePem() + "\n" + TlsHost.KeyPem(TestCertificates.Localhost));
            var (_, faults) = await UpgradeRun.RunAsync(new UpgradeOptions(
                ProgramUnderTest.PipeServer.StartablePath, certificate, Upgrades: 3, WithFaults: true, KeepAlive: 40, OneRequestEach: 16, Tls: 5, Http2: 5, WebSockets: 5));
            Assert.Empty(faults);
        }
        finally
        {
            File.Delete(certificate);
        }
    }

    [Fact]
    public async Task Every_socket_goes_along_ports_and_files_stay_and_each_process_reports()
    {
        SkipUnlessLinux();
        await using var host = new UpgradeHost();
        var (unix, admin) = (host["a.sock"], host["admin.sock"]);
        await host.StartAsync($"--listen 127.0.0.1:0 --listen 127.0.0.1:0 --listen localhost:0 --listen 'unix:{unix}' --admin 'unix:{admin}'");
        var first = host.Serving;
        var places = Places(host.Log);
        Assert.Equal(5, places.Length);
        await using var idle = await TestClient.ConnectAsync(host.Place());
        Assert.Equal("Hello, World!", (await idle.RequestAsync(TestClient.Get("/plaintext"))).Text);
        var (code, output) = await UpgradeHost.CommandAsync("--pid-file", host["pid"]);
        Assert.Equal((0, $"Upgraded: process {host.Serving} serves."), (code, output));
        var second = host.Serving;
        Assert.NotEqual(first, second);
        Assert.True(await idle.IsClosedAsync());
        await UpgradeHost.EndsAsync(first);
        Assert.Equal(places, Places(host.Log[host.Log.IndexOf("Upgrading", StringComparison.Ordinal)..]));
        (code, output) = await UpgradeHost.CommandAsync("--admin", $"unix:{admin}");
        Assert.Equal(0, code);
        await host.ServesAfterAsync(second);
        Assert.Equal($"Upgraded: process {host.Serving} serves.", output);
        await UpgradeHost.EndsAsync(second);
        await AnswersAsync(host.Place());
        await AnswersAsync(new UnixDomainSocketEndPoint(unix));
        Assert.Equal(200, (await AdminClient.AskAsync(new UnixDomainSocketEndPoint(admin), "GET /healthz/ready")).Status);
        var third = host.Serving;
        host.Signal(CliProcess.SigTerm);
        await UpgradeHost.EndsAsync(third);
        Assert.Equal(["report.json", $"report.json.{first}", $"report.json.{second}"], Directory.GetFiles(host.Folder, "report*").Select(Path.GetFileName).Order());
        var completed = 0L;
        foreach (var path in Directory.GetFiles(host.Folder, "report*"))
        {
            using var report = JsonDocument.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
            Assert.Equal("drained", report.RootElement.GetProperty("outcome").GetString());
            completed += report.RootElement.GetProperty("requests").GetProperty("completed").GetInt64();
        }

        Assert.Equal(3, completed); // those of the admin side are not in it
        Assert.False(File.Exists(host["pid"]));
        Assert.False(File.Exists(unix));
        Assert.False(File.Exists(admin));
    }

    [Fact]
    public async Task The_new_process_reads_the_configuration_anew_and_one_that_it_refuses_changes_nothing()
    {
        SkipUnlessLinux();
        await using var host = new UpgradeHost();
        var (stays, goes, comes) = (host["stays.sock"], host["goes.sock"], host["comes.sock"]);
        await WriteAsync(host, $$"""{ "listen": ["127.0.0.1:0", "unix:{{stays}}", "unix:{{goes}}"] }""");
        await host.StartAsync($"--config '{host["config.json"]}' --admin 0");
        var first = host.Serving;
        var admin = IPEndPoint.Parse(host.Log.Split('\n').First(static line => line.StartsWith("Admin on http://"))["Admin on http://".Length..]);
        foreach (var (wrong, reason) in new[] { ("""{ "prot": 1 }""", "prot"), ($$"""{ "listen": ["unix:/{{host.Folder}}/none/x.sock"] }""", "there is no folder") })
        {
            await WriteAsync(host, wrong);
            var answer = await AdminClient.PostAsync(admin, "/upgrade");
            Assert.Equal(422, answer.Status);
            Assert.Contains(reason, answer.Text);
            Assert.Contains("the new process says", answer.Text);
            var (code, output) = await UpgradeHost.CommandAsync("--pid-file", host["pid"]);
            Assert.Equal(1, code);
            Assert.StartsWith("pipeserver: not upgraded: the new process says: ", output);
            Assert.Contains(reason, output);
        }

        Assert.Equal(first, host.Serving);
        await AnswersAsync(host.Place());
        await AnswersAsync(new UnixDomainSocketEndPoint(goes));
        await WriteAsync(host, $$"""{ "listen": ["127.0.0.1:0", "unix:{{stays}}", "unix:{{comes}}"] }""");
        await host.UpgradeAsync();
        await UpgradeHost.EndsAsync(first);
        await AnswersAsync(host.Place());
        await AnswersAsync(new UnixDomainSocketEndPoint(stays));
        await AnswersAsync(new UnixDomainSocketEndPoint(comes));
        await Eventually.TrueAsync(() => !File.Exists(goes), "the file of the place that is gone is deleted");
        await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(new UnixDomainSocketEndPoint(goes)));
        Assert.Equal("", PidFile.ReadFailure(host["pid"])); // what was told of the failed ones is over
    }

    [Theory]
    [InlineData("exit 7", 60, "exit code 7")]
    [InlineData("kill -9 $$", 60, "signal 9")]
    [InlineData("echo $$ >HANGS; exec sleep 600", 2, "not ready within 2 s")]
    [InlineData(null, 60, "No such file")]
    public async Task A_process_that_is_not_ready_is_ended_and_the_old_one_says_why_and_serves_on(string? script, int timeout, string reason)
    {
        SkipUnlessLinux();
        await using var host = new UpgradeHost();
        await host.StartAsync($"--listen 'unix:{host["a.sock"]}' --upgrade-timeout {timeout}");
        var first = host.Serving;
        if (script is null)
        {
            File.Delete(host["pipeserver"]);
        }
        else
        {
            host.SwitchToScript(script.Replace("HANGS", $"'{host["hangs"]}'"));
        }

        var (code, output) = await UpgradeHost.CommandAsync("--pid-file", host["pid"]);
        Assert.Equal(1, code);
        Assert.Contains(reason, output);
        Assert.Contains(reason, host.Log);
        Assert.False(File.Exists(host["hangs"]) && UpgradeHost.IsAlive(int.Parse(await File.ReadAllTextAsync(host["hangs"], TestContext.Current.CancellationToken))));
        Assert.Equal(first, host.Serving);
        await AnswersAsync(new UnixDomainSocketEndPoint(host["a.sock"]));
    }

    // A stop in the middle of it ends both, and a second request for an upgrade changes nothing.
    [Fact]
    public async Task A_stop_while_the_new_process_starts_ends_both()
    {
        SkipUnlessLinux();
        await using var host = new UpgradeHost();
        await host.StartAsync("--port 0");
        var first = host.Serving;
        host.SwitchToScript($"echo $$ >'{host["hangs"]}.next'; mv '{host["hangs"]}.next' '{host["hangs"]}'; trap '' TERM; while :; do sleep 0.1; done");
        host.Signal(UpgradeHost.SigUsr2);
        await Eventually.TrueAsync(() => File.Exists(host["hangs"]), "the new process has started");
        host.Signal(UpgradeHost.SigUsr2);
        await host.SaysAsync("an upgrade is under way");
        host.Signal(CliProcess.SigTerm);
        await UpgradeHost.EndsAsync(first);
        Assert.False(UpgradeHost.IsAlive(int.Parse(await File.ReadAllTextAsync(host["hangs"], TestContext.Current.CancellationToken))));
        Assert.Contains("Stopped (drained)", host.Log);
    }

    [Fact]
    public async Task In_a_drain_there_is_no_upgrade()
    {
        SkipUnlessLinux();
        await using var host = new UpgradeHost();
        await host.StartAsync("--port 0");
        var first = host.Serving;
        await using var busy = await TestClient.ConnectAsync(host.Place());
        await busy.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await busy.ReadResponseAsync()).Status);
        host.Signal(CliProcess.SigTerm);
        await host.SaysAsync("Shutting down.");
        host.Signal(UpgradeHost.SigUsr2);
        await host.SaysAsync("Not upgraded, and nothing has changed: the server stops");
        await busy.SendAsync("done");
        Assert.Equal("done", (await busy.ReadResponseAsync()).Text);
        await UpgradeHost.EndsAsync(first);
        Assert.Contains("Stopped (drained)", host.Log);
    }

    // A child that inherits a descriptor keeps what it is of alive: a lock, a pipe whose end somebody waits for.
    [Fact]
    public async Task The_new_process_inherits_the_standard_streams_and_the_sockets_and_nothing_else()
    {
        SkipUnlessLinux();
        await using var host = new UpgradeHost();
        await File.WriteAllTextAsync(host["lock"], "", TestContext.Current.CancellationToken);
        await host.StartAsync("--port 0", $"exec 9>'{host["lock"]}';");
        Assert.Contains(host["lock"], Open(host.Serving));
        await host.UpgradeAsync();
        Assert.DoesNotContain(host["lock"], Open(host.Serving));
        Assert.Contains(host["log"], Open(host.Serving));
        Assert.DoesNotContain("LISTEN_PID", await File.ReadAllTextAsync($"/proc/{host.Serving}/environ", TestContext.Current.CancellationToken));
    }

    // sd_notify(3): with NotifyAccess=main the new process is heard only once the old one has said that it is the main one.
    [Fact]
    public async Task Systemd_is_told_the_main_process_before_the_new_one_is_ready_and_no_stop()
    {
        SkipUnlessLinux();
        await using var host = new UpgradeHost();
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(host["notify"]));
        using var passed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        passed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        passed.Listen(16);
        var told = new ConcurrentQueue<string>();
        var listening = ListenAsync(); // at once: a queue that is full takes no more
        await host.StartAsync(
            "--listen fd:web --listen 127.0.0.1:0",
            $"exec 3<&{SystemdTests.Inheritable(passed)}; export NOTIFY_SOCKET='{host["notify"]}' WATCHDOG_USEC=200000 WATCHDOG_PID=$$ LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web;");
        var first = host.Serving;
        for (var round = 0; round < 2; round++)
        {
            await host.UpgradeAsync();
            await AnswersAsync(passed.LocalEndPoint!);
        }

        await UpgradeHost.EndsAsync(first);
        await Eventually.TrueAsync(() => told.Count(static line => line == "READY=1") == 3 && told.Last() == "WATCHDOG=1", "the last one is alive");
        host.Signal(CliProcess.SigTerm);
        await listening;
        Assert.Equal(
            ["READY=1", "MAINPID", "READY=1", "MAINPID", "READY=1", "STOPPING=1"],
            told.Where(static line => line != "WATCHDOG=1").Select(static line => line.Split('=') is ["MAINPID", _] ? "MAINPID" : line));

        async Task ListenAsync()
        {
            while (!told.Contains("STOPPING=1"))
            {
                told.Enqueue((await SystemdTests.ReceiveAsync(manager)).Split('\n')[0]);
            }
        }
    }

    [Fact]
    public async Task Sessions_of_TLS_go_on_with_the_new_process()
    {
        SkipUnlessLinux();
        ClientProgram.SkipWithout("openssl");
        await using var host = new UpgradeHost();
        using var certificates = new CertificateFolder();
        var (certificate, key) = certificates.Write("localhost", ["localhost"]);
        await host.StartAsync($"--listen 127.0.0.1:0,tls --tls-cert '{certificate}' --tls-key '{key}'");
        Assert.Contains("New, TLSv1.2", await HandshakeAsync($"-sess_out '{host["session"]}'"));
        await host.UpgradeAsync();
        Assert.Contains("Reused, TLSv1.2", await HandshakeAsync($"-sess_in '{host["session"]}'"));

        async Task<string> HandshakeAsync(string session)
        {
            await using var client = CliProcess.StartShell(
                $"printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | openssl s_client -connect {host.Place("https")} -servername localhost -tls1_2 -ign_eof {session}");
            await client.EndAsync();
            return string.Join('\n', client.Output);
        }
    }

    [Fact]
    public async Task What_cannot_be_upgraded_says_so()
    {
        var start = new ProgramStart("/x", [[0]], []);
        Assert.Null(Upgrader.FindObstacle(isLinux: true, 2, start, usesSockets: false));
        Assert.Contains("Linux", Upgrader.FindObstacle(isLinux: false, 2, start, usesSockets: false));
        Assert.Contains("process 1", Upgrader.FindObstacle(isLinux: true, 1, start, usesSockets: false));
        Assert.Contains("--transport sockets", Upgrader.FindObstacle(isLinux: true, 2, start, usesSockets: true));
        Assert.Contains("/proc", Upgrader.FindObstacle(isLinux: true, 2, null, usesSockets: false));
        SkipUnlessLinux();
        await using var host = new UpgradeHost();
        await host.StartAsync("--port 0 --transport sockets");
        var (code, output) = await UpgradeHost.CommandAsync("--pid-file", host["pid"]);
        Assert.Equal(1, code);
        Assert.Contains("the sockets transport cannot hand its sockets over", output);
        await AnswersAsync(host.Place());
    }

    [Theory]
    [InlineData("", "Name the server")]
    [InlineData("--pid-file a --admin 1", "Name the server")]
    [InlineData("--pidfile a", "Did you mean --pid-file?")]
    [InlineData("--pid-file /none/such", "has no number of a process")]
    public async Task Mistakes_are_one_line_and_exit_1(string arguments, string said)
    {
        var (code, output) = await UpgradeHost.CommandAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(1, code);
        Assert.Contains(said, output);
        Assert.DoesNotContain('\n', output);
    }

    [Fact]
    public void Names_of_sockets_are_those_of_places_and_no_two_endpoints_share_one()
    {
        PassedSocket[] passed = [new(3, "web"), new(4, "place=127.0.0.1%3A0"), new(5, "place=127.0.0.1%3A0#1"), new(6, "place=localhost%3A80"), new(7, "place=localhost%3A80"), new(8, "admin=127.0.0.1%3A0")];
        var options = new HttpServerOptions { Endpoints = [.. ((string[])["127.0.0.1:0", "fd:3", "127.0.0.1:0", "localhost:80", "127.0.0.1:81"]).Select(HttpEndpoint.Parse)] };
        Assert.Null(HandedOverName.Resolve(passed, options, usesSockets: false));
        Assert.Equal(["4", "", "5", "6 7", ""], options.Endpoints.Select(static endpoint => string.Join(' ', endpoint.HandedOver)));
        Assert.Equal("/a:b#c%", HandedOverName.UnixPathOf(HandedOverName.OfPublic(HttpEndpoint.Unix("/a:b#c%"), 2)));
        Assert.Null(HandedOverName.UnixPathOf("web"));
        Assert.DoesNotContain(':', HandedOverName.OfPublic(HttpEndpoint.Parse("[::1]:80"), 0));
    }

    private static void SkipUnlessLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "An upgrade in place is Linux's.");

    private static string[] Places(string log) => [.. log.Split('\n').Where(static line => line.StartsWith("Listening on ", StringComparison.Ordinal)).Take(5)];

    private static Task WriteAsync(UpgradeHost host, string configuration) => File.WriteAllTextAsync(host["config.json"], configuration, TestContext.Current.CancellationToken);

    private static async Task AnswersAsync(EndPoint place)
    {
        await using var client = await TestClient.ConnectAsync(place);
        Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/plaintext"))).Text);
    }

    private static List<string> Open(int process) => [.. Directory.GetFiles($"/proc/{process}/fd").Select(static path => new FileInfo(path).LinkTarget ?? "")];
}
