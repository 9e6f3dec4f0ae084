using System.Net.Http.Json;
using PipeServer.PackageTests.Support;

namespace PipeServer.PackageTests;

/// <summary>PipeServer.Templates: what a new user gets is built from the packages alone, answers, and stops.</summary>
public sealed class TemplateTests(PackedFeed feed)
{
    [Fact]
    public async Task A_new_program_is_built_answers_and_stops()
    {
        var (folder, assembly) = await CreateAsync("pipeserver", "New-Program"); // no name that C# knows
        Assert.DoesNotContain("PipeServerProgram1", await File.ReadAllTextAsync(Path.Combine(folder, "Program.cs")));
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "The rest stops it by a signal.");
        await using var program = CliProcess.Start(assembly, "0");
        await program.ListeningAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://{program.EndPoint}") };
        Assert.Equal("Hello!\n", await client.GetStringAsync(new Uri("/", UriKind.Relative)));
        Assert.Equal("Hello, you!\n", await client.GetStringAsync(new Uri("/hello/you", UriKind.Relative)));
        using var content = new StringContent("loud");
        using var response = await client.PostAsync(new Uri("/upper", UriKind.Relative), content);
        Assert.Equal("LOUD", await response.Content.ReadAsStringAsync());
        program.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await program.EndAsync());
        Assert.Contains(program.Output, static line => line.EndsWith(" with 3 requests answered.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_application_is_built_answers_and_stops()
    {
        var (folder, assembly) = await CreateAsync("pipeserver-aspnet", "New.Application");
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "The rest stops it by a signal.");
        await using var application = CliProcess.Start(assembly, "--urls", "http://127.0.0.1:0", "--contentRoot", folder);
        await application.ListeningAsync("      Now listening on: ");
        using var client = new HttpClient { BaseAddress = new Uri($"http://{application.EndPoint}") };
        using (var hello = await client.GetAsync(new Uri("/hello/you", UriKind.Relative)))
        {
            Assert.Equal(("Hello, you!\n", "PipeServer"), (await hello.Content.ReadAsStringAsync(), hello.Headers.Server.ToString()));
        }

        using (var created = await client.PostAsJsonAsync(new Uri("/orders", UriKind.Relative), new { id = 7, item = "tea" }))
        {
            Assert.Equal("/orders/7", created.Headers.Location?.ToString());
            Assert.Equal("""{"id":7,"item":"tea"}""", await created.Content.ReadAsStringAsync());
        }

        application.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await application.EndAsync());
    }

    // The folder of a project made from a template, and its assembly. What is built is what users build: warnings are looked for.
    private async Task<(string Folder, string Assembly)> CreateAsync(string template, string name)
    {
        await feed.ReadyAsync();
        var folder = feed.NewFolder(template);
        var hive = Path.Combine(folder, "hive");
        var project = Path.Combine(folder, name);
        var environment = feed.CommandEnvironment;
        await ExternalCommand.RunAsync(
            folder, environment, "dotnet", "new", "install", Path.Combine(feed.Feed, $"PipeServer.Templates.{feed.Version}.nupkg"), "--debug:custom-hive", hive);
        // Its last step restores the packages, for which it finds the feed's nuget.config above the folder.
        var made = await ExternalCommand.RunAsync(folder, environment, "dotnet", "new", template, "--name", name, "--debug:custom-hive", hive);
        Assert.Contains("Restore succeeded", made);
        Assert.Equal(
            new[] { ".gitignore", $"{name}.csproj", "Program.cs", "obj" }.Concat(template == "pipeserver" ? [] : ["appsettings.json"]).Order(StringComparer.Ordinal),
            Directory.EnumerateFileSystemEntries(project).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        await ExternalCommand.RunAsync(project, environment, "dotnet", "build", "-c", "Release", "--no-restore", "-warnaserror");
        Assert.True(Directory.Exists(Path.Combine(feed.Folder, "packages", "pipeserver", feed.Version)), "It was built from the packages that were packed.");
        return (project, Path.Combine(project, "bin", "Release", "net10.0", $"{name}.dll"));
    }
}
