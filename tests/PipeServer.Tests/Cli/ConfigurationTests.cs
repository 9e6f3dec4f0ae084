using PipeServer.Cli;

namespace PipeServer.Tests.Cli;

/// <summary>Where the configuration comes from: command line before environment before file before defaults, and what is said of mistakes.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Check_tells_each_value_and_its_source()
    {
        var file = Write("""
            {
              // comments, and a last comma, are fine
              "port": 1001, "workers": 5, "queue": 50, "browse": true, "cors": true, "spa": false,
              "header": { "X-A": "b", "X-C": "d: e" }, "mime": { ".foo": "text/foo" }, "index": ["a.html", "b.html"], "base-path": "/files",
            }
            """);
        var (exitCode, output, _) = await CheckAsync(
            new() { ["PIPESERVER_PORT"] = "1002", ["PIPESERVER_WORKERS"] = "6", ["PIPESERVER_ATTACHMENT"] = "zip\npdf", ["PIPESERVER_HIDDEN"] = "yes" },
            _folder, "--config", file, "--port", "1003", "--browse=false");
        Assert.Equal(0, exitCode);
        foreach (var (name, value, source) in new[]
        {
            ("ROOT", _folder, "command line"), ("--port", "1003", "command line"), ("--workers", "6", "PIPESERVER_WORKERS"), ("--queue", "50", file),
            ("--browse", "false", "command line"), ("--cors", "*", file), ("--spa", "none", file), ("--header", "X-A: b, X-C: d: e", file),
            ("--mime", ".foo=text/foo", file), ("--index", "a.html, b.html", file), ("--attachment", "zip, pdf", "PIPESERVER_ATTACHMENT"),
            ("--hidden", "true", "PIPESERVER_HIDDEN"), ("--grace", "30", "default"), ("--immutable", "none", "default"), ("--base-path", "/files", file),
            ("--max-sorted", "50000", "default"),
        })
        {
            var line = Assert.Single(output, line => line.StartsWith(name + " "));
            Assert.Equal($"{value} {source}", string.Join(' ', line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        }

        Assert.Equal("The configuration is valid.", output[^1]);
    }

    [Fact]
    public async Task A_server_is_what_all_sources_together_say()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "home.txt"), "home");
        var file = Write("""{ "port": 0, "index": "home.txt", "header": "X-A: file" }""");
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer,
            new Dictionary<string, string> { ["PIPESERVER_CONFIG"] = file, ["PIPESERVER_ROOT"] = _folder, ["PIPESERVER_HEADER"] = "X-A: variable\nX-B: variable" },
            "serve");
        await cli.ListeningAsync();
        await Eventually.TrueAsync(() => cli.Output.Any(line => line.StartsWith($"Serving {_folder} with ")), "it tells what it serves");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        var response = await client.RequestAsync(TestClient.Get("/"));
        Assert.Equal("home", response.Text);
        Assert.Equal(("variable", "variable"), (response["X-A"], response["X-B"]));
    }

    [Theory]
    [InlineData("version", "off", "PipeServer/{VERSION}", false)]
    [InlineData("none", "on", null, true)]
    [InlineData("Other/2 (x)", "on", "Other/2 (x)", true)]
    public async Task Replicas_may_say_the_same_of_themselves_and_of_their_files(string server, string date, string? expected, bool hasDate)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "a.txt"), "the same");
        var file = Write($$"""{ "port": 0, "etag": "content", "server-header": "{{server}}" }""");
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer, new Dictionary<string, string> { ["PIPESERVER_DATE"] = date }, "serve", _folder, "--config", file);
        await cli.ListeningAsync();
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        var response = await client.RequestAsync(TestClient.Get("/a.txt"));
        // The published file may have been built at another commit than the tests, but not at another tag.
        expected = expected?.Replace("{VERSION}", typeof(HttpServer).Assembly.GetName().Version!.ToString(3));
        Assert.Equal((expected, hasDate, 34), (response["Server"], response["Date"] is not null, response["ETag"]?.Length));
    }

    // Was on, and its value became the folder; or the folder became the value of the option before it.
    [Theory]
    [InlineData("PIPESERVER_HIDDEN=maybe", "PIPESERVER_HIDDEN: --hidden must be true or false; 'maybe' is not.")]
    [InlineData("PIPESERVER_WORKERS=x", "PIPESERVER_WORKERS: --workers must be a whole number from 1 to 4096; 'x' is not.")]
    [InlineData("{\"prot\": 1}", "there is no option \"prot\" for a file. Did you mean port?")]
    [InlineData("{\"port\": 1, \"port\": 2}", "Duplicate property 'port'")]
    [InlineData("{\"port\": 1, \"Port\": 2}", "\"port\" and \"Port\" are the same option; case does not count. Keep one of them.")]
    [InlineData("{\"PROT\": 1}", "there is no option \"PROT\" for a file. Did you mean port?")]
    [InlineData("{\"port\": [1, 2]}", "\"port\" must be one value.")]
    [InlineData("{\"root\": []}", "\"root\" must be one value.")]
    [InlineData("{\"index\": [\"a\", \"\"]}", "\"index\" must not be empty")]
    [InlineData("{\"cache\": \"\\ud800\"}", "not valid Unicode")]
    [InlineData("{\"port\": {}}", "\"port\" must be a string, a number")]
    [InlineData("{\"browse\": \"maybe\"}", "--browse must be true or false; 'maybe' is not.")]
    [InlineData("{\"port\": 70000}", "--port must be a whole number from 0 to 65535; '70000' is not.")]
    [InlineData("[]", "there must be one JSON object")]
    [InlineData("{", "line 1")]
    [InlineData("--browse=no", "--browse must be true or false; 'no' is not.")]
    [InlineData("--auth-file=", "--auth-file must not be empty.")]
    [InlineData("--prot 80", "There is no option '--prot'. Did you mean --port?")]
    [InlineData("--transport foo", "--transport must be epoll or sockets; 'foo' is not.")]
    [InlineData("--cache é", "--cache must be seconds")]
    [InlineData("--etag inode", "--etag must be host, stat or content; 'inode' is not.")]
    [InlineData("--date yes", "--date must be on or off; 'yes' is not.")]
    [InlineData("--server-header é", "--server-header must be version, none, or at most 32 characters of visible ASCII; 'é' is not.")]
    [InlineData("--server-header=", "--server-header must not be empty.")]
    [InlineData("{\"server-header\": \"123456789012345678901234567890123\"}", "--server-header must be version, none, or at most 32 characters")]
    [InlineData("--spa ../x", "--spa: there is no file '../x' to be served")]
    [InlineData("--cors example.com", "--cors must be * or an origin like https://example.com")]
    [InlineData("--base-path files", "--base-path must be a path like /files; 'files' is not: it does not begin with a slash.")]
    [InlineData("--base-path /a%20b", "--base-path must be a path like /files; '/a%20b' is not: write it decoded")]
    [InlineData("--max-sorted 1000001", "--max-sorted must be a whole number from 0 to 1000000; '1000001' is not.")]
    [InlineData("--immutable assets/", "--immutable must be patterns like assets/** or *-????????.js; 'assets/' is not")]
    [InlineData("--immutable=", "--immutable must not be empty.")]
    [InlineData("--header X", "--header must be like \"X-Name: value\"; 'X' is not.")]
    [InlineData("--header Date:x", "--header: Date is set by the server")]
    [InlineData("--mime foo=bar", "--mime must map to media types")]
    [InlineData("--auth-file /no/such/file", "--auth-file: Could not find")]
    [InlineData("--config /no/such/file", "--config /no/such/file: Could not find")]
    [InlineData("--listen 127.0.0.1", "--listen: '127.0.0.1' is not an endpoint: it must be ADDRESS:PORT")]
    [InlineData("--listen 127.0.0.1:80,tsl", "there is no option 'tsl'; the options are proxy")]
    [InlineData("--listen 127.0.0.1:80,proxy", "--trusted-proxy must name the proxies")]
    [InlineData("--trusted-proxy example.com", "--trusted-proxy must be a network like 10.0.0.0/8, an address, or unix; 'example.com' is not.")]
    [InlineData("--proxy-protocol", "--trusted-proxy must name the proxies")]
    [InlineData("--admin 65536", "--admin: '65536' is no place for the admin side: the port must be from 0 to 65535.")]
    [InlineData("--admin example.com:80", "--admin: 'example.com:80' is no place for the admin side: it must be PORT, ADDRESS:PORT, [IPv6]:PORT")]
    [InlineData("{\"admin\": \"0.0.0.0:9090\"}", "--admin 0.0.0.0:9090: other machines may reach that address, so a password is needed")]
    [InlineData("{\"admin\": 9090, \"admin-auth-file\": \"nobody\"}", "--admin-auth-file: Could not find")]
    [InlineData("-a 8080", "--address must be an IPv4 or IPv6 address")]
    [InlineData("-a [::1]:8080", "--address must be an IPv4 or IPv6 address")]
    public async Task A_mistake_is_told_in_one_line_with_its_place(string mistake, string expected)
    {
        var environment = new Dictionary<string, string>();
        string[] arguments = [_folder];
        if (mistake.StartsWith("PIPESERVER_"))
        {
            environment.Add(mistake.Split('=')[0], mistake.Split('=')[1]);
        }
        else if (mistake[0] is '{' or '[')
        {
            arguments = ["--config", Write(mistake)]; // without a folder: it would go before the file's
        }
        else
        {
            arguments = [_folder, .. mistake.Split(' ', 2)];
        }

        var (exitCode, _, errors) = await CheckAsync(environment, arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains(expected, Assert.Single(errors));
    }

    [Fact]
    public async Task Places_come_from_every_source_and_the_address_counts_beside_them_if_it_is_named()
    {
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer,
            new Dictionary<string, string> { ["PIPESERVER_LISTEN"] = $"127.0.0.1:0\nunix:{_folder}/a.sock" },
            "serve", _folder, "--port", "0");
        await Eventually.TrueAsync(() => cli.Output.Any(static line => line.StartsWith("Serving ")), "it serves");
        var places = cli.Output.Where(static line => line.StartsWith("Listening on ")).ToList();
        Assert.Equal(3, places.Count);
        Assert.All(places.Take(2), static place => Assert.StartsWith("Listening on http://127.0.0.1:", place));
        Assert.Equal($"Listening on unix:{_folder}/a.sock", places[2]);
        await using var client = await TestClient.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint($"{_folder}/a.sock"));
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/"))).Status);
    }

    // A variable was only spoken of when a name like it was near, and silently did nothing otherwise.
    [Fact]
    public async Task A_variable_that_names_no_option_is_said_to_be_ignored()
    {
        var (exitCode, output, errors) = await CheckAsync(
            new()
            {
                ["PIPESERVER_PROT"] = "secret",
                ["PIPESERVER_COMPLETELY_ELSE"] = "secret",
                ["pipeserver_port"] = "secret",
                ["PIPESERVER_PORT"] = "tcp://10.0.0.1:80",
                ["PIPESERVER_SERVICE_HOST"] = "10.0.0.1",
                ["PIPESERVER_SERVICE_PORT_HTTP"] = "80",
                ["PIPESERVER_PORT_80_TCP_ADDR"] = "10.0.0.1",
                ["PIPESERVER_BLUE_SERVICE_PORT"] = "80",
                ["PIPESERVER_BLUE_PORT"] = "tcp://10.0.0.1:80",
                ["PIPESERVER_STRESS"] = "1",
            },
            _folder);
        Assert.Equal(0, exitCode);
        string[] expected =
        [
            "pipeserver: PIPESERVER_COMPLETELY_ELSE is ignored: there is no such option.",
            "pipeserver: PIPESERVER_PROT is ignored: there is no such option. Did you mean PIPESERVER_PORT?",
            "pipeserver: pipeserver_port is ignored: there is no such option. Did you mean PIPESERVER_PORT?",
        ];
        Assert.Equal(OperatingSystem.IsWindows() ? expected[..2] : expected, errors);
        Assert.Contains(output, static line => line.StartsWith("--port ") && line.EndsWith(" default"));
    }

    // They were relative to wherever the process happened to be started, so that a file worked from one folder only.
    [Fact]
    public async Task Paths_in_a_file_are_relative_to_the_file()
    {
        var below = Directory.CreateDirectory(Path.Combine(_folder, "site")).FullName;
        await File.WriteAllTextAsync(Path.Combine(below, "home.txt"), "home");
        await File.WriteAllTextAsync(Path.Combine(_folder, "users"), "a:$2y$05$abcdefghijklmnopqrstuuWz8yS6XGmB5YmX6rQ0bJ8k5X9mC6S1e\n");
        var file = Write("""
            {
              "root": "site", "auth-file": "./users", "report": "site/../report.json", "address": "unix:a.sock", "listen": ["unix:b.sock", "127.0.0.1:0"],
              "admin": "unix:admin.sock", "admin-auth-file": "users",
            }
            """);
        var (exitCode, output, errors) = await CheckAsync(new(), "--config", file);
        Assert.Empty(errors);
        Assert.Equal(0, exitCode);
        foreach (var (name, value) in new[]
        {
            ("ROOT", below), ("--auth-file", Path.Combine(_folder, "users")), ("--report", Path.Combine(_folder, "report.json")),
            ("--admin", $"unix:{_folder}/admin.sock"), ("--admin-auth-file", Path.Combine(_folder, "users")),
            ("--address", $"unix:{_folder}/a.sock"), ("--listen", $"unix:{_folder}/b.sock, 127.0.0.1:0"),
        })
        {
            Assert.StartsWith(value + " ", Assert.Single(output, line => line.StartsWith(name + " "))[name.Length..].TrimStart());
        }
    }

    [Fact]
    public async Task A_server_by_a_file_finds_everything_beside_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals cannot be sent to a process on Windows.");
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "site")).FullName, "index.html"), "home");
        var file = Write("""{ "Root": "site", "LISTEN": "unix:b.sock", "Report": "report.json" }""");
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", "--config", file);
        await Eventually.TrueAsync(() => cli.Output.Contains($"Listening on unix:{_folder}/b.sock"), "it listens");
        await using (var client = await TestClient.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint($"{_folder}/b.sock")))
        {
            Assert.Equal("home", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Contains("\"drained\"", await File.ReadAllTextAsync(Path.Combine(_folder, "report.json")));
    }

    // Elsewhere they are relative to the working folder, as with every other program.
    [Fact]
    public async Task Paths_on_the_command_line_and_in_variables_are_relative_to_the_working_folder()
    {
        var file = Write("""{ "port": 0 }""");
        var (exitCode, output, _) = await CheckAsync(new() { ["PIPESERVER_REPORT"] = "r.json" }, _folder, "--config", file, "--address", "unix:a.sock");
        Assert.Equal(0, exitCode);
        var here = Path.TrimEndingDirectorySeparator(Path.GetTempPath()); // CliProcess starts there
        Assert.Contains(output, line => line.StartsWith("--report ") && line.Contains($" {here}/r.json "));
        Assert.Contains(output, line => line.StartsWith("--address ") && line.Contains($" unix:{here}/a.sock "));
    }

    [Theory]
    [InlineData("--auth-file", "users", "/f/users")]
    [InlineData("--auth-file", "../users", "/users")]
    [InlineData("--auth-file", "/etc/users", "/etc/users")]
    [InlineData("--report", "/dev/stdout", "/dev/stdout")]
    [InlineData("--report", "-", "-")]
    [InlineData("--address", "unix:a.sock", "unix:/f/a.sock")]
    [InlineData("--address", "unix:/run/a.sock", "unix:/run/a.sock")]
    [InlineData("--address", "unix:@name", "unix:@name")]
    [InlineData("--address", "unix:", "unix:")]
    [InlineData("--address", "127.0.0.1", "127.0.0.1")]
    [InlineData("--listen", "unix:a.sock,proxy", "unix:/f/a.sock,proxy")]
    [InlineData("--listen", "fd:http", "fd:http")]
    [InlineData("--header", "unix:a.sock", "unix:a.sock")]
    [InlineData("--spa", "app.html", "app.html")]
    [InlineData("--base-path", "files", "files")] // of URLs: it was made the path of a file, and on Windows even /files was
    [InlineData("--trusted-proxy", "unix", "unix")]
    public void What_is_a_path_is_made_absolute(string option, string value, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are those of other systems.");
        Assert.Equal(expected, OptionKinds.Resolve(new OptionTable().Options.Single(item => item.Name == option), value, "/f"));
    }

    // The help's word for what an option takes decides: this is what keeps a new option from being forgotten.
    [Fact]
    public void Every_option_that_names_a_file_takes_a_path()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are those of other systems.");
        string[] ends = ["-file", "-path", "-folder", "-directory", "-socket"];
        var paths = new OptionTable().Options.Where(option => option.HelpName == "PATH" || ends.Any(option.Name.EndsWith))
            .Where(static option => option.Name != "--base-path") // of URLs
            .ToList();
        Assert.NotEmpty(paths);
        Assert.All(paths, static option => Assert.Equal("/f/x", OptionKinds.Resolve(option, "x", "/f")));
    }

    [Fact]
    public async Task Names_in_a_file_ignore_case()
    {
        var file = Write("""{ "Port": 1001, "MAX-Connections": 9, "Browse": true, "Header": { "X-A": "b" }, "MIME": { ".foo": "text/foo" } }""");
        var (exitCode, output, errors) = await CheckAsync(new(), _folder, "--config", file);
        Assert.Empty(errors);
        Assert.Equal(0, exitCode);
        foreach (var line in new[] { "--port 1001", "--max-connections 9", "--browse true", "--header X-A: b", "--mime .foo=text/foo" })
        {
            Assert.Contains($"{line} {file}", output.Select(static line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
        }
    }

    [Fact]
    public async Task Completion_is_offered()
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "[suggest:11]", "serve --bro");
        Assert.Equal(0, await cli.EndAsync());
        Assert.Equal(["--browse"], cli.Output);
    }

    private static async Task<(int ExitCode, IReadOnlyList<string> Output, IReadOnlyList<string> Errors)> CheckAsync(
        Dictionary<string, string> environment, params string[] arguments)
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, environment, ["check", .. arguments]);
        return (await cli.EndAsync(), cli.Output, cli.Errors);
    }

    private string Write(string json)
    {
        var path = Path.Combine(_folder, "config.json");
        File.WriteAllText(path, json);
        return path;
    }
}
