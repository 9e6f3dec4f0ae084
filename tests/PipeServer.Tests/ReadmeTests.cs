using System.Net;
using System.Net.Sockets;
using PipeServer.Cli;

namespace PipeServer.Tests;

/// <summary>What the README and the pages of docs show is what is built and run; tests/PipeServer.DocsTests holds the rest of them to the truth.</summary>
public sealed class ReadmeTests
{
    private static readonly string Readme = ReadPage("README.md");

    [Theory]
    [InlineData("Embedding", "README.md", 15)]
    [InlineData("Embedding", "docs/getting-started.md", 15)]
    [InlineData("Pool", "README.md", 10)]
    [InlineData("Pool", "docs/workers-and-the-pool.md", 10)]
    [InlineData("Settings", "docs/hosting.md", 15)]
    [InlineData("Secure", "docs/tls.md", 12)]
    [InlineData("AspNetCore", "README.md", 12)]
    [InlineData("AspNetCore", "docs/aspnet-core.md", 12)]
    [InlineData("Hosted", "docs/hosting.md", 27)]
    public void The_examples_are_the_ones_in_the_pages(string example, string page, int maxLines)
    {
        var code = File.ReadAllText(Repository.Path("tests", "Examples", example, "Program.cs")).ReplaceLineEndings("\n");
        Assert.Contains($"```csharp\n{code}```\n", ReadPage(page));
        Assert.InRange(code.Split('\n').Count(static line => line.Length > 0), 1, maxLines);
    }

    // A longer example is shown in parts, a section each: the parts are the whole of it.
    [Fact]
    public void The_framework_example_is_what_the_sections_of_two_pages_show()
    {
        var code = File.ReadAllText(Repository.Path("tests", "Examples", "Framework", "Program.cs")).ReplaceLineEndings("\n");
        Assert.InRange(code.Split('\n').Count(static line => line.Length > 0), 1, 90);
        var pages = ReadPage("docs/routing-and-bodies.md") + ReadPage("docs/events-and-websockets.md");
        var parts = pages.Split("<!-- a part of tests/Examples/Framework/Program.cs -->\n```csharp\n")[1..];
        foreach (var part in parts.Select(static part => part[..part.IndexOf("```\n", StringComparison.Ordinal)]))
        {
            Assert.InRange(part.Split('\n').Count(static line => line.Length > 0), 1, 22);
            Assert.Contains(part, code);
            code = code.Replace(part, "");
        }

        Assert.Equal("", code.Trim('\n'));
    }

    [Fact]
    public void The_settings_are_the_ones_in_the_page() => Assert.Contains(
        $"```json\n{File.ReadAllText(Repository.Path("tests", "Examples", "Settings", "appsettings.json")).ReplaceLineEndings("\n")}```\n", ReadPage("docs/hosting.md"));

    // The one place to add an option is the table; this is what keeps the page from being forgotten.
    [Fact]
    public void Every_option_has_its_row_in_the_page_of_the_command_line()
    {
        var rows = ReadPage("docs/command-line.md").Split('\n').Where(static line => line.StartsWith("| `")).ToList();
        var missing = new OptionTable().Options.Select(static option => option.Name)
            .Where(name => !rows.Exists(row => row.Contains($"`{name} ") || row.Contains($"`{name}`")));
        Assert.Empty(missing);
    }

    [Fact]
    public async Task The_pool_example_runs()
    {
        await using var example = CliProcess.Start(Repository.Assembly("tests/Examples/Pool", "Pool"));
        Assert.Equal(0, await example.EndAsync());
        Assert.Equal(["The sum of the squares up to 1000 is 333833500."], example.Output);
    }

