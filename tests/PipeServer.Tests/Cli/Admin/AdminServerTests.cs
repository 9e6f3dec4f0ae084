using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PipeServer.Tests.Cli.Admin;

/// <summary>The admin side of a server process: alive when the public side is not, and apart from it.</summary>
public sealed class AdminServerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-admin-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_answers_while_all_workers_are_stuck_and_no_connection_is_left()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent.");
        await using var cli = await CliProcess.ServeAsync(
            "--demo", "--admin", "0", "--workers=2", "--queue=1", "--max-connections=3", "--grace=0.2", "--report", Path.Combine(_folder, "report.json"));
        var admin = await cli.AdminAsync();
        var clients = new List<TestClient>();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                clients.Add(await TestClient.ConnectAsync(cli.EndPoint));
                await clients[i].SendAsync(TestClient.Get("/sleep?ms=600000"));
            }

            await using (var refused = await TestClient.ConnectAsync(cli.EndPoint))
            {
                Assert.Equal(503, (await refused.ReadResponseAsync()).Status);
            }

            foreach (var path in new[] { "/metrics", "/healthz/live", "/healthz/ready", "/config", "/", "/status" })
            {
                Assert.Equal(200, (await AdminClient.AskAsync(admin, $"GET {path}")).Status);
            }

            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(3, await cli.EndAsync());
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }

        // None of the admin side's is in the ledger.
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "report.json"), TestContext.Current.CancellationToken));
        Assert.Equal(4, report.RootElement.GetProperty("connections").GetProperty("accepted").GetInt32());
        Assert.Equal(3, report.RootElement.GetProperty("requests").GetProperty("received").GetInt32());
    }

    // Lines that only waited to be written were counted as lost, so that the counter rose with each request and fell again.
    [Fact]
    public async Task A_line_of_the_access_log_that_waits_is_not_dropped()
    {
        await using var cli = await CliProcess.ServeAsync("--admin", "0", "--access-log", Path.Combine(_folder, "access.log"));
        var admin = await cli.AdminAsync();
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        for (var i = 0; i < 20; i++)
        {
            await client.RequestAsync(TestClient.Get("/"));
            Assert.Contains("\npipeserver_access_log_dropped_total 0\n", (await AdminClient.AskAsync(admin, "GET /metrics")).Text);
        }
    }

    [Fact]
    public async Task In_a_drain_it_is_not_ready_and_still_tells_and_it_ends_last()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent.");
        await using var cli = await CliProcess.ServeAsync("--demo", "--admin", "0");
        var admin = await cli.AdminAsync();
        Assert.Equal(200, (await AdminClient.AskAsync(admin, "GET /healthz/ready")).Status);
        await using var busy = await TestClient.ConnectAsync(cli.EndPoint);
        await busy.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await busy.ReadResponseAsync()).Status);
        await using var idle = await TestClient.ConnectAsync(admin); // one that sends nothing must not hold up the end
        cli.Signal(CliProcess.SigTerm);
        await Eventually.TrueAsync(async () => (await AdminClient.AskAsync(admin, "GET /healthz/ready")).Status == 503, "it is not ready");
        await Eventually.TrueAsync(async () => !await CanConnectAsync(cli.EndPoint), "the public side takes nobody any more");
        Assert.Equal("draining\n", (await AdminClient.AskAsync(admin, "GET /healthz/ready")).Text);
        Assert.Equal(200, (await AdminClient.AskAsync(admin, "GET /healthz/live")).Status);
        Assert.Contains("process_resident_memory_bytes", (await AdminClient.AskAsync(admin, "GET /metrics")).Text);
        await busy.SendAsync("done");
        Assert.Equal("done", (await busy.ReadResponseAsync()).Text);
        Assert.Equal(0, await cli.EndAsync());
        Assert.StartsWith("Stopped (drained)", cli.Output[^1]);
        Assert.False(await CanConnectAsync(admin));
    }

    [Fact]
    public async Task A_drain_by_post_is_the_one_of_a_signal_and_a_signal_behind_it_does_not_cut_it_short()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent.");
        await using var cli = await CliProcess.ServeAsync("--demo", "--admin", "0");
        var admin = await cli.AdminAsync();
        await using var busy = await TestClient.ConnectAsync(cli.EndPoint);
        await busy.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, (await busy.ReadResponseAsync()).Status);
        Assert.Equal(202, (await AdminClient.PostAsync(admin, "/drain")).Status);
        Assert.Equal(202, (await AdminClient.PostAsync(admin, "/drain")).Status);
        await Eventually.TrueAsync(async () => !await CanConnectAsync(cli.EndPoint), "the public side takes nobody any more");
        cli.Signal(CliProcess.SigTerm); // as Kubernetes sends it behind its hook
        Assert.Contains("goes on as it did", (await AdminClient.PostAsync(admin, "/drain")).Text);
        await busy.SendAsync("done");
        Assert.Equal("done", (await busy.ReadResponseAsync()).Text);
        Assert.Equal(0, await cli.EndAsync());
        Assert.StartsWith("Stopped (drained)", cli.Output[^1]);
    }

    [Fact]
    public async Task A_signal_behind_a_second_signal_still_forces_a_drain_by_post()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent.");
        await using var cli = await CliProcess.ServeAsync("--demo", "--admin", "0");
        var admin = await cli.AdminAsync();
        await using var busy = await TestClient.ConnectAsync(cli.EndPoint);
        await busy.SendAsync(TestClient.Get("/sleep?ms=600000"));
        Assert.Equal(202, (await AdminClient.PostAsync(admin, "/drain")).Status);
        await Eventually.TrueAsync(async () => !await CanConnectAsync(cli.EndPoint), "the public side takes nobody any more");
        cli.Signal(CliProcess.SigTerm);
        await Task.Delay(200, TestContext.Current.CancellationToken); // two signals at once may be one
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(2, await cli.EndAsync());
    }

    [Fact]
    public async Task The_configuration_tells_values_and_sources_and_no_secrets()
    {
        await using var cli = await CliProcess.ServeAsync("--admin", "0", "--header", "X-Key: hunter2", "--workers=3");
        var admin = await cli.AdminAsync();
        var response = await AdminClient.AskAsync(admin, "GET /config");
        Assert.DoesNotContain("hunter2", response.Text);
        using var json = JsonDocument.Parse(response.Text);
        var options = json.RootElement.GetProperty("options").EnumerateArray()
            .ToDictionary(static option => option.GetProperty("name").GetString()!, static option => (option.GetProperty("value").GetString(), option.GetProperty("source").GetString()));
        Assert.Equal(("3", "command line"), options["--workers"]);
        Assert.Equal(("(hidden)", "command line"), options["--header"]);
        Assert.Equal(("none", "default"), options["--mime"]);
        Assert.Equal(("0", "command line"), options["--admin"]);
    }

    [Fact]
    public async Task A_unix_socket_is_its_owners_alone_and_goes_with_the_process()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes of files, and signals.");
        var path = Path.Combine(_folder, "admin.sock");
        await using var cli = await CliProcess.ServeAsync("--admin", $"unix:{path}");
        Assert.Contains($"Admin on unix:{path}", cli.Output);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        var place = new UnixDomainSocketEndPoint(path);
        Assert.Equal(200, (await AdminClient.AskAsync(place, "GET /metrics", "Host: whatever.example")).Status);
        Assert.Equal(403, (await AdminClient.AskAsync(place, "POST /drain")).Status);
        Assert.Equal(202, (await AdminClient.PostAsync(place, "/drain")).Status);
        Assert.Equal(0, await cli.EndAsync());
        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("serve", "0.0.0.0:0")]
    [InlineData("check", "0.0.0.0:0")]
    [InlineData("serve", "[::]:0")]
    [InlineData("check", "192.0.2.1:9090")]
    public async Task Beyond_loopback_it_wants_users(string command, string place)
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, command, _folder, "--port", "0", "--admin", place);
        Assert.Equal(1, await cli.EndAsync());
        var error = Assert.Single(cli.Errors);
        Assert.StartsWith($"pipeserver: --admin {place}: other machines may reach that address, so a password is needed: ", error);
        Assert.Contains("--admin-auth-file", error);
    }

    [Fact]
    public async Task Beyond_loopback_with_users_it_asks_for_one_and_a_wrong_password_is_logged()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "crypt(3) is needed.");
        var users = Path.Combine(_folder, "users");
        var hash = PipeServer.StaticFiles.Crypt.Hash("secret"u8.ToArray(), "$6$rounds=1000$salt$")!;
        await File.WriteAllTextAsync(users, $"bob:{System.Text.Encoding.ASCII.GetString(hash)}\n", TestContext.Current.CancellationToken);
        await using var cli = await CliProcess.ServeAsync("--admin", "0.0.0.0:0", "--admin-auth-file", users);
        var admin = await cli.AdminAsync();
        Assert.Equal(401, (await AdminClient.AskAsync(admin, "GET /metrics")).Status);
        Assert.Equal(200, (await AdminClient.AskAsync(admin, "GET /metrics", "Authorization: Basic Ym9iOnNlY3JldA==")).Status);
        await Eventually.TrueAsync(
            () => cli.Output.Any(static line => line.Contains("warning: Refused 127.0.0.1:") && line.Contains(": 401, no user and no password came")),
            "the refusal is logged");
    }

    // Each reload forgot which passwords had been right, and waited itself for the worker that checks them: while somebody guessed, a scraper that had been
    // let in before waited for all the guesses, and so did the operator's reload.
    [Fact]
    public async Task Who_guesses_holds_up_neither_a_reload_nor_who_was_let_in_before_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "crypt(3) is needed.");
        var users = Path.Combine(_folder, "users");
        var hash = PipeServer.StaticFiles.Crypt.Hash("secret"u8.ToArray(), "$6$rounds=700000$salt$")!;
        await File.WriteAllTextAsync(users, $"bob:{System.Text.Encoding.ASCII.GetString(hash)}\n", TestContext.Current.CancellationToken);
        await using var cli = await CliProcess.ServeAsync("--admin", "0", "--admin-auth-file", users);
        var admin = await cli.AdminAsync();
        const string Right = "Authorization: Basic Ym9iOnNlY3JldA==";
        Assert.Equal(200, (await AdminClient.AskAsync(admin, "GET /healthz/live", Right)).Status);
        var guesses = new Task<TestResponse>[6];
        for (var i = 0; i < guesses.Length; i++)
        {
            var guess = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"bob:{i}"));
            guesses[i] = AdminClient.AskAsync(admin, "GET /metrics", $"Authorization: Basic {guess}");
        }

        Assert.Equal(200, (await AdminClient.AskAsync(admin, "POST /reload", Right, "X-PipeServer-Admin: 1")).Status);
        Assert.Equal(200, (await AdminClient.AskAsync(admin, "GET /healthz/live", Right)).Status);
        Assert.Contains(guesses, static guess => !guess.IsCompleted);
        Assert.All(await Task.WhenAll(guesses), static response => Assert.Equal(401, response.Status));
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("check")]
    public async Task A_file_of_users_that_is_not_there_is_told_at_the_start(string command)
    {
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer, command, _folder, "--port", "0", "--admin", "0", "--admin-auth-file", Path.Combine(_folder, "nobody"));
        Assert.Equal(1, await cli.EndAsync());
        Assert.StartsWith("pipeserver: --admin-auth-file: Could not find file ", Assert.Single(cli.Errors));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_by_the_option()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", _folder, "--port", "0", "--admin", $"{port}");
        Assert.Equal(1, await cli.EndAsync());
        Assert.Equal(
            $"pipeserver: --admin {port}: cannot listen there: it is in use. Stop the other program, or choose another place; port 0 takes a free one.",
            Assert.Single(cli.Errors));
    }

    // What listens everywhere listens there too: the check found nothing, and the start named the port as another program's.
    [Theory]
    [InlineData("127.0.0.1:7001", "--listen=0.0.0.0:7001")]
    [InlineData("7001", "--listen=[::]:7001")]
    [InlineData("localhost:7001", "--port=7001")]
    [InlineData("[::1]:7001", "--listen=localhost:7001")]
    [InlineData("localhost:7001", "--listen=0.0.0.0:7001")]
    [InlineData("7001", "--port=7001")]
    [InlineData("127.0.0.1:7001", "--listen=127.0.0.1:7001")]
    [InlineData("unix:/tmp/ps-both.sock", "--address=unix:/tmp/ps-both.sock")]
    public async Task The_place_of_the_public_side_is_not_the_admin_sides(string place, string option)
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "check", _folder, option, "--admin", place);
        Assert.Equal(1, await cli.EndAsync());
        Assert.StartsWith($"pipeserver: --admin {place}: the public side listens there.", Assert.Single(cli.Errors));
    }

    [Theory]
    [InlineData("[::1]:7001", "--listen=0.0.0.0:7001")]
    [InlineData("127.0.0.2:7001", "--listen=127.0.0.1:7001")]
    [InlineData("7002", "--listen=0.0.0.0:7001")]
    [InlineData("0", "--listen=[::]:0")]
    public async Task Another_place_may_have_the_same_port(string place, string option)
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "check", _folder, option, "--admin", place);
        Assert.Equal(0, await cli.EndAsync());
    }

    // What has been started by then must end as well.
    [Fact]
    public async Task A_public_port_that_is_taken_ends_the_admin_side_too()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var path = Path.Combine(_folder, "admin.sock");
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer, "serve", _folder, "--port", $"{((IPEndPoint)taken.LocalEndPoint!).Port}", "--admin", $"unix:{path}");
        Assert.Equal(1, await cli.EndAsync());
        Assert.Contains("the port is in use", Assert.Single(cli.Errors));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public async Task Without_the_option_there_is_no_thread_and_no_socket_more()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is needed.");
        await using var without = await CliProcess.ServeAsync("--loops=1");
        await using var with = await CliProcess.ServeAsync("--loops=1", "--admin", "0");
        await with.AdminAsync();
        Assert.Equal((1, 2), (Loops(without.Id), Loops(with.Id)));

        static int Loops(int process) => ThreadNames.Of(process).Count(static name => name.StartsWith("loop-", StringComparison.Ordinal));
    }

    // It had what the public side left by chance.
    [Fact]
    public async Task Public_connections_leave_it_its_descriptors()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Descriptors of Linux are counted.");
        Assert.InRange(await ConnectionsAsync("") - await ConnectionsAsync("--admin 0"), 28, 60);

        async Task<int> ConnectionsAsync(string options)
        {
            await using var cli = CliProcess.StartShell(
                $"ulimit -n 300; exec {CliProcess.PipeServerCommand} serve '{_folder}' --port 0 --loops 1 {options}");
            await cli.ListeningAsync();

            // It told --max-connections, which is more than it would serve.
            await Eventually.TrueAsync(
                () => cli.Output.Any(static line => Regex.IsMatch(line, @"at most \d{2,3} connections \(ulimit -n allows no more\);")), "it tells how many");
            var clients = new List<TestClient>();
            try
            {
                do
                {
                    clients.Add(await TestClient.ConnectAsync(cli.EndPoint));
                    Assert.InRange(clients.Count, 0, 300);
                }
                while ((await clients[^1].RequestAsync(TestClient.Get("/"))).Status != 503);
                return clients.Count;
            }
            finally
            {
                foreach (var client in clients)
                {
                    await client.DisposeAsync();
                }
            }
        }
    }

    private static async Task<bool> CanConnectAsync(IPEndPoint place)
    {
        using var socket = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(place);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
