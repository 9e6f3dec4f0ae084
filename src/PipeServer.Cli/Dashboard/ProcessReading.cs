namespace PipeServer.Cli.Dashboard;

/// <summary>What the process takes, read from the runtime and the system.</summary>
internal static class ProcessReading
{
    /// <summary>As of now.</summary>
    /// <param name="loopLag">How late event loops were of late, if that is known.</param>
    public static DashboardSnapshot.ProcessFigures Take(TimeSpan? loopLag) => new(
        Resident(),
        GC.GetTotalMemory(forceFullCollection: false),
        GC.GetTotalAllocatedBytes(precise: false),
        GC.CollectionCount(0),
        Math.Round(GC.GetTotalPauseDuration().TotalSeconds, 3),
        CpuSeconds(),
        Environment.ProcessorCount,
        loopLag is { } lag ? Math.Round(lag.TotalSeconds, 6) : null);

    // The system tells both by files, for which the process may have no descriptor left.
    private static long Resident()
    {
        try
        {
            return Environment.WorkingSet;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return 0;
        }
    }

    private static double CpuSeconds() => OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() ? 0 : Math.Round(Environment.CpuUsage.TotalTime.TotalSeconds, 3);
}
