using System.ComponentModel;
using System.Globalization;

namespace PipeServer.Cli;

/// <summary>The memory that the system says the process has.</summary>
internal static class ProcessMemory
{
    /// <summary>Reads it; false where the system does not tell.</summary>
    /// <param name="residentBytes">What is in memory; 0 where that is not told.</param>
    /// <param name="virtualBytes">All addresses; 0 where the system does not tell.</param>
    public static bool TryRead(out long residentBytes, out long virtualBytes)
    {
        (residentBytes, virtualBytes) = (0, 0);
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                residentBytes = Environment.WorkingSet;
                return true;
            }

            // statm(5): pages in all, resident ones.
            var pages = File.ReadAllText("/proc/self/statm").Split(' ');
            (residentBytes, virtualBytes) = (Bytes(pages[1]), Bytes(pages[0]));
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException or Win32Exception)
        {
            return false; // no /proc, or no descriptor to read it by
        }
    }

    private static long Bytes(string pages) => long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
