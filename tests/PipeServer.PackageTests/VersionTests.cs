using PipeServer.PackageTests.Support;

namespace PipeServer.PackageTests;

/// <summary>A tag is the version; what is built between two tags, without the tags, or without a repository has one as well, and warns of nothing.</summary>
public sealed class VersionTests
{
    private const string Released = "-p:ContinuousIntegrationBuild=true";

    [Fact]
    public async Task A_version_is_the_tag_or_what_follows_it()
    {
        PackedFeed.SkipWhereItTakesTooLong();
        using var tree = await SourceTree.CreateAsync();

        await tree.GitAsync("init", "--quiet");
        await tree.CommitAsync();
        await tree.CommitAsync();
        var (package, assembly, words) = await tree.VersionsAsync(Released);
        Assert.Equal(("0.1.0-alpha.0.1", "0.1.0.0"), (package, assembly));
        Assert.Matches(@"^0\.1\.0-alpha\.0\.1\+[0-9a-f]{40}$", words);

        // A build that is not released is the same whatever the commit, or each commit would compile everything anew.
        Assert.Equal(("0.1.0-dev", "0.1.0.0", "0.1.0-dev"), await tree.VersionsAsync());

        await tree.CommitAsync(tag: "v1.2.3");
        (package, assembly, words) = await tree.VersionsAsync(Released);
        Assert.Equal(("1.2.3", "1.2.3.0"), (package, assembly));
        Assert.Matches(@"^1\.2\.3\+[0-9a-f]{40}$", words);

        await tree.CommitAsync(tag: "2.0.0"); // no v: no version
        Assert.Equal("1.2.4-alpha.0.1", (await tree.VersionsAsync(Released)).Package);
        Assert.Equal(("1.2.4-dev", "1.2.4.0", "1.2.4-dev"), await tree.VersionsAsync());

        await tree.CommitAsync(tag: "v2.0.0-rc.1");
        Assert.Equal(("2.0.0-rc.1", "2.0.0.0"), ((await tree.VersionsAsync(Released)).Package, (await tree.VersionsAsync()).Assembly));
    }

    [Fact]
    public async Task A_version_needs_no_repository_and_no_history()
    {
        PackedFeed.SkipWhereItTakesTooLong();
        using var tree = await SourceTree.CreateAsync();

        // An archive, or the context of a container's build.
        Assert.Equal(("0.1.0-alpha.0", "0.1.0.0", "0.1.0-alpha.0"), await tree.VersionsAsync(Released));
        Assert.Equal(("3.2.1", "3.2.1.0", "3.2.1"), await tree.VersionsAsync(Released, "-p:MinVerVersionOverride=3.2.1"));

        // A shallow clone, as runners of workflows make.
        await tree.GitAsync("init", "--quiet");
        await tree.CommitAsync(tag: "v1.2.3");
        await tree.CommitAsync();
        await tree.CommitAsync();
        await tree.GitAsync("clone", "--quiet", "--bare", "--depth", "1", $"file://{tree.Root}/.git", "shallow");
        tree.LeaveOutRepository();
        Directory.Move(Path.Combine(tree.Root, "shallow"), Path.Combine(tree.Root, ".git"));
        await tree.GitAsync("config", "core.bare", "false");
        Assert.StartsWith("0.1.0-alpha.0", (await tree.VersionsAsync(Released)).Package);
    }

    [Fact]
    public async Task What_was_built_without_a_commit_is_not_packed()
    {
        PackedFeed.SkipWhereItTakesTooLong();
        using var tree = await SourceTree.CreateAsync();
        var (exitCode, output) = await ExternalCommand.TryAsync(tree.Root, null, "dotnet", "pack", "src/PipeServer", "--no-build");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("leave out --no-build", output);
    }
}
