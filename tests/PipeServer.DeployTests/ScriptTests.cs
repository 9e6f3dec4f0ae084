namespace PipeServer.DeployTests;

/// <summary>The shell scripts below <c>packaging</c>, the maintainer scripts of the package among them.</summary>
public sealed class ScriptTests
{
    [Fact]
    public async Task Shellcheck_has_nothing_to_say()
    {
        Command.SkipWithout("shellcheck", "shellcheck");
        var scripts = Directory.EnumerateFiles(Repository.Path("packaging", "debian"), "*", SearchOption.AllDirectories)
            .Where(static path => File.ReadLines(path).FirstOrDefault()?.StartsWith("#!") == true).Append(Repository.Path("packaging", "debian", "tests", "step.bash"));

        // Not followed: what is read at run time; && with || behind it is meant here: whatever fails in the chain.
        Assert.Equal("", await Command.RunAsync("shellcheck", ["--exclude=SC1091,SC2015", .. scripts]));
    }
}
