using System.Text.RegularExpressions;
using PipeServer.PackageTests.Support;

namespace PipeServer.PackageTests;

/// <summary>The samples as somebody takes them who has the packages and not the repository.</summary>
public sealed partial class SamplesTests(PackedFeed feed)
{
    private const string BuildAll = """
        <Project>
          <ItemGroup><Sample Include="*/*.csproj" /></ItemGroup>
          <Target Name="Restore"><MSBuild Projects="@(Sample)" Targets="Restore" /></Target>
          <Target Name="Build"><MSBuild Projects="@(Sample)" Targets="Build" /></Target>
        </Project>
        """;

    [Fact]
    public async Task Every_sample_is_built_from_the_package_that_its_project_names()
    {
        await feed.ReadyAsync();
        var folder = feed.NewFolder("samples"); // NuGet finds the feed's configuration above it
        await File.WriteAllTextAsync(Path.Combine(folder, "all.proj"), BuildAll);
        var names = Directory.EnumerateDirectories(Repository.Path("samples")).Select(static path => Path.GetFileName(path)).Where(static name => !name.EndsWith(".Tests")).ToList();
        Assert.NotEmpty(names);
        foreach (var name in names)
        {
            await CopyAsync(name, folder);
        }

        foreach (var target in new[] { "Restore", "Build" })
        {
            await ExternalCommand.RunAsync(
                folder, feed.CommandEnvironment, "dotnet", "msbuild", "all.proj", "-m", "-warnAsError", "-p:Configuration=Release", $"-t:{target}");
        }

        Assert.All(names, name => Assert.True(File.Exists(AssemblyOf(name, folder)), name));
        await using var hello = CliProcess.Start(AssemblyOf("Hello", folder), "0");
        await hello.ListeningAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{hello.EndPoint}") };
        Assert.Equal("Hello, Ann!\n", await http.GetStringAsync(new Uri("/hello/Ann", UriKind.Relative)));
        hello.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await hello.EndAsync());
    }

    private static string AssemblyOf(string name, string folder) => Path.Combine(folder, name, "bin", "Release", "net10.0", $"{name}.dll");

    private async Task CopyAsync(string name, string folder)
    {
        var source = Repository.Path("samples", name);
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(source, file);
            if (relative.Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"))
            {
                var target = Path.Combine(folder, name, relative);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }

        // What samples/README.md says: the package in the place of the project, and a version for each.
        var project = Path.Combine(folder, name, $"{name}.csproj");
        var text = await File.ReadAllTextAsync(project);
        text = ReferenceToProject().Replace(text, $"$1 Version=\"{feed.Version}\" />");
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
