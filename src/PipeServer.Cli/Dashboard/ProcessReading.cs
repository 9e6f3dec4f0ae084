using System.Text.Json;

namespace PipeServer.Cli.Dashboard;

/// <summary>What the process takes, read from the runtime and the system.</summary>
/// <remarks>
/// Bytes of memory (<c>residentBytes</c>, <c>heapBytes</c>, and all that were ever allocated, <c>allocatedBytes</c>), <c>collections</c> and for how long
/// they have stopped it (<c>pauseSeconds</c>), <c>cpuSeconds</c> of all <c>processors</c>, and <c>loopLagSeconds</c>: how late event loops were of late.
/// </remarks>
internal static class ProcessReading
{
    /// <summary>Writes the field, as of now.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="name">The field's name.</param>
    /// <param name="loopLag">How late event loops were of late, if that is known.</param>
    public static void Write(Utf8JsonWriter json, string name, TimeSpan? loopLag)
    {
        _ = ProcessMemory.TryRead(out var resident, out _);
        json.Begin(name);
        json.Number("residentBytes", resident);
        json.Number("heapBytes", GC.GetTotalMemory(forceFullCollection: false));
        json.Number("allocatedBytes", GC.GetTotalAllocatedBytes(precise: false));
        json.Number("collections", GC.CollectionCount(0));
        json.Seconds("pauseSeconds", GC.GetTotalPauseDuration());
        json.Seconds("cpuSeconds", CpuTime());
        json.Number("processors", Environment.ProcessorCount);
        if (loopLag is { } lag)
        {
            json.Number("loopLagSeconds", lag.TotalSeconds, digits: 6);
        }
        else
        {
            json.Null("loopLagSeconds");
        }

        json.End();
    }

    private static TimeSpan CpuTime() => OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() ? TimeSpan.Zero : Environment.CpuUsage.TotalTime;
}
