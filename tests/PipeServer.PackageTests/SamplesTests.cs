using System.Text.RegularExpressions;

namespace PipeServer.SampleTests;

/// <summary>The samples as somebody takes them who has the packages and not the repository.</summary>
public sealed partial class ElsewhereTests : IDisposable
{
    private const string Version = "0.0.1-sample"; // no version that a cache of packages could have

    private const string BuildAll = """
        <Project>
          <ItemGroup><Sample Include="*/*.csproj" /></ItemGroup>
          <Target Name="Restore"><MSBuild Projects="@(Sample)" Targets="Restore" /></Target>
          <Target Name="Build"><MSBuild Projects="@(Sample)" Targets="Build" /></Target>
        </Project>
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-elsewhere-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_sample_is_built_from_the_package_that_its_project_names()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PIPESERVER_CLI") is not null,
            "Packs the libraries and builds nine projects from nothing, in a minute: .ci/run does it, in its second stage.");
        foreach (var project in new[] { "PipeServer", "PipeServer.AspNetCore" })
        {
            // CI=true: what is built is packed although it names no commit.
            await ClientProgram.RunAsync(
                "dotnet", "pack", Repository.Path("src", project), "--no-build", "-c", Repository.Configuration, "-p:CI=true", $"-p:MinVerVersionOverride={Version}", "-o",
                In("feed"));
        }

        await File.WriteAllTextAsync(In("nuget.config"), "<configuration><packageSources><add key=\"here\" value=\"feed\" /></packageSources></configuration>");
        await File.WriteAllTextAsync(In("all.proj"), BuildAll);
        foreach (var name in Sample.Folders.Where(static name => !name.EndsWith(".Tests")))
        {
            await CopyAsync(name);
        }

        // Packages of its own, beside those that the machine has: what was packed here is not to stay there.
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        string[] arguments =
        [
            "msbuild", In("all.proj"), "-m", "-nodeReuse:false", "-warnAsError", "-p:Configuration=Release", "-p:UseSharedCompilation=false",
            $"-p:RestorePackagesPath={In("packages")}", $"-p:RestoreFallbackFolders={cache}",
        ];
        await ClientProgram.RunAsync("dotnet", [.. arguments, "-t:Restore"]);
        var output = await ClientProgram.RunAsync("dotnet", [.. arguments, "-t:Build"]);
        Assert.All(
            Sample.Folders.Where(static name => !name.EndsWith(".Tests")),
            name => Assert.True(File.Exists(In(name, "bin", "Release", "net10.0", $"{name}.dll")), $"{name}: {output}"));

        await using var hello = CliProcess.Start(In("Hello", "bin", "Release", "net10.0", "Hello.dll"), "0");
        await hello.ListeningAsync();
        using var http = Sample.ClientOf(hello);
        Assert.Equal("Hello, Ann!\n", await http.GetStringAsync("/hello/Ann"));
        await Sample.StopAsync(hello);
    }

    private string In(params string[] parts) => Path.Combine([_folder.FullName, .. parts]);

    private async Task CopyAsync(string name)
    {
        var source = Repository.Path("samples", name);
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(source, file);
            if (relative.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"))
            {
                var target = In(name, relative);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }

        // What samples/README.md says: the package in the place of the project, and a version for each.
        var project = In(name, $"{name}.csproj");
        var text = await File.ReadAllTextAsync(project);
        text = ReferenceToProject().Replace(text, $"$1 Version=\"{Version}\" />");
        var pins = Pin().Matches(await File.ReadAllTextAsync(Repository.Path("Directory.Packages.props")))
            .ToDictionary(static pin => pin.Groups[1].Value, static pin => pin.Groups[2].Value);
        text = ReferenceWithoutVersion().Replace(text, match => $"<PackageReference Include=\"{match.Groups[1].Value}\" Version=\"{pins[match.Groups[1].Value]}\" />");
        await File.WriteAllTextAsync(project, text);
    }

    [GeneratedRegex("<!-- Outside this repository: (<PackageReference Include=\"[^\"]+\") Version=\"…\" /> -->\\s*<ProjectReference [^>]*/>")]
    private static partial Regex ReferenceToProject();

    [GeneratedRegex("<PackageReference Include=\"([^\"]+)\" />")]
    private static partial Regex ReferenceWithoutVersion();

    [GeneratedRegex("<PackageVersion Include=\"([^\"]+)\" Version=\"([^\"]+)\"")]
    private static partial Regex Pin();
}
