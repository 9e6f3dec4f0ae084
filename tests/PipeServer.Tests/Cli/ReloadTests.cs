using System.Text;
using System.Text.Json;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.Cli;

/// <summary>SIGHUP, as an operator sends it to the program: users, headers, limits and logs change, and nothing that is under way notices.</summary>
public sealed class ReloadTests : IDisposable
{
    private const string NoSignals = "Signals of this kind are Unix's.";

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-reload-").FullName;

    public ReloadTests()
    {
        Directory.CreateDirectory(Path("www"));
        File.WriteAllText(Path("www/a.txt"), "hello");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Users_headers_and_what_is_served_change()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        Users(("ann", "a1"), ("bob", "b1"));
        await using var cli = await ServeAsync(new { root = "www", auth_file = "users", header = new[] { "X-A: 1" }, cache = 60 });
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        var before = await AskAsync(client, "ann", "a1");
        Assert.Equal((200, "1", "max-age=60"), (before.Status, before["X-A"], before["Cache-Control"]));
        Users(("ann", "a2"));
        Directory.CreateDirectory(Path("next"));
        File.WriteAllText(Path("next/a.txt"), "next");
        Configure(new { root = "next", auth_file = "users", header = new[] { "X-B: 2" }, browse = true });
        await ReloadAsync(cli, "Reloaded: ROOT, --browse, --cache, --header and --auth-file changed.");
        Assert.Equal(401, (await AskAsync(client, "ann", "a1")).Status);
        Assert.Equal(401, (await AskAsync(client, "bob", "b1")).Status);
        var after = await AskAsync(client, "ann", "a2");
        Assert.Equal((200, "next", null, "2", null), (after.Status, after.Text, after["X-A"], after["X-B"], after["Cache-Control"]));
        Assert.Equal(200, (await AskAsync(client, "ann", "a2", "/")).Status);

        // The file says no more of it: back to the defaults, and everybody may read.
        Configure(new { root = "next" });
        await ReloadAsync(cli, "Reloaded: --browse, --header and --auth-file changed.");
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/"))).Status);
        Assert.Equal("next", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        File.WriteAllText(Path("next/50x.html"), "sorry");
        await ReloadAsync(cli, "Reloaded: 50x.html changed.");
        await EndAsync(cli);
    }

    [Fact]
    public async Task What_replicas_share_of_their_answers_changes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync(new { root = "www" });
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        var before = await client.RequestAsync(TestClient.Get("/a.txt"));
        Assert.Equal(("PipeServer", true), (before["Server"], before["Date"] is not null));
        Configure(new { root = "www", etag = "content", server_header = "none", date = "off" });
        await ReloadAsync(cli, "Reloaded: --etag, --server-header and --date changed.");
        var after = await client.RequestAsync(TestClient.Get("/a.txt"));
        Assert.Equal((null, null, 34), (after["Server"], after["Date"], after["ETag"]?.Length));
        Assert.NotEqual(before["ETag"], after["ETag"]);
        await EndAsync(cli);
    }

