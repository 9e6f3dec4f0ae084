using System.Net;
using PipeServer.PackageTests.Support;

namespace PipeServer.PackageTests;

/// <summary>PipeServer.Tool, installed as its readme says.</summary>
public sealed class ToolTests(PackedFeed feed)
{
    [Fact]
    public async Task The_tool_is_installed_serves_and_stops()
    {
        await feed.ReadyAsync();
        var folder = feed.NewFolder();
        var tools = Path.Combine(folder, "tools");
        await ExternalCommand.RunAsync(
            folder, feed.CommandEnvironment, "dotnet", "tool", "install", "PipeServer.Tool", "--version", feed.Version, "--tool-path", tools, "--configfile", feed.Configuration);
        var program = Path.Combine(tools, OperatingSystem.IsWindows() ? "pipeserver.exe" : "pipeserver");
        Assert.Equal($"{feed.Version}+{feed.Commit}", (await ExternalCommand.RunAsync(folder, null, program, "--version")).Trim());

        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "The rest stops it by a signal.");
        var site = Directory.CreateDirectory(Path.Combine(folder, "site")).FullName;
        await File.WriteAllTextAsync(Path.Combine(site, "index.html"), "from the tool");
        await using var cli = CliProcess.Start(
            program,
            new Dictionary<string, string> { ["DOTNET_ROOT"] = ExternalCommand.DotnetRoot },
            "serve", site, "--port", "0", "--server-header", "version");
        await cli.ListeningAsync();
        using var client = new HttpClient();
        using var response = await client.GetAsync(new Uri($"http://{cli.EndPoint}/"));
        Assert.Equal((HttpStatusCode.OK, "PipeServer/0.1.0"), (response.StatusCode, response.Headers.Server.ToString()));
        Assert.Equal("from the tool", await response.Content.ReadAsStringAsync());
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }
}
