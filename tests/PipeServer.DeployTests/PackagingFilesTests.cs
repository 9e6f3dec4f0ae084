using PipeServer.Packaging;

namespace PipeServer.DeployTests;

/// <summary>Manual page and completions say what the table of options says.</summary>
public sealed class PackagingFilesTests
{
    private static readonly string Folder = Repository.Path("packaging");

    public static TheoryData<string> Paths => [.. PackagingFiles.Make(Folder).Select(static file => file.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_file_follows_from_the_table(string path)
    {
        var made = PackagingFiles.Make(Folder).Single(file => file.Path == path).Text;
        var there = await File.ReadAllTextAsync(Path.Combine(Folder, path));
        Assert.True(made == there, $"packaging/{path} is not what the table of options says: dotnet run --project packaging/generate -c Release, and commit.");
    }

    [Fact]
    public void Each_option_is_in_each_file()
    {
        var names = new PipeServer.Cli.OptionTable().Options.Select(static option => option.Name).ToList();
        Assert.True(names.Count > 60);
        foreach (var (path, text) in PackagingFiles.Make(Folder))
        {
            var plain = text.Replace("\\-", "-", StringComparison.Ordinal).Replace(" -l ", " --", StringComparison.Ordinal);
            Assert.All(names, name => Assert.True(plain.Contains(name), $"{path} has no {name}"));
        }
    }

    [Fact]
    public async Task The_page_is_one_that_readers_of_pages_take()
    {
        Command.SkipWithout("mandoc", "mandoc");
        Assert.Equal("", await Command.RunAsync("mandoc", "-T", "lint", "-W", "warning", Path.Combine(Folder, "man", "pipeserver.1")));
        var text = await Command.RunAsync("bash", "-c", $"mandoc -T utf8 '{Path.Combine(Folder, "man", "pipeserver.1")}' | col -bx");
        Assert.Contains("--queue-timeout=SECONDS", text);
        Assert.Contains("Default: one per core, at least 4.", text);
        Assert.Contains("PKCS#12", text);
    }
}