    // A closed terminal sends it, and so does logrotate every night.
    [Fact]
    public async Task With_nothing_changed_it_says_so_in_one_line()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await CliProcess.ServeAsync();
        await ReloadAsync(cli, "Reloaded: nothing changed."); // by now the start has said all that it has to say
        var lines = cli.Output.Count;
        await ReloadAsync(cli, "Reloaded: nothing changed.");
        Assert.Equal(lines + 1, cli.Output.Count);
        await EndAsync(cli);
    }

    // nohup has the signal ignored, and what is ignored the runtime does not watch for: nothing happened, and logs were not opened anew either.
    [Fact]
    public async Task It_is_heard_under_nohup()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = CliProcess.StartShell($"trap '' HUP; exec {CliProcess.PipeServerCommand} serve '{Path("www")}' --port 0");
        await cli.ListeningAsync();
        await ReloadAsync(cli, "Reloaded: nothing changed.");
        await ReloadAsync(cli, "Reloaded: nothing changed.");
        await EndAsync(cli);
    }

    [Fact]
    public async Task Limits_change_for_new_connections_only()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync(new { root = "www" });
        await using var old = await TestClient.ConnectAsync(cli.EndPoint);
        var large = TestClient.Get("/a.txt", "X: " + new string('x', 500));
        Assert.Equal(200, (await old.RequestAsync(large)).Status);
        Configure(new { root = "www", max_request_line = 100, max_request_head = 400, max_connections = 2 });
        await ReloadAsync(cli, "Reloaded: --max-connections, --max-request-line and --max-request-head changed.");
        await using (var later = await TestClient.ConnectAsync(cli.EndPoint))
        {
            Assert.Equal(431, (await later.RequestAsync(large)).Status);
        }

        Assert.Equal(200, (await old.RequestAsync(large)).Status);
        TestClient? second = null;
        await Eventually.TrueAsync(
            async () =>
            {
                second = await TestClient.ConnectAsync(cli.EndPoint);
                return (await second.RequestAsync(TestClient.Get("/a.txt"))).Status == 200;
            },
            "there is room for a second one");
        await using var open = second!;
        await using var third = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal(503, (await third.ReadHeadAsync()).Status);
        await EndAsync(cli);
    }

    [Fact]
    public async Task What_needs_a_restart_is_named_in_one_line_and_stays()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync(new { root = "www", workers = 3 });
        Configure(new { root = "www", workers = 5, backlog = 7, access_log = "log", header = new[] { "X-A: 1" } });
        for (var round = 0; round < 2; round++)
        {
            await ReloadAsync(cli, round == 0 ? "Reloaded: --header changed." : "Reloaded: nothing changed.");
            await Eventually.TrueAsync(
                () => cli.Output.Count(static line => line.EndsWith(
                    " warning: --workers, --access-log and --backlog keep their values until a restart.", StringComparison.Ordinal)) == round + 1,
                "it is said");
        }

        Configure(new { root = "www", workers = 3, backlog = 7 });
        await ReloadAsync(cli, "Reloaded: --header changed.");
        await Eventually.TrueAsync(() => cli.Output.Any(static line => line.EndsWith(" --backlog keeps its value until a restart.")), "it is said");
        await EndAsync(cli);
    }

    // The same words as those of check, and the service and its exit code are as they were. Logs are opened anew all the same.
    [Fact]
    public async Task A_mistake_changes_nothing_and_is_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        Users(("ann", "a1"));
        var good = new { root = "www", auth_file = "users", header = new[] { "X-A: 1" }, access_log = "log" };
        await using var cli = await ServeAsync(good);
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal(200, (await AskAsync(client, "ann", "a1")).Status);
        var rounds = 0;
        foreach (var (spoil, expected) in new (Action, string)[]
        {
            (() => File.WriteAllText(Path("config.json"), "{ \"header\": "), $"{Path("config.json")}: "),
            (() => Configure(new { root = "www", hedaer = "X: 1" }), "there is no option \"hedaer\" for a file. Did you mean header?"),
            (() => Configure(new { root = "www", header = new[] { "X-A: 2" }, max_connections = 0 }), "--max-connections"),
            (() => Configure(new { root = "www", header = new[] { "X-A: 2" }, listen = new[] { "nowhere:x" } }), "--listen"),
            (() => Configure(new { root = "none", header = new[] { "X-A: 2" } }), "Name the folder to serve"),
            (() => Configure(new { root = "www", header = new[] { "X-A: 2" }, auth_file = "none" }), "--auth-file: "),
            (() => Configure(new { root = "www", header = new[] { "X-A: 2" }, spa = "none" }), "--spa: there is no file 'none'"),
            (() => Configure(new { root = "www", header = new[] { "X-A: 2" }, access_log = "no/log" }), "--access-log "),
            (() => File.Delete(Path("config.json")), $"--config {Path("config.json")}: "),
        })
        {
            spoil();
            rounds++;
            File.Move(Path("log"), Path("log." + rounds));
            await ReloadAsync(cli, null);
            var line = cli.Output[^1].Contains("is opened anew") ? cli.Output[^2] : cli.Output[^1];
            Assert.Contains(" error: Not reloaded, and nothing has changed: ", line);
            Assert.Contains(expected, line);
            if (File.Exists(Path("config.json")))
            {
                await using var check = CliProcess.Start(CliProcess.PipeServer, "check", "--config", Path("config.json"));
                Assert.Equal(1, await check.EndAsync());
                var told = line[(line.IndexOf("changed: ", StringComparison.Ordinal) + 9)..].TrimEnd('.');
                Assert.Contains(told, Assert.Single(check.Errors));
            }

            var answer = await AskAsync(client, "ann", "a1");
            Assert.Equal((200, "1"), (answer.Status, answer["X-A"]));
            await Eventually.TrueAsync(() => File.Exists(Path("log")), "the log is opened anew");
        }

        Configure(good);
        File.WriteAllText(Path("users"), "ann:plain");
        await ReloadAsync(cli, null);
        Assert.Contains(cli.Output, static line => line.Contains("--auth-file: line 1 of "));
        Users(("ann", "a1"));
        await ReloadAsync(cli, "Reloaded: nothing changed.");
        await EndAsync(cli);
    }

    // A variable and an argument go before the file, then as at the start.
    [Fact]
    public async Task The_command_line_and_the_environment_still_go_before_the_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        Configure(new { root = "www", header = "X-A: file", cache = 1, browse = false });
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["PIPESERVER_CACHE"] = "7" },
            "serve", "--port", "0", "--config", Path("config.json"), "--header", "X-A: argument");
        await cli.ListeningAsync();
        Configure(new { root = "www", header = "X-A: other", cache = 2, browse = true });
        await ReloadAsync(cli, "Reloaded: --browse changed.");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        var answer = await client.RequestAsync(TestClient.Get("/a.txt"));
        Assert.Equal(("argument", "max-age=7"), (answer["X-A"], answer["Cache-Control"]));
        await EndAsync(cli);
    }

    [Fact]
    public async Task Level_and_form_of_the_log_change()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync(new { root = "www", log_level = "error" });
        Configure(new { root = "www", log_format = "json" });
        await ReloadAsync(cli, "Reloaded: --log-level and --log-format changed.");
        using var line = JsonDocument.Parse(cli.Output[^1]);
        Assert.Equal("information", line.RootElement.GetProperty("level").GetString());
        Configure(new { root = "www", quiet = true });
        cli.Signal(CliProcess.SigHup);
        await Task.Delay(100);
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Empty(cli.Errors);
    }

    [Fact]
    public async Task The_access_log_changes_its_form_and_its_file_and_loses_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync(new { root = "www", access_log = "one", access_log_format = "one %s" });
        var isOver = false;
        var asked = 0;
        var asking = Task.Run(async () =>
        {
            await using var client = await TestClient.ConnectAsync(cli.EndPoint);
            for (; !Volatile.Read(ref isOver); Interlocked.Increment(ref asked))
            {
                Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/a.txt"))).Status);
            }
        });
        for (var round = 0; round < 6; round++)
        {
            var name = round % 2 == 0 ? "two" : "one";
            Configure(new { root = "www", access_log = name, access_log_format = name + " %s", access_log_skip = round == 5 ? new[] { "/b*" } : ["/x"] });
            await ReloadAsync(cli, null);

            // The second of two more answers is to a request that was sent after the reload. Without the wait, a busy machine reloads six times between two requests.
            var before = Volatile.Read(ref asked);
            await Eventually.TrueAsync(() => asking.IsCompleted || Volatile.Read(ref asked) >= before + 2, "the client is answered after the reload");
        }

        Volatile.Write(ref isOver, true);
        await asking;
        Configure(new { root = "www" });
        await ReloadAsync(cli, "Reloaded: --access-log, --access-log-format and --access-log-skip changed.");
        await using (var client = await TestClient.ConnectAsync(cli.EndPoint))
        {
            await client.RequestAsync(TestClient.Get("/a.txt"));
        }

        await EndAsync(cli);
        var (one, two) = (await File.ReadAllLinesAsync(Path("one")), await File.ReadAllLinesAsync(Path("two")));
        Assert.Equal(asked, one.Length + two.Length);
        Assert.All(one.Concat(two), static line => Assert.True(line is "one 200" or "two 200", line));
        Assert.Contains("one 200", one);
        Assert.Contains("two 200", two);
    }

    // The look whether the log can be written made the file, and took it away again, while the log's own thread had just made it: lines went nowhere.
    [Fact]
    public async Task A_log_that_is_rotated_again_and_again_loses_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync(new { root = "www", access_log = "log", access_log_format = "%s", report = "report" });
        await using (var client = await TestClient.ConnectAsync(cli.EndPoint))
        {
            for (var round = 1; round <= 30; round++)
            {
                File.Move(Path("log"), Path("log." + round));
                await ReloadAsync(cli, "Reloaded: nothing changed.");
                Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/a.txt"))).Status);
                await Eventually.TrueAsync(() => File.Exists(Path("log")), "the log is opened anew");
            }
        }

        await EndAsync(cli);
        Assert.Equal(30, Directory.GetFiles(_folder, "log*").Sum(static file => File.ReadAllLines(file).Length));
        Assert.True(File.Exists(Path("report")));
    }

    // Fifty reloads beside clients that never stop asking: each answer whole and of one configuration, and nothing is left open.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Under_load_each_answer_is_of_one_configuration_and_nothing_leaks()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        Directory.CreateDirectory(Path("next"));
        File.WriteAllText(Path("next/a.txt"), "next!");
        Users("users.1", ("one", "p"));
        Users("users.2", ("two", "p"));
        object[] configurations =
        [
            new { root = "www", auth_file = "users.1", header = "X-Of: one" },
            new { root = "next", auth_file = "users.2", header = "X-Of: two", compress = true, max_request_line = 1000 },
        ];
        await using var cli = await ServeAsync(configurations[0]);
        var isOver = false;
        var answers = 0;
        var asking = Enumerable.Range(0, 3).Select(number => Task.Run(async () =>
        {
            await using var client = await TestClient.ConnectAsync(cli.EndPoint);
            for (var round = 0; !Volatile.Read(ref isOver); round++)
            {
                var (user, text) = (number + round) % 2 == 0 ? ("one", "hello") : ("two", "next!");
                var answer = await AskAsync(client, user, "p");
                Assert.Equal(answer["X-Of"] == user ? 200 : 401, answer.Status);
                Assert.True(answer.Status == 401 || answer.Text == text, answer.Text);
                Interlocked.Increment(ref answers);
            }
        })).ToList();
        int? before = null;
        var flips = Stress.Rounds(50);
        for (var flip = 1; flip <= flips; flip++)
        {
            Configure(configurations[flip % 2]);
            await ReloadAsync(cli, "Reloaded: ");
            before ??= flip == 2 ? Descriptors(cli) : null;
        }

        Configure(configurations[0]);
        await ReloadAsync(cli, "Reloaded: ");
        Assert.InRange(Descriptors(cli), 1, before!.Value + 8); // the runtime's own, and files that are being sent; a leak is one for each reload, or two
        Assert.InRange(Targets(cli).Count(static target => target == "anon_inode:inotify"), 0, 2);
        Assert.InRange(Targets(cli).Count(target => target.StartsWith(_folder)), 1, 4);
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(asking).WaitAsync(TestClient.Patience);
        await EndAsync(cli);
        Assert.Contains(cli.Output, line => line.Contains($"{answers} completed"));
    }

    // What is asked for while one is at work is done once behind it.
    [Fact]
    public async Task A_hail_of_signals_is_survived_and_the_last_state_counts()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync(new { root = "www", header = "X-A: 0" });
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        for (var number = 1; number <= 200; number++)
        {
            Configure(new { root = "www", header = $"X-A: {number}" });
            cli.Signal(CliProcess.SigHup);
        }

        await Eventually.TrueAsync(async () => (await client.RequestAsync(TestClient.Get("/a.txt")))["X-A"] == "200", "the last one is in force");
        await EndAsync(cli);
        Assert.DoesNotContain(cli.Output, static line => line.Contains(" error: "));
    }

    [Fact]
    public async Task In_a_drain_only_logs_are_opened_anew()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync(new { root = "www", demo = true, access_log = "log", header = "X-A: 1" });
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        await client.SendAsync(TestClient.Get("/sleep?ms=1500"));
        await Task.Delay(100);
        cli.Signal(CliProcess.SigTerm);
        await Eventually.TrueAsync(() => cli.Output.Contains("Shutting down."), "it stops");
        File.Move(Path("log"), Path("log.1"));
        File.WriteAllText(Path("www/index.html"), "index");
        Configure(new { root = "www", header = "X-A: 2" });
        await ReloadAsync(cli, "Not reloaded: the server stops. Logs are opened anew.");
        var answer = await client.ReadResponseAsync();
        Assert.Equal((200, "1"), (answer.Status, answer["X-A"]));
        Assert.Equal(0, await cli.EndAsync());
        Assert.Single(await File.ReadAllLinesAsync(Path("log")));
    }

    // It would have waited for a writer for ever, and with it every later reload.
    [Fact]
    public async Task A_file_of_options_that_was_a_pipe_is_not_waited_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = CliProcess.StartShell(
            $"mkfifo '{Path("pipe")}'; echo '{{ \"root\": \"{Path("www")}\" }}' > '{Path("pipe")}' & "
            + $"exec {CliProcess.PipeServerCommand} serve --port 0 --config '{Path("pipe")}'");
        await cli.ListeningAsync();
        await ReloadAsync(cli, $"Not reloaded, and nothing has changed: --config {Path("pipe")}: this is no file, and cannot be read twice. Name a file.");
        await EndAsync(cli);
    }

    private static async Task ReloadAsync(CliProcess cli, string? expected)
    {
        var lines = cli.Output.Count;
        cli.Signal(CliProcess.SigHup);
        await Eventually.TrueAsync(
            () => cli.Output.Skip(lines).Any(line => expected is null ? line.Contains("eloaded") : line.Contains(expected)),
            $"it says '{expected}', and not {string.Join('\n', cli.Output.Skip(lines))}");
    }

    private static async Task EndAsync(CliProcess cli)
    {
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Empty(cli.Errors);
    }

    private static Task<TestResponse> AskAsync(TestClient client, string user, string password, string target = "/a.txt") => client.RequestAsync(TestClient.Get(
        target, $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}"));

    private static int Descriptors(CliProcess cli) => Targets(cli).Count;

    private static List<string> Targets(CliProcess cli) =>
        [.. Directory.EnumerateFileSystemEntries($"/proc/{cli.Id}/fd").Select(static descriptor => new FileInfo(descriptor).LinkTarget ?? "")];

    private string Path(string name) => System.IO.Path.Combine(_folder, name);

    private void Users(params (string User, string Password)[] users) => Users("users", users);

    private void Users(string file, params (string User, string Password)[] users) => File.WriteAllLines(Path(file), users.Select(static item =>
        $"{item.User}:{Encoding.ASCII.GetString(Crypt.Hash(Encoding.UTF8.GetBytes(item.Password), $"$6$rounds=1000${item.Password}$")!)}"));

    // Put in place at once: the program may read it at any time.
    private void Configure(object options)
    {
        File.WriteAllText(Path("config.new"), JsonSerializer.Serialize(options).Replace('_', '-'));
        File.Move(Path("config.new"), Path("config.json"), overwrite: true);
    }

    private async Task<CliProcess> ServeAsync(object options)
    {
        Configure(options);
        var cli = CliProcess.Start(CliProcess.PipeServer, "serve", "--port", "0", "--config", Path("config.json"));
        await cli.ListeningAsync();
        return cli;
    }
}
