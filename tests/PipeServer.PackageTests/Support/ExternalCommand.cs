using System.Diagnostics;

namespace PipeServer.PackageTests.Support;

/// <summary>A command that is run to its end, in bounded time, and leaves no build server behind.</summary>
internal static class ExternalCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);

    /// <summary>The folder of the runtime that runs the tests, where programs find it too.</summary>
    public static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));

    /// <summary>Runs it; its exit code has to be 0. What it has written, with what it has written to standard error behind it.</summary>
    public static async Task<string> RunAsync(string folder, IReadOnlyDictionary<string, string>? environment, string program, params string[] arguments)
    {
        var (exitCode, output) = await TryAsync(folder, environment, program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {exitCode}:\n{output}");
        return output;
    }

    /// <summary>Runs it; its exit code, and what it has written.</summary>
    public static async Task<(int ExitCode, string Output)> TryAsync(
        string folder, IReadOnlyDictionary<string, string>? environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder };
        // What the build that runs the tests has set is not what a stranger's shell has; CI=true would make every build one that is released.
        foreach (var name in start.Environment.Keys.Where(IsOfTheBuild).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_ROOT"] = DotnetRoot;
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_NOLOGO"] = "true";
        start.Environment["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // No build server: it would outlive the test.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] = "false";
        start.Environment["UseSharedCompilation"] = "false";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var (exitCode, output, errors) = await ClientProgram.EndAsync(start, Patience);
        return (exitCode, output + errors);
    }

    private static bool IsOfTheBuild(string name) =>
        name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase) || name.StartsWith("MinVer", StringComparison.OrdinalIgnoreCase) || name is "CI" or "VERSION";
}
