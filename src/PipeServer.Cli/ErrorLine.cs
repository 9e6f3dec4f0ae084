using System.Text;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Cli;

/// <summary>Writes one line to standard error, even when the process has no descriptor left.</summary>
internal static class ErrorLine
{
    /// <summary>Writes the line. A failure to write it is ignored: there is no other place to report it.</summary>
    public static async Task WriteAsync(string message)
    {
        var line = $"pipeserver: {message}";
        try
        {
            await Console.Error.WriteLineAsync(line).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            WriteByDescriptor(line);
        }
    }

    // No descriptor is left, and the console would open another one.
    private static void WriteByDescriptor(string line)
    {
        try
        {
            using var handle = new SafeFileHandle(2, ownsHandle: false);
            using var standardError = new FileStream(handle, FileAccess.Write, bufferSize: 0);
            standardError.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Closed, or full.
        }
    }
}
