using System.Diagnostics;

namespace PipeServer.Tests.Support;

/// <summary>A program that others wrote, and that is run to its end.</summary>
internal static class ClientProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Skips the test where the program is not installed.</summary>
    public static void SkipWithout(string program)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(folders.Any(folder => File.Exists(Path.Combine(folder, program))), $"{program} is not installed; .ci/run installs it.");
    }

    /// <summary>Runs it, and demands that it ends with 0; what it has written to both outputs.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (exitCode, output) = await StartAsync(program, arguments);
        Assert.True(exitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {exitCode}: {output}");
        return output;
    }

    /// <summary>Runs it, whatever it ends with.</summary>
    public static Task<(int ExitCode, string Output)> StartAsync(string program, params string[] arguments) =>
        StartAsync(program, arguments, static async input => await input.DisposeAsync());

    /// <summary>Runs it, and types at its input.</summary>
    public static async Task<(int ExitCode, string Output)> StartAsync(string program, string[] arguments, Func<StreamWriter, Task> type)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.AutoFlush = true;
            try
            {
                await type(process.StandardInput);
            }
            catch (IOException)
            {
                // It has ended before all was typed.
            }

            await process.WaitForExitAsync().WaitAsync(Patience);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
