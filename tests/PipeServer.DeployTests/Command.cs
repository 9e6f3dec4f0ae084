using System.Diagnostics;

namespace PipeServer.DeployTests;

/// <summary>A program that others wrote, or a script of this repository, that is run to its end.</summary>
internal static class Command
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Where the tests put programs together with what they cannot be without: PATH, and the folders of root's programs.</summary>
    private static readonly string SearchPath = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";

    /// <summary>Skips the test where a program is not installed.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="package">The package of Debian's that has it.</param>
    public static void SkipWithout(string program, string package) => Assert.SkipUnless(
        OperatingSystem.IsLinux() && SearchPath.Split(':').Any(folder => File.Exists(Path.Combine(folder, program))),
        $"{program} is not installed (Debian: {package}); .ci/run installs it.");

    /// <summary>Skips a test that needs the published file, or takes its time: <c>.ci/run</c> publishes it, and runs the test.</summary>
    public static void SkipWithoutPublishedFile() => Assert.SkipUnless(
        Environment.GetEnvironmentVariable("PIPESERVER_CLI") is not null && OperatingSystem.IsLinux(),
        "It takes the published file, and more than some seconds: PIPESERVER_CLI names that file, and .ci/run runs the test with it.");

    /// <summary>Runs it, and demands that it ends with 0; what it has written to both outputs.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (exitCode, output) = await TryAsync(program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {exitCode}:\n{output}");
        return output;
    }

    /// <summary>Runs it, whatever it ends with.</summary>
    public static Task<(int ExitCode, string Output)> TryAsync(string program, params string[] arguments) =>
        TryAsync(new Dictionary<string, string>(), Patience, program, arguments);

    /// <summary>Runs it with variables of its own, and kills it with all that it has started when it takes too long.</summary>
    public static async Task<(int ExitCode, string Output)> TryAsync(
        IReadOnlyDictionary<string, string> variables, TimeSpan patience, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Repository.Root };
        start.Environment["PATH"] = SearchPath;
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var (exitCode, output, errors) = await ClientProgram.EndAsync(start, patience);
        return (exitCode, output + errors);
    }
}
