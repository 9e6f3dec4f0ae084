using PipeServer.PackageTests.Support;

namespace PipeServer.PackageTests;

/// <summary>The scripts of a release, as far as they take no time.</summary>
public sealed class ReleaseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-release-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_public_api_is_shipped_line_by_line()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Bash and GNU's tools are needed.");
        Copy("packaging/ship-public-api");
        Write("src/A/PublicAPI.Shipped.txt", "#nullable enable\nA.B() -> void\nA.Gone() -> void\n");
        Write("src/A/PublicAPI.Unshipped.txt", "#nullable enable\n*REMOVED*A.Gone() -> void\nA.C(string! text = \"*\") -> void\nA.A() -> void\n");
        Write("src/B/PublicAPI.Shipped.txt", "#nullable enable\n");
        Write("src/B/PublicAPI.Unshipped.txt", "#nullable enable\n");
        for (var run = 0; run < 2; run++) // the second time there is nothing left to do
        {
            await ExternalCommand.RunAsync(_folder, null, "bash", "packaging/ship-public-api");
            Assert.Equal("#nullable enable\nA.A() -> void\nA.B() -> void\nA.C(string! text = \"*\") -> void\n", Read("src/A/PublicAPI.Shipped.txt"));
            Assert.Equal("#nullable enable\n", Read("src/A/PublicAPI.Unshipped.txt"));
            Assert.Equal("#nullable enable\n", Read("src/B/PublicAPI.Shipped.txt"));
        }
    }

    [Fact]
    public async Task A_release_is_made_of_a_commit_into_an_empty_folder()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Bash and GNU's tools are needed.");
        Copy("packaging/release");
        Write("output/left", "");
        var (exitCode, text) = await ExternalCommand.TryAsync(_folder, null, "bash", "packaging/release", "output");
        Assert.True(exitCode == 1 && text.Contains("output is not empty"), text);

        await ExternalCommand.RunAsync(_folder, null, "git", "init", "--quiet");
        (exitCode, text) = await ExternalCommand.TryAsync(_folder, null, "bash", "packaging/release", "other");
        Assert.True(exitCode == 1 && text.Contains("there are changes that no commit has"), text);
    }

    [Theory]
    [InlineData("packaging/release")]
    [InlineData("packaging/ship-public-api")]
    public async Task A_script_has_no_mistake_that_shellcheck_knows(string script)
    {
        var isThere = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "shellcheck")));
        Assert.SkipUnless(isThere, "shellcheck (Debian's package of that name) is missing.");
        await ExternalCommand.RunAsync(Repository.Root, null, "shellcheck", script);
    }

    // What the workflow does with what the script makes, and the rest of it cannot be run here: .github/workflows/release.yml.
    [Fact]
    public void The_workflow_releases_what_the_script_makes()
    {
        var workflow = File.ReadAllText(Repository.Path(".github", "workflows", "release.yml"));
        Assert.Contains("tags: [\"v*\"]", workflow);
        Assert.Contains("fetch-depth: 0", workflow); // without the tags there is no version
        Assert.True(
            workflow.IndexOf("bash .ci/run", StringComparison.Ordinal) is var tested and > 0
            && workflow.IndexOf("packaging/release artifacts/release", StringComparison.Ordinal) > tested
            && workflow.IndexOf("RELEASE_TAG: ${{ github.ref_name }}", StringComparison.Ordinal) > tested);
    }

    private void Copy(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, file))!);
        File.Copy(Repository.Path(file), Path.Combine(_folder, file));
    }

    private void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, file))!);
        File.WriteAllText(Path.Combine(_folder, file), text);
    }

    private string Read(string file) => File.ReadAllText(Path.Combine(_folder, file));
}
