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
              "header": { "X-A": "b", "X-C": "d: e" }, "mime": { ".foo": "text/foo" }, "index": ["a.html", "b.html"],
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
            ("--hidden", "true", "PIPESERVER_HIDDEN"), ("--grace", "30", "default"),
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

    // Was on, and its value became the folder; or the folder became the value of the option before it.
    [Theory]
    [InlineData("PIPESERVER_HIDDEN=maybe", "PIPESERVER_HIDDEN: --hidden must be true or false; 'maybe' is not.")]
    [InlineData("PIPESERVER_WORKERS=x", "PIPESERVER_WORKERS: --workers must be a whole number from 1 to 4096; 'x' is not.")]
    [InlineData("{\"prot\": 1}", "there is no option \"prot\" for a file. Did you mean port?")]
    [InlineData("{\"port\": 1, \"port\": 2}", "Duplicate property 'port'")]
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
    [InlineData("--spa ../x", "--spa: there is no file '../x' to be served")]
    [InlineData("--cors example.com", "--cors must be * or an origin like https://example.com")]
    [InlineData("--header X", "--header must be like \"X-Name: value\"; 'X' is not.")]
    [InlineData("--header Date:x", "--header: Date is set by the server")]
    [InlineData("--mime foo=bar", "--mime must map to media types")]
    [InlineData("--auth-file /no/such/file", "--auth-file: Could not find")]
    [InlineData("--config /no/such/file", "--config /no/such/file: Could not find")]
    [InlineData("--listen 127.0.0.1", "--listen: '127.0.0.1' is not an endpoint: it must be ADDRESS:PORT")]
    [InlineData("--listen 127.0.0.1:80,tls", "there is no option 'tls'; the options are proxy")]
    [InlineData("--listen 127.0.0.1:80,proxy", "--trusted-proxy must name the proxies")]
    [InlineData("--trusted-proxy example.com", "--trusted-proxy must be a network like 10.0.0.0/8, an address, or unix; 'example.com' is not.")]
    [InlineData("--proxy-protocol", "--trusted-proxy must name the proxies")]
    [InlineData("-a 8080", "--address must be an IPv4 or IPv6 address")]
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

    [Fact]
    public async Task A_mistyped_variable_is_warned_of()
    {
        var (exitCode, output, errors) = await CheckAsync(new() { ["PIPESERVER_PROT"] = "1", ["PIPESERVER_PORT"] = "tcp://10.0.0.1:80", ["PIPESERVER_SERVICE_HOST"] = "10.0.0.1" }, _folder);
        Assert.Equal(0, exitCode);
        Assert.Contains("PipeServer has no variable PIPESERVER_PROT. Did you mean PIPESERVER_PORT?", Assert.Single(errors));
        Assert.Contains(output, static line => line.StartsWith("--port ") && line.EndsWith(" default"));
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