    // It waited for a line from the console: a signal ended it with every request in flight lost, and without a console it ended at once.
    [Theory]
    [InlineData(CliProcess.SigTerm)]
    [InlineData(CliProcess.SigInt)]
    public async Task The_embedding_example_answers_what_is_in_flight_when_a_signal_comes(int signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals cannot be sent to a process on Windows.");
        await using var example = await EmbeddingAsync();
        await using var half = await TestClient.ConnectAsync(example.EndPoint);
        await using (var client = await TestClient.ConnectAsync(example.EndPoint))
        {
            Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/hello/World"))).Text);
            await half.SendAsync("POST /upper HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
            Assert.Equal(100, (await half.ReadResponseAsync()).Status); // its handler waits for the body
            example.Signal(signal);
            Assert.True(await client.IsClosedAsync()); // the idle one, by the drain
        }

        await half.SendAsync("loud");
        var response = await half.ReadResponseAsync();
        Assert.Equal(("LOUD", "close"), (response.Text, response["Connection"]));
        Assert.Equal(0, await example.EndAsync());
        Assert.Equal("Drained with 2 requests answered.", example.Output[^1]);
    }

    [Fact]
    public async Task A_second_signal_cuts_the_embedding_examples_drain_short()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals cannot be sent to a process on Windows.");
        await using var example = await EmbeddingAsync();
        await using var half = await TestClient.ConnectAsync(example.EndPoint);
        await using var idle = await TestClient.ConnectAsync(example.EndPoint);
        Assert.Equal(200, (await idle.RequestAsync(TestClient.Get("/hello/a"))).Status);
        await half.SendAsync("POST /upper HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        Assert.Equal(100, (await half.ReadResponseAsync()).Status);
        example.Signal(CliProcess.SigTerm);
        Assert.True(await idle.IsClosedAsync()); // the first signal has come
        example.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await example.EndAsync());
        Assert.Equal("Forced with 1 requests answered.", example.Output[^1]);
    }

    // In a native file these names are there only because they are kept.
    [Fact]
    public async Task A_crash_of_the_embedding_example_names_what_ran()
    {
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        await using var example = CliProcess.Start(ProgramUnderTest.Embedding.Path, $"{((IPEndPoint)taken.LocalEndPoint!).Port}");
        Assert.NotEqual(0, await example.EndAsync());
        var errors = string.Join('\n', example.Errors);
        Assert.Matches(@"PipeServer\.ListenException.*: Cannot listen on 127\.0\.0\.1:", errors);
        Assert.Contains("at PipeServer.HttpServer.", errors);
        Assert.Contains("at Program.<", errors);
    }

    [Fact]
    public void The_test_command_is_the_one_that_ci_runs()
    {
        const string Command = "dotnet test PipeServer.sln -c Release";
        Assert.Contains($"\n{Command}\n", Readme);
        Assert.Contains("\ndotnet run --project src/PipeServer.Cli -c Release -- serve --demo\n", Readme);
        Assert.Contains(Command, File.ReadAllText(Repository.Path(".ci", "run")));
    }

    [Fact]
    public async Task The_settings_example_takes_its_options_from_the_file_and_one_signal_stops_both_servers()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals cannot be sent to a process on Windows.");
        var folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
        try
        {
            var file = Path.Combine(folder, "appsettings.json");
            await File.WriteAllTextAsync(file, """
                { "Site": { "Address": "0.0.0.0", "Port": 0 }, "Admin": { "Endpoints": ["127.0.0.1:0", "127.0.0.1:0"], "HealthChecks": true } }
                """);
            await using var example = CliProcess.Start(Repository.Assembly("tests/Examples/Settings", "Settings"), file);
            await Eventually.TrueAsync(() => example.Output.Count == 2, "both servers listen");
            Assert.Single(example.Output, static line => line.StartsWith("Listening on 0.0.0.0:"));
            var admin = Assert.Single(example.Output, static line => line.StartsWith("Listening on 127.0.0.1:") && line.Contains(", 127.0.0.1:"));
            await using (var client = await TestClient.ConnectAsync(IPEndPoint.Parse(admin.Split(", ")[1])))
            {
                Assert.Equal("ready\n", (await client.RequestAsync(TestClient.Get("/healthz/ready"))).Text);
            }

            // Of two servers for one place, the one that cannot have it ends the other.
            await File.WriteAllTextAsync(file, $$"""{ "Site": { "Port": 0 }, "Admin": { "Endpoints": ["{{admin.Split(", ")[1]}}"] } }""");
            await using (var second = CliProcess.Start(Repository.Assembly("tests/Examples/Settings", "Settings"), file))
            {
                Assert.NotEqual(0, await second.EndAsync());
                Assert.Contains(second.Errors, static line => line.Contains("Cannot listen on 127.0.0.1:"));
            }

            example.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await example.EndAsync());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string ReadPage(string page) => File.ReadAllText(Repository.Path(page)).ReplaceLineEndings("\n");

    // Without a console, as under systemd or in a container: its input ends at once.
    private static async Task<CliProcess> EmbeddingAsync()
    {
        var example = CliProcess.Start(ProgramUnderTest.Embedding.Path, "0");
        example.Input.Close();
        await example.ListeningAsync();
        return example;
    }
}
