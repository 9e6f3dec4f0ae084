namespace PipeServer.DeployTests;

/// <summary>The shell scripts below <c>packaging</c>, the maintainer scripts of the package among them.</summary>
public sealed class ScriptTests
{
    [Fact]
    public async Task Shellcheck_has_nothing_to_say()
    {
        Command.SkipWithout("shellcheck", "shellcheck");
        var scripts = Directory.EnumerateFiles(Repository.Path("packaging", "debian"), "*", SearchOption.AllDirectories)
            .Where(static path => File.ReadLines(path).FirstOrDefault()?.StartsWith("#!") == true)
            .Append(Repository.Path("packaging", "debian", "tests", "step.bash"));

        // With || behind a chain of && it is meant here that anything of it has failed (SC2015).
        Assert.Equal("", await Command.RunAsync(
            "shellcheck", ["--external-sources", $"--source-path={Repository.Path("packaging", "debian", "tests")}", "--exclude=SC2015", .. scripts]));
    }
}
