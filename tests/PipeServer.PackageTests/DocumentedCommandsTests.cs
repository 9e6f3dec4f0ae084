using System.Text.RegularExpressions;
using PipeServer.PackageTests.Support;

namespace PipeServer.PackageTests;

/// <summary>The commands by which the pages install from the packages, line by line as they stand there, of somebody whose home is empty.</summary>
public sealed partial class DocumentedCommandsTests(PackedFeed feed)
{
    private const string Pack = "dotnet pack PipeServer.sln -c Release -o artifacts/packages"; // the feed's
    private const string Uninstall = "dotnet tool uninstall --global PipeServer.Tool";
    private const string OfProgram = "# in the folder of your program";

    [Fact]
    public async Task They_install_what_they_say()
    {
        await feed.ReadyAsync();
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "They are for a shell of Unix.");

        // Outside of the feed's folder, whose configuration of NuGet would hold here too.
        var clone = Directory.CreateTempSubdirectory("ps-stranger-").FullName;
        try
        {
            var home = await MakeHomeAsync(clone);
            Directory.CreateDirectory(Path.Combine(clone, "artifacts"));
            Directory.CreateSymbolicLink(Path.Combine(clone, "artifacts", "packages"), feed.Feed);
            var environment = new Dictionary<string, string>
            {
                ["HOME"] = home,
                ["DOTNET_CLI_HOME"] = home,
                ["NUGET_PACKAGES"] = Path.Combine(home, ".nuget", "packages"),
                ["PATH"] = $"{Path.Combine(home, ".dotnet", "tools")}:{Environment.GetEnvironmentVariable("PATH")}",
            };
            Task<string> RunAsync(string lines) => ExternalCommand.RunAsync(clone, environment, "bash", "-euo", "pipefail", "-c", lines);

            await RunAsync("dotnet new console --name Program");
            await RunAsync(Assert.Single(BlocksOf("README.md")));
            await RunAsync($"pipeserver --version; {Uninstall}");
            var outputs = new List<string>();
            foreach (var block in BlocksOf("docs/install.md"))
            {
                outputs.Add(await RunAsync(block));
            }

            Assert.Contains($"\n{feed.Version}+{feed.Commit}\n", outputs[0]);
            Assert.Contains($"<PackageReference Include=\"PipeServer\" Version=\"{feed.Version}\" />", await File.ReadAllTextAsync(Path.Combine(clone, "Program", "Program.csproj")));
            Assert.Equal(2, Regex.Count(outputs[^1], "Restore succeeded"));
            Assert.All(["Hello", "Shop"], project => Assert.True(File.Exists(Path.Combine(clone, project, "Program.cs"))));

            Assert.Contains($"`{Uninstall}`", File.ReadAllText(Repository.Path("docs/install.md")));
            await RunAsync(Uninstall);
            Assert.False(File.Exists(Path.Combine(home, ".dotnet", "tools", "pipeserver")));
        }
        finally
        {
            Directory.Delete(clone, recursive: true);
        }
    }

    // Whose NuGet knows no source yet, and what the machine has of other packages: nothing comes over a network.
    private static async Task<string> MakeHomeAsync(string clone)
    {
        var home = Directory.CreateDirectory(Path.Combine(clone, "home")).FullName;
        var configuration = Directory.CreateDirectory(Path.Combine(home, ".nuget", "NuGet")).FullName;
        await File.WriteAllTextAsync(Path.Combine(configuration, "NuGet.Config"), $"""
            <configuration>
              <packageSources />
              <fallbackPackageFolders><add key="machine" value="{PackedFeed.MachinePackages}" /></fallbackPackageFolders>
            </configuration>
            """);
        return home;
    }

    private static IEnumerable<string> BlocksOf(string page)
    {
        var blocks = Block().Matches(File.ReadAllText(Repository.Path(page)).ReplaceLineEndings("\n"));
        Assert.NotEmpty(blocks);
        return blocks.Select(static block => string.Join('\n', block.Groups["lines"].Value.Split('\n').Where(static line => line != Pack)
            .Select(static line => line.Contains(OfProgram) ? $"(cd Program && {line.Split(OfProgram)[0]})" : line)));
    }

    [GeneratedRegex("<!-- run by tests/PipeServer.PackageTests -->\n```sh\n(?<lines>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();
}
