using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PipeServer.Tests.Cli;

/// <summary>The command-line server as its user meets it: processes, signals, exit codes, lines on the console.</summary>
public sealed class CommandLineServerTests
{
    private const string NoSignals = "Signals cannot be sent to a process on Windows.";

    [Fact]
    public async Task Files_and_demo_routes_are_below_the_base_path()
    {
        await using var cli = await CliProcess.ServeAsync("--demo", "--health", "--base-path", "/files/", "--immutable", "*.css", "--immutable", "favicon.*");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        foreach (var (target, status) in new[]
        {
            ("/files/", 200), ("/files", 301), ("/files/style.css", 200), ("/files/plaintext", 200), ("/files/sleep?ms=0", 200), ("/healthz/live", 200),
            ("/", 404), ("/plaintext", 404), ("/filesX", 404), ("/style.css", 404),
        })
        {
            Assert.Equal((target, status), (target, (await client.RequestAsync(TestClient.Get(target))).Status));
        }

        Assert.Equal("max-age=31536000, immutable", (await client.RequestAsync(TestClient.Get("/files/style.css")))["Cache-Control"]);
        Assert.Null((await client.RequestAsync(TestClient.Get("/files/")))["Cache-Control"]);
    }

    [Fact]
    public async Task It_serves_the_site_and_the_demo_routes()
    {
        await using var cli = await CliProcess.ServeAsync("--demo");
        Assert.StartsWith("Listening on http://127.0.0.1:", cli.Output[0]);
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        var index = await client.RequestAsync(TestClient.Get("/"));
        Assert.Equal(200, index.Status);
        Assert.Equal(await File.ReadAllTextAsync(Repository.Path("wwwroot", "index.html")), index.Text);
        var nothing = await client.RequestAsync(TestClient.Get("/nothing"));
        Assert.Equal(404, nothing.Status);
        Assert.Equal(await File.ReadAllTextAsync(Repository.Path("wwwroot", "404.html")), nothing.Text);
        foreach (var target in new[] { "/plaintext", "/worker/plaintext" })
        {
            var plaintext = await client.RequestAsync(TestClient.Get(target));
            Assert.Equal("Hello, World!", plaintext.Text);
            Assert.Equal("13", plaintext["Content-Length"]);
            Assert.Equal("text/plain", plaintext["Content-Type"]);
        }

        var json = await client.RequestAsync(TestClient.Get("/json"));
        Assert.Equal("""{"message":"Hello, World!"}""", json.Text);
        Assert.Equal("application/json", json["Content-Type"]);
        Assert.Equal("ping", (await client.RequestAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nping")).Text);
        Assert.Equal(index.Text, (await client.RequestAsync(TestClient.Get("/sleep?ms=20"))).Text);
        Assert.Equal(400, (await client.RequestAsync(TestClient.Get("/sleep?ms=x"))).Status);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Either_transport_serves_the_same(string transport)
    {
        await using var cli = await CliProcess.ServeAsync("--demo", "--transport", transport, "--loops", "3");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/plaintext"))).Text);
        Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/worker/plaintext"))).Text);
        await client.DisposeAsync();
        if (!OperatingSystem.IsWindows())
        {
            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());
            Assert.DoesNotContain(cli.Output, static line => line.Contains("epoll is not available"));
        }
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_unix_socket_is_served_and_gone_after_the_stop(string transport)
    {
        Assert.SkipUnless(Socket.OSSupportsUnixDomainSockets && !OperatingSystem.IsWindows(), "Unix sockets and signals are needed.");
        var path = Path.Combine(Path.GetTempPath(), $"ps-{Guid.NewGuid():N}.sock");
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer, "serve", Repository.Path("wwwroot"), "--demo", "--address", $"unix:{path}", "--transport", transport);
        await Eventually.TrueAsync(() => cli.Output.Contains($"Listening on unix:{path}"), "it listens");
        await using (var client = await TestClient.ConnectAsync(new UnixDomainSocketEndPoint(path)))
        {
            Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/worker/plaintext"))).Text);
        }

        await using (var second = CliProcess.Start(CliProcess.PipeServer, "serve", Repository.Path("wwwroot"), "--address", $"unix:{path}"))
        {
            Assert.Equal(1, await second.EndAsync());
            Assert.Contains("it is in use", Assert.Single(second.Errors));
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Contains("connections: 1 accepted, 1 closed", cli.Output[^1]);
        Assert.False(File.Exists(path));
    }

    // No descriptor left: clients wait in the backlog, the accept loop backs off instead of spinning, and goes on by itself. The
    // runtime ended the process, because it could not make a thread for the back-off's timer.
    [Fact]
    public async Task A_server_without_descriptors_waits_and_recovers()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "prlimit (util-linux) is needed to take descriptors from a running process.");
        await using var cli = await CliProcess.ServeAsync("--demo");
        await using var first = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal(200, (await first.RequestAsync(TestClient.Get("/plaintext"))).Status);
        var open = Directory.GetFiles($"/proc/{cli.Id}/fd").Length;
        await LimitAsync(open);
        var limited = Stopwatch.StartNew();

        // The limit is one of numbers, not of how many are open: as many more clients are accepted as there are gaps in the numbers. One gap
        // was enough for a test that expected the first of them to wait.
        var others = new List<TestClient>();
        Task<TestResponse> last;
        do
        {
            others.Add(await TestClient.ConnectAsync(cli.EndPoint));
            await others[^1].SendAsync(TestClient.Get("/plaintext"));
            last = others[^1].ReadResponseAsync();
            await Eventually.TrueAsync(() => last.IsCompleted || Failures() > 0, "it is accepted, or the accept fails");
        }
        while (Failures() == 0);

        Assert.Equal(200, (await first.RequestAsync(TestClient.Get("/worker/plaintext"))).Status);
        Assert.InRange(Failures(), 1, 12 + limited.Elapsed.TotalSeconds); // it waits twice as long each time, up to a second
        await LimitAsync(open + 1000);
        Assert.Equal(200, (await last).Status);
        foreach (var other in others)
        {
            await other.DisposeAsync();
        }

        int Failures() => cli.Output.Count(static line => line.Contains("Accepting failed"));

        async Task LimitAsync(int files)
        {
            using var prlimit = Process.Start("/usr/bin/prlimit", ["--pid", $"{cli.Id}", $"--nofile={files}:"]);
            await prlimit.WaitForExitAsync();
            Assert.Equal(0, prlimit.ExitCode);
        }
    }

    [Fact]
    public async Task Without_demo_there_are_only_files()
    {
        await using var cli = await CliProcess.ServeAsync();
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/plaintext"))).Status);
    }

    // The Book's picture: as many sleepers as workers sleep together, one more waits, and inline routes do not care.
    [Fact]
    public async Task Sleepers_share_the_workers_and_inline_routes_answer_at_once()
    {
        await using var cli = await CliProcess.ServeAsync("--demo", "--workers", "4");
        await using var inline = await TestClient.ConnectAsync(cli.EndPoint);
        await inline.RequestAsync(TestClient.Get("/plaintext"));
        var started = Stopwatch.GetTimestamp();
        var sleepers = Enumerable.Range(0, 5).Select(_ => SleepAsync()).ToList();
        var first = await Task.WhenAny(sleepers);
        Assert.False(first.IsFaulted);
        var plaintext = await inline.RequestAsync(TestClient.Get("/plaintext"));
        Assert.Equal("Hello, World!", plaintext.Text);
        var times = (await Task.WhenAll(sleepers)).Order().ToList();
        // Four finish after one nap, the fifth after two: told by the order of events, with the naps as lower bounds.
        Assert.All(times, static time => Assert.True(time >= TimeSpan.FromMilliseconds(990)));
        Assert.True(times[4] >= TimeSpan.FromMilliseconds(1990), $"{times[4]}");
        Assert.True(times[3] < times[4] - TimeSpan.FromMilliseconds(300), $"{times[3]} {times[4]}");

        async Task<TimeSpan> SleepAsync()
        {
            await using var client = await TestClient.ConnectAsync(cli.EndPoint);
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/sleep?ms=1000"))).Status);
            return Stopwatch.GetElapsedTime(started);
        }
    }

    [Fact]
    public async Task Sigterm_during_a_sleep_answers_it_whole_and_exits_0_with_the_books_lines()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), NoSignals);
        var report = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using var cli = await CliProcess.ServeAsync("--demo", "--workers", "2", "--report", report, "--log-level", "debug");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        await client.SendAsync(TestClient.Get("/sleep?ms=700"));
        await Eventually.TrueAsync(() => cli.Output.Any(static line => Regex.IsMatch(line, "Z Worker [01] got a job; executing.$")), "it sleeps");
        cli.Signal(CliProcess.SigTerm);
        var response = await client.ReadResponseAsync();
        Assert.Equal(200, response.Status);
        Assert.Equal(await File.ReadAllTextAsync(Repository.Path("wwwroot", "index.html")), response.Text);
        Assert.Equal("close", response["Connection"]);
        Assert.True(await client.IsClosedAsync());
        await client.DisposeAsync();
        Assert.Equal(0, await cli.EndAsync());

        var lines = cli.Output.Select(static line => Regex.Replace(line, "^[-0-9]+T[:.0-9]+Z ", "")).ToList();
        var shuttingDown = lines.IndexOf("Shutting down.");
        Assert.True(shuttingDown > 0);
        foreach (var line in new[]
        {
            "Shutting down worker 0", "Shutting down worker 1", "Worker 0 disconnected; shutting down.", "Worker 1 disconnected; shutting down.",
        })
        {
            Assert.InRange(lines.IndexOf(line), shuttingDown + 1, lines.Count - 2);
        }

        Assert.StartsWith("Stopped (drained) in ", lines[^1]);
        Assert.EndsWith("connections: 1 accepted, 1 closed, 0 aborted; requests: 1 received, 1 completed, 0 refused, 0 aborted.", lines[^1]);
        Assert.Empty(cli.Errors);

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(report));
        File.Delete(report);
        var root = json.RootElement;
        Assert.Equal("drained", root.GetProperty("outcome").GetString());
        Assert.True(root.GetProperty("elapsedSeconds").GetDouble() > 0);
        Assert.Equal("""{"accepted":1,"closed":1,"aborted":0,"refused":0}""", root.GetProperty("connections").GetRawText());
        Assert.Equal("""{"received":1,"completed":1,"refused":0,"aborted":0}""", root.GetProperty("requests").GetRawText());
        var runtime = root.GetProperty("runtime");
        Assert.True(runtime.GetProperty("allocatedBytes").GetInt64() > 0);
        Assert.True(runtime.GetProperty("gen0Collections").GetInt32() >= 0);
        Assert.True(runtime.GetProperty("peakWorkingSetBytes").GetInt64() > 0);
    }

    [Theory]
    [InlineData(CliProcess.SigTerm)]
    [InlineData(CliProcess.SigInt)]
    public async Task A_second_signal_forces_the_stop_and_exits_2(int signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), NoSignals);
        await using var cli = await CliProcess.ServeAsync("--demo");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        await client.RequestAsync(TestClient.Get("/plaintext"));
        await client.SendAsync(TestClient.Get("/sleep?ms=60000"));
        await using var idle = await TestClient.ConnectAsync(cli.EndPoint);
        await idle.RequestAsync(TestClient.Get("/plaintext"));
        cli.Signal(signal);
        await Eventually.TrueAsync(() => cli.Output.Contains("Shutting down."), "the first signal arrives");
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(2, await cli.EndAsync());
        Assert.Contains("1 aborted.", cli.Output[^1]);
        await Assert.ThrowsAnyAsync<IOException>(() => client.ReadResponseAsync());
    }

    [Fact]
    public async Task The_end_of_the_grace_period_aborts_and_exits_3()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), NoSignals);
        await using var cli = await CliProcess.ServeAsync("--demo", "--grace", "0.3");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        await client.RequestAsync(TestClient.Get("/plaintext"));
        await client.SendAsync(TestClient.Get("/sleep?ms=60000"));
        await using var other = await TestClient.ConnectAsync(cli.EndPoint);
        await other.RequestAsync(TestClient.Get("/worker/plaintext"));
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(3, await cli.EndAsync());
        Assert.StartsWith("Stopped (timedOut)", cli.Output[^1]);
        Assert.Contains(cli.Output, static line => line.Contains(" warning: Cut off (the grace period has passed): GET /sleep?ms=60000, "));
        Assert.Contains("worker-", cli.Output.Single(static line => line.Contains("Cut off")));
    }

    [Fact]
    public async Task Exit_after_two_answers_two_and_refuses_the_third()
    {
        await using var cli = await CliProcess.ServeAsync("--exit-after", "2");
        for (var i = 0; i < 2; i++)
        {
            await using var client = await TestClient.ConnectAsync(cli.EndPoint);
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/", "Connection: close"))).Status);
        }

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var client = await TestClient.ConnectAsync(cli.EndPoint);
            await client.RequestAsync(TestClient.Get("/"));
        });
        Assert.Equal(0, await cli.EndAsync());
        Assert.EndsWith("connections: 2 accepted, 2 closed, 0 aborted; requests: 2 received, 2 completed, 0 refused, 0 aborted.", cli.Output[^1]);
    }

    [Theory]
    [InlineData("--port", "70000", "--port must be a whole number from 0 to 65535; '70000' is not")]
    [InlineData("--workers", "0", "--workers must be a whole number from 1 to 4096; '0' is not")]
    [InlineData("--queue", "0", "--queue must be a whole number from 1")]
    [InlineData("--grace", "-1", "--grace must be from 0")]
    [InlineData("--exit-after", "0", "--exit-after must be a whole number from 1 on")]
    [InlineData("--address", "nowhere", "--address must be an IPv4 or IPv6 address, localhost, or unix:PATH; 'nowhere' is not")]
    [InlineData("--frobnicate", "1", "--frobnicate")]
    [InlineData("--port", "x", "--port must be a whole number from 0 to 65535; 'x' is not")]
    [InlineData("--grace", "NaN", "--grace must be from 0")]
    [InlineData("--grace", "1,5", "--grace must be from 0")]
    [InlineData("--report", "", "--report must not be empty")]
    [InlineData("--exit-after", "-1", "--exit-after must be a whole number from 1 on; '-1' is not")]
    [InlineData("--log-level", "loud", "--log-level must be trace, debug,")]
    [InlineData("--log-level", "3", "--log-level must be trace, debug,")]
    [InlineData("--report", "/no/such/folder/report.json", "--report /no/such/folder/report.json: ")]
    [InlineData("--rate-limit", "10", "--rate-limit: '10' is not a rate: it must be like 10/s or 600/m, or 10/s:50 with a burst; the rate from 0.001 to 1000000")]
    [InlineData("--rate-limit", "", "--rate-limit must not be empty")]
    [InlineData("--forwarded", "xff", "--forwarded must be x-forwarded-for, forwarded or none; 'xff' is not")]
    [InlineData("--trusted-proxy", "10.0.0.0/33", "--trusted-proxy must be a network like 10.0.0.0/8, an address, or unix; '10.0.0.0/33' is not")]
    [InlineData("--max-request-head", "1000", "--max-request-head must not be below --max-request-line")]
    public async Task A_bad_option_is_named_in_one_line_and_exits_1(string option, string value, string message)
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", Repository.Path("wwwroot"), option, value);
        Assert.Equal(1, await cli.EndAsync());
        Assert.Empty(cli.Output);
        var line = Assert.Single(cli.Errors);
        Assert.StartsWith("pipeserver: ", line);
        Assert.Contains(message, line);
    }

    [Fact]
    public async Task A_missing_root_and_a_port_in_use_are_named_and_exit_1()
    {
        await using (var cli = CliProcess.Start(CliProcess.PipeServer, "serve", "no-such-folder"))
        {
            Assert.Equal(1, await cli.EndAsync());
            Assert.Contains("no-such-folder' does not exist. Name the folder to serve: pipeserver serve FOLDER", Assert.Single(cli.Errors));
        }

        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
        await using (var cli = CliProcess.Start(CliProcess.PipeServer, "serve", Repository.Path("wwwroot"), "-p", port))
        {
            Assert.Equal(1, await cli.EndAsync());
            Assert.Equal(
                $"pipeserver: cannot listen on 127.0.0.1 port {port}: the port is in use. Stop the other program, or choose another with --port (0 takes a free one).",
                Assert.Single(cli.Errors));
        }
    }

    [Fact]
    public async Task Help_tells_every_option()
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", "--help");
        Assert.Equal(0, await cli.EndAsync());
        var help = string.Join('\n', cli.Output);
        Assert.InRange(cli.Output.Count, 30, 90); // one screen
        Assert.All(cli.Output, static line => Assert.InRange(line.Length, 0, 122));
        var page = await File.ReadAllTextAsync(Repository.Path("docs", "command-line.md"));
        foreach (var option in new[]
        {
            "--address", "--port", "--transport", "--loops", "--workers", "--queue", "--demo", "--exit-after", "--grace", "--report", "--log-level", "--quiet", "--max-connections", "--backlog",
            "--max-request-line", "--max-request-head", "--max-request-headers", "--max-request-body", "--keep-alive-timeout", "--head-timeout", "--body-timeout", "--write-timeout",
            "--drain-delay", "--drain-idle", "--overload", "--queue-timeout", "--max-connections-per-ip", "--min-rate", "--health", "--reuse-port",
            "--index", "--browse", "--spa", "--ext", "--mime", "--compress", "--cache", "--header", "--cors", "--attachment", "--auth-file", "--hidden", "--follow-symlinks", "--immutable", "--base-path", "--max-sorted",
            "--file-cache", "--file-cache-max", "--file-cache-count", "--config", "--etag", "--server-header", "--date",
        })
        {
            Assert.Contains(option, help);
            Assert.Contains(option, page);
        }
    }
}
