using PipeServer.Platform;

namespace PipeServer.Server;

/// <summary>
/// How many connections the process can hold without running out of descriptors. The runtime itself needs some at any time,
/// for assemblies and files, and ends the process when it cannot get one: better to let clients wait.
/// </summary>
internal static class DescriptorBudget
{
    // For files being served, a listener, assemblies loaded late, and log files: more than a server was ever seen to need.
    private const int Reserve = 64;

    // Files that are kept open between requests are counted beside them (DescriptorLimits.MostKeptFiles).

    // A listener's own, the eight that the epoll transport keeps in reserve for it, and a client that waits there for room.
    private const int ForEachListener = 10;

    /// <summary>The number of connections, possibly below 1; <see cref="int.MaxValue"/> where the limit is not known.</summary>
    /// <param name="listeners">How many listeners there will be; they are not open yet.</param>
    public static int Connections(int listeners)
    {
        if (DescriptorLimits.Most == long.MaxValue)
        {
            return int.MaxValue;
        }

        try
        {
            var reserved = Reserve + ((listeners - 1L) * ForEachListener) + DescriptorLimits.MostKeptFiles;
            return (int)Math.Clamp(DescriptorLimits.Most - DescriptorLimits.Open() - reserved, int.MinValue, int.MaxValue);
        }
        catch (DirectoryNotFoundException)
        {
            return (int)Math.Clamp(DescriptorLimits.Most / 2, 1, int.MaxValue); // no /proc to count those in use in, as in a chroot(2)
        }
        catch (IOException)
        {
            return 0; // no descriptor is left to count those in use with
        }
    }
}
