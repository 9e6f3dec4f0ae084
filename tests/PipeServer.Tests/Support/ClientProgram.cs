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
        StartAsync(program, arguments, type: null);

    /// <summary>Runs it, and types at its input.</summary>
    public static async Task<(int ExitCode, string Output)> StartAsync(string program, string[] arguments, Func<StreamWriter, Task>? type)
    {
        var (exitCode, output, errors) = await EndAsync(new ProcessStartInfo(program, arguments), Patience, type);
        return (exitCode, output + errors);
    }

    /// <summary>Runs it to its end, and kills it with all that it has started when it takes too long.</summary>
    /// <param name="start">The program, with its folder and variables; what it reads and writes is redirected.</param>
    /// <param name="patience">For the program, and for what it has started and holds its outputs open.</param>
    /// <param name="type">Types at its input; nothing is typed if null.</param>
    public static async Task<(int ExitCode, string Output, string Errors)> EndAsync(ProcessStartInfo start, TimeSpan patience, Func<StreamWriter, Task>? type = null)
    {
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.AutoFlush = true;
            try
            {
                await (type?.Invoke(process.StandardInput) ?? process.StandardInput.DisposeAsync().AsTask());
            }
            catch (IOException)
            {
                // It has ended before all was typed.
            }

            await Task.WhenAll(process.WaitForExitAsync(), output, errors).WaitAsync(patience);
            return (process.ExitCode, await output, await errors);
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
