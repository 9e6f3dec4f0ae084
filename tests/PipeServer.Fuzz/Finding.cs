using System.Diagnostics;

namespace PipeServer.Fuzz;

/// <summary>What the fuzzers of servers have in common: what a finding is, how it is cut down, and what the process holds.</summary>
internal static class Finding
{
    /// <summary>What a look has found, or null. That anything throws is a finding, too.</summary>
    public static async Task<string?> OfAsync(Func<Task<string?>> look)
    {
        try
        {
            return await look();
        }
#pragma warning disable CA1031 // See above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return exception.ToString();
        }
    }

    /// <summary>Fewer bytes that find something as well, as far as that is found out within a minute: one that hangs takes its time.</summary>
    /// <param name="bytes">What has found something.</param>
    /// <param name="findAsync">Sends others, to a server of their own: the first one may have been left in disorder.</param>
    public static Task<byte[]> CutDownAsync(byte[] bytes, Func<byte[], Task<string?>> findAsync)
    {
        var clock = Stopwatch.StartNew();
        return Minimizer.MinimizeAsync(bytes, async smaller => clock.Elapsed <= TimeSpan.FromMinutes(1) && await findAsync(smaller) is not null);
    }

    /// <summary>How much memory the process has, in bytes, behind a collection.</summary>
    public static long Resident()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
