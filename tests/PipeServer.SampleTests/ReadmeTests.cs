using System.Text.RegularExpressions;

namespace PipeServer.SampleTests;

/// <summary>The pages that lead through the samples: nothing is missing in them, and what they show happens.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Index = File.ReadAllText(Repository.Path("samples", "README.md")).ReplaceLineEndings("\n");

    public static TheoryData<string> Served => ["Hello", "JsonCrud", "ServerSentEvents", "Chat", "Upload", "AspNetApp"];

    [Fact]
    public void Every_sample_has_a_row_with_its_command_and_a_page_with_the_same()
    {
        var rows = Row().Matches(Index).ToDictionary(static row => row.Groups["name"].Value, static row => row.Value);
        Assert.Equal(Sample.Folders.Where(static name => !name.EndsWith(".Tests")).Order(), rows.Keys.Order());
        foreach (var (name, row) in rows)
        {
            var command = Command().Match(row);
            Assert.True(command.Success, $"{name} has no command.");
            Assert.Equal(name, command.Groups["name"].Value);
            Assert.Contains(command.Value, Readme(name));
        }
    }

    [Fact]
    public void Every_command_names_a_project_that_is_there_and_was_built()
    {
        var names = Sample.Folders.Where(static name => !name.EndsWith(".Tests")).SelectMany(static name => Command().Matches(Readme(name)))
            .Concat(Command().Matches(Index)).Select(static command => command.Groups["name"].Value).ToList();
        Assert.NotEmpty(names);
        Assert.All(names, static name => Assert.True(File.Exists(Sample.Assembly(name)), Sample.Assembly(name)));
        Assert.Contains("`dotnet test samples/JsonCrud.Tests -c Release`", Index);
    }

    [Fact]
    public void Every_link_leads_somewhere()
    {
        foreach (var name in Sample.Folders.Where(static name => !name.EndsWith(".Tests")).Append("."))
        {
            var folder = Repository.Path("samples", name);
            var links = Link().Matches(File.ReadAllText(Path.Combine(folder, "README.md"))).Select(static link => link.Groups["link"].Value.Split('#')[0]);
            Assert.All(links.Where(static link => link.Length > 0 && !link.StartsWith("http")), link =>
                Assert.True(Path.Exists(Path.Combine(folder, link)), $"samples/{name}/README.md: {link}"));
        }
    }

    /// <summary>A sample's project outside the repository takes a package, and says which.</summary>
    [Fact]
    public void Every_project_says_which_package_a_program_elsewhere_takes()
    {
        foreach (var name in Sample.Folders.Where(static name => !name.EndsWith(".Tests")))
        {
            var project = File.ReadAllText(Repository.Path("samples", name, $"{name}.csproj"));
            var package = project.Contains("src/PipeServer.AspNetCore/") ? "PipeServer.AspNetCore" : "PipeServer";
            Assert.Contains($"<PackageReference Include=\"{package}\" Version=\"…\" />", project);
        }
    }

    [Theory]
    [MemberData(nameof(Served))]
    public async Task What_a_page_shows_is_what_happens(string name)
    {
        ClientProgram.SkipWithout("curl");
        var folder = Directory.CreateTempSubdirectory("pipeserver-sample-");
        try
        {
            await using var server = await Sample.ServeAsync(name, name == "Upload" ? [Path.Combine(folder.FullName, "uploads")] : []);
            var count = await ConsoleBlock.RunAsync(Readme(name), folder.FullName, ("127.0.0.1:8080", $"{server.EndPoint}"));
            Assert.InRange(count, 2, 20);
            await Sample.StopAsync(server);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    internal static string Readme(string name) => File.ReadAllText(Repository.Path("samples", name, "README.md")).ReplaceLineEndings("\n");

    [GeneratedRegex(@"^\| \[(?<name>[A-Za-z]+)\]\(\k<name>\) \|.*$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("dotnet run --project samples/(?<name>[A-Za-z]+) -c Release")]
    private static partial Regex Command();

    [GeneratedRegex(@"\]\((?<link>[^)]+)\)")]
    private static partial Regex Link();
}
