using PipeServer.Platform;

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
        if (DescriptorLimits.Most == long.MaxValue)
        {
            return int.MaxValue;
        }

        try
        {
            return (int)Math.Clamp(DescriptorLimits.Most - DescriptorLimits.Open() - Reserve, int.MinValue, int.MaxValue);
        }
        catch (IOException)
        {
            return 0; // no descriptor is left to count those in use with
        }
    }
}
