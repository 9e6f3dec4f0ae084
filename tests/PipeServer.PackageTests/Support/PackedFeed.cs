using System.IO.Compression;
using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: AssemblyFixture(typeof(PipeServer.PackageTests.Support.PackedFeed))]

namespace PipeServer.PackageTests.Support;

/// <summary>
/// Every package, made once by the documented command for all tests of the run, in a folder that is a feed. Beside it is a configuration of NuGet
/// that knows this feed alone, and what the machine has of other packages already: what is restored there comes over no network.
/// </summary>
public sealed class PackedFeed : IAsyncDisposable
{
    private readonly Lazy<Task> _packed;

    public PackedFeed() => _packed = new Lazy<Task>(PackAsync);

    /// <summary>A version that no other build has, so that what is restored is what has just been packed.</summary>
    public string Version { get; } = $"0.1.0-test.{Environment.ProcessId}";

    /// <summary>Where everything lies, until the tests have ended.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("ps-packages-").FullName;

    /// <summary>What the command wrote.</summary>
    public string Output { get; private set; } = "";

    /// <summary>The commit that was packed, by its whole name.</summary>
    public string Commit { get; private set; } = "";

    /// <summary>The packages.</summary>
    public string Feed => Path.Combine(Folder, "feed");

    /// <summary>Where NuGet looks.</summary>
    public string Configuration => Path.Combine(Folder, "nuget.config");

    /// <summary>What the machine has of packages: the folder that the build of these tests has restored to.</summary>
    public static string MachinePackages { get; } =
        typeof(PackedFeed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static item => item.Key == "NuGetPackageRoot").Value!;

    /// <summary>What commands need in order to leave nothing outside of <see cref="Folder"/>.</summary>
    public IReadOnlyDictionary<string, string> CommandEnvironment => new Dictionary<string, string>
    {
        ["NUGET_PACKAGES"] = Path.Combine(Folder, "packages"),
        ["DOTNET_CLI_HOME"] = Path.Combine(Folder, "home"),
    };

    /// <summary>Makes the packages, once; skips the test where that takes too long.</summary>
    internal async Task ReadyAsync()
    {
        SkipWhereItTakesTooLong();
        await _packed.Value;
    }

    /// <summary>Skips the test in a run that is to be short.</summary>
    internal static void SkipWhereItTakesTooLong() => Assert.SkipUnless(
        Environment.GetEnvironmentVariable("PIPESERVER_CLI") is not null,
        "It packs, restores and builds for a minute: .ci/run does it in its second stage, where PIPESERVER_CLI names the published file.");

    /// <summary>An empty folder below <see cref="Folder"/>.</summary>
    internal string NewFolder([CallerMemberName] string name = "") => Directory.CreateDirectory(Path.Combine(Folder, "work", name)).FullName;

    /// <summary>Opens a package.</summary>
    internal ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    public async ValueTask DisposeAsync()
    {
        if (_packed.IsValueCreated)
        {
            await _packed.Value.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Directory.Delete(Folder, recursive: true);
    }

    private async Task PackAsync()
    {
        await File.WriteAllTextAsync(Configuration, $"""
            <configuration>
              <packageSources><clear /><add key="packed" value="{Feed}" /></packageSources>
              <fallbackPackageFolders><clear /><add key="machine" value="{MachinePackages}" /></fallbackPackageFolders>
            </configuration>
            """);
        Commit = (await ExternalCommand.RunAsync(Repository.Root, null, "git", "-c", "safe.directory=*", "rev-parse", "HEAD")).Trim();
        // Outside of the tree, where a build may be going on, and without the analyzers, which the build of the solution has asked.
        Output = await ExternalCommand.RunAsync(
            Repository.Root, null, "dotnet", "pack", "PipeServer.sln", "-c", "Release", "-o", Feed,
            "--artifacts-path", Path.Combine(Folder, "artifacts"), "-p:RunAnalyzers=false", $"-p:MinVerVersionOverride={Version}");
    }
}
