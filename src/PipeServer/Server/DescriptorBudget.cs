using System.Globalization;

namespace PipeServer.Server;

/// <summary>
/// How many connections the process can hold without running out of descriptors. The runtime itself needs some at any time,
/// for assemblies and files, and ends the process when it cannot get one: better to let clients wait.
/// </summary>
internal static class DescriptorBudget
{
    // For files being served, listeners, assemblies loaded late, and log files: more than a server was ever seen to need.
    private const int Reserve = 64;

    /// <summary>The number of connections, possibly below 1; <see cref="int.MaxValue"/> where the limit is not known.</summary>
    public static int Connections()
    {
        if (!OperatingSystem.IsLinux())
        {
            return int.MaxValue;
        }

        try
        {
            return Read();
        }
        catch (IOException)
        {
            return 0; // so few that not even the limit can be read
        }
    }

    private static int Read()
    {
        // "Max open files            20000                20000                files": the soft limit comes first. The
        // runtime has raised it to the hard one at its start.
        foreach (var line in File.ReadLines("/proc/self/limits"))
        {
            if (line.StartsWith("Max open files", StringComparison.Ordinal)
                && int.TryParse(
                    line["Max open files".Length..].TrimStart().Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var limit))
            {
                return limit - Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - Reserve;
            }
        }

        return int.MaxValue;
    }
}
