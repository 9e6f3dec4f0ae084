using System.ComponentModel;
using System.Diagnostics;

namespace PipeServer.Perf;

/// <summary>Programs that a measurement needs: whether they are installed, and what they print.</summary>
internal static class ExternalProgram
{
    /// <summary>Throws with the Debian packages to install when a program is missing.</summary>
    /// <param name="programs">Each program with the package that has it.</param>
    /// <exception cref="MeasurementException">At least one is missing.</exception>
    public static void RequireInstalled(params (string Program, string Package)[] programs)
    {
        var missing = programs.Where(static pair => !IsInstalled(pair.Program)).Select(static pair => pair.Package).ToList();
        if (missing.Count > 0)
        {
            throw new MeasurementException($"missing: {string.Join(", ", missing)}. On Debian: apt install {string.Join(' ', missing)}");
        }
    }

    /// <summary>True when the program is in the PATH or in /usr/sbin.</summary>
    public static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Runs a program to its end; its standard output.</summary>
    /// <exception cref="MeasurementException">It cannot be started, or ends with another exit code than 0.</exception>
    public static async Task<string> CaptureAsync(CancellationToken cancellation, params string[] command)
    {
        using var process = Start(command);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellation);
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return process.ExitCode == 0
                ? output
                : throw new MeasurementException($"{string.Join(' ', command)} failed: {output}{await errors}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Starts a program with its output redirected, and its input where it has one.</summary>
    /// <exception cref="MeasurementException">It cannot be started.</exception>
    public static Process Start(IReadOnlyList<string> command, bool hasInput = false)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
            {
                UseShellExecute = false,
                RedirectStandardInput = hasInput,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception exception)
        {
            throw new MeasurementException($"{command[0]} does not start: {exception.Message}");
        }
    }
}
