using PipeServer.Cli;

namespace PipeServer.Tests;

/// <summary>What the README shows is what is built and run.</summary>
public sealed class ReadmeTests
{
    private static readonly string Readme = File.ReadAllText(Repository.Path("README.md")).ReplaceLineEndings("\n");

    [Theory]
    [InlineData("Embedding", 15)]
    [InlineData("Pool", 10)]
    public void The_examples_are_the_ones_in_the_readme(string example, int maxLines)
    {
        var code = File.ReadAllText(Repository.Path("tests", "Examples", example, "Program.cs")).ReplaceLineEndings("\n");
        Assert.Contains($"```csharp\n{code}```\n", Readme);
        Assert.InRange(code.Split('\n').Count(static line => line.Length > 0), 1, maxLines);
    }

    // The one place to add an option is the table; this is what keeps the README from being forgotten.
    [Fact]
    public void Every_option_has_its_row_in_the_readme()
    {
        var rows = Readme.Split('\n').Where(static line => line.StartsWith("| `")).ToList();
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

    [Fact]
    public async Task The_embedding_example_runs_and_stops()
    {
        await using var example = CliProcess.Start(Repository.Assembly("tests/Examples/Embedding", "Embedding"), "0");
        await example.ListeningAsync();
        await using (var client = await TestClient.ConnectAsync(example.EndPoint))
        {
            Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/hello/World"))).Text);
            Assert.Equal("LOUD", (await client.RequestAsync("POST /upper HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nloud")).Text);
        }

        await example.Input.WriteLineAsync();
        Assert.Equal(0, await example.EndAsync());
    }

    [Fact]
    public void The_test_command_is_the_one_that_ci_runs()
    {
        const string Command = "dotnet test PipeServer.sln -c Release";
        Assert.Contains($"\n{Command}\n", Readme);
        Assert.Contains(Command, File.ReadAllText(Repository.Path(".ci", "run")));
    }
}
