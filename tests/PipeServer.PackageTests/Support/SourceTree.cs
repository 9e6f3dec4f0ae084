using System.Text.Json;

namespace PipeServer.PackageTests.Support;

/// <summary>The files of the repository that make versions, in a folder where a repository can be made, tagged and left out.</summary>
internal sealed class SourceTree : IDisposable
{
    private static readonly string[] Files =
    [
        "global.json", "Directory.Build.props", "Directory.Packages.props", "src/Directory.Build.props", "src/PipeServer/PipeServer.csproj",
    ];

    private SourceTree(string root) => Root = root;

    /// <summary>Its folder.</summary>
    public string Root { get; }

    /// <summary>Copies the files, and restores the project for the versions to be asked of.</summary>
    public static async Task<SourceTree> CreateAsync()
    {
        var tree = new SourceTree(Directory.CreateTempSubdirectory("ps-versions-").FullName);
        foreach (var file in Files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(tree.Root, file))!);
            File.Copy(Repository.Path(file), Path.Combine(tree.Root, file));
        }

        await tree.DotnetAsync("restore", "src/PipeServer");
        return tree;
    }

    /// <summary>Runs git as somebody, whatever the machine's own configuration says.</summary>
    public Task GitAsync(params string[] arguments) => ExternalCommand.RunAsync(
        Root,
        new Dictionary<string, string> { ["GIT_CONFIG_GLOBAL"] = "/dev/null", ["GIT_CONFIG_NOSYSTEM"] = "1" },
        "git",
        ["-c", "user.name=Test", "-c", "user.email=test@example.invalid", "-c", "init.defaultBranch=main", .. arguments]);

    /// <summary>Makes a commit without a change, and a tag at it if there is a name for one.</summary>
    public async Task CommitAsync(string? tag = null)
    {
        await GitAsync("commit", "--quiet", "--allow-empty", "--message", "A change");
        if (tag is not null)
        {
            await GitAsync("tag", tag);
        }
    }

    /// <summary>Leaves out the repository, as archives and the contexts of containers' builds do.</summary>
    public void LeaveOutRepository() => Directory.Delete(Path.Combine(Root, ".git"), recursive: true);

    /// <summary>The versions of a package, of its assembly, and in words, as a build with these properties would have them; it may warn of nothing.</summary>
    public async Task<(string Package, string Assembly, string Words)> VersionsAsync(params string[] properties)
    {
        // What a build does with versions, commits and paths before it compiles.
        var output = await DotnetAsync(
            ["msbuild", "src/PipeServer", "-t:MinVer;SetVersions;GetAssemblyVersion;AddSourceRevisionToInformationalVersion;InitializeSourceRootMappedPaths",
             "-warnaserror", "-getProperty:PackageVersion,AssemblyVersion,InformationalVersion", .. properties]);
        Assert.DoesNotContain("warning", output);
        using var json = JsonDocument.Parse(output);
        var values = json.RootElement.GetProperty("Properties");
        return (values.GetProperty("PackageVersion").GetString()!, values.GetProperty("AssemblyVersion").GetString()!, values.GetProperty("InformationalVersion").GetString()!);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private Task<string> DotnetAsync(params string[] arguments) => ExternalCommand.RunAsync(Root, null, "dotnet", arguments);
}
