using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using PipeServer.Platform;

namespace PipeServer.Cli.Admin;

/// <summary>What Prometheus's own clients tell of a process, under their names; what the runtime's memory is at; and which build this is.</summary>
internal static class ProcessMetrics
{
    private static readonly double StartTime = ReadStartTime();

    /// <summary>Adds them. What the system does not tell is left out.</summary>
    public static void AddTo(Dictionary<string, MetricFamily> families)
    {
        AddProcess(families);
        AddRuntime(families);
        var version = typeof(ProcessMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        var parts = version.Split('+', 2);
        Add(families, "pipeserver_build_info", MetricKind.Gauge, "", "The build that runs; always 1.", 1, MetricName.Labels(
        [
            new("version", parts[0]),
            new("revision", parts.Length > 1 ? parts[1] : ""),
            new("runtime", RuntimeInformation.FrameworkDescription),
            new("architecture", RuntimeInformation.RuntimeIdentifier),
        ]));
    }

    private static void AddProcess(Dictionary<string, MetricFamily> families)
    {
        if (!OperatingSystem.IsIOS() && !OperatingSystem.IsTvOS() && !OperatingSystem.IsBrowser())
        {
            Add(families, "process_cpu_seconds", MetricKind.Counter, "seconds", "Time of the processors that the process has used.",
                Environment.CpuUsage.TotalTime.TotalSeconds);
        }

        Add(families, "process_start_time_seconds", MetricKind.Gauge, "seconds", "When the process was started, in seconds since 1970.", StartTime);
        if (DescriptorLimits.Most != long.MaxValue)
        {
            Add(families, "process_max_fds", MetricKind.Gauge, "", "Descriptors that the process may have open.", DescriptorLimits.Most);
        }

        if (ProcessMemory.TryRead(out var resident, out var addresses))
        {
            Add(families, "process_resident_memory_bytes", MetricKind.Gauge, "bytes", "Memory that the process has.", resident);
        }

        if (addresses > 0)
        {
            Add(families, "process_virtual_memory_bytes", MetricKind.Gauge, "bytes", "Addresses that the process has.", addresses);
        }

        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            Add(families, "process_open_fds", MetricKind.Gauge, "", "Descriptors that the process has open.", DescriptorLimits.Open());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // No /proc, or no descriptor to read it by.
        }
    }

    private static void AddRuntime(Dictionary<string, MetricFamily> families)
    {
        var memory = GC.GetGCMemoryInfo(GCKind.Any);
        Add(families, "dotnet_gc_heap_size_bytes", MetricKind.Gauge, "bytes", "The managed heap after the last collection, holes included.",
            memory.HeapSizeBytes);
        Add(families, "dotnet_gc_committed_memory_bytes", MetricKind.Gauge, "bytes",
            "Memory that the collector had from the system after the last collection.", memory.TotalCommittedBytes);
        Add(families, "dotnet_gc_allocated_bytes", MetricKind.Counter, "bytes", "Bytes allocated on the managed heap.", GC.GetTotalAllocatedBytes());
        Add(families, "dotnet_gc_pause_seconds", MetricKind.Counter, "seconds", "Time for which collections have stopped the process.",
            GC.GetTotalPauseDuration().TotalSeconds);
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            // A collection of a generation collects the younger ones with it, and is counted for each.
            var count = GC.CollectionCount(generation) - (generation < GC.MaxGeneration ? GC.CollectionCount(generation + 1) : 0);
            Add(families, "dotnet_gc_collections", MetricKind.Counter, "", "Collections by the oldest generation that they took in.", count,
                $"generation=\"gen{generation.ToString(CultureInfo.InvariantCulture)}\"");
        }

        Add(families, "dotnet_thread_pool_threads", MetricKind.Gauge, "", "Threads of the runtime's pool; loops and workers are not among them.",
            ThreadPool.ThreadCount);
    }

    private static double ReadStartTime()
    {
        try
        {
            using var process = Process.GetCurrentProcess();
            return new DateTimeOffset(process.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds() / 1000.0;
        }
        catch (Exception exception) when (exception is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0; // the system does not tell: now is nearly right
        }
    }

    private static void Add(
        Dictionary<string, MetricFamily> families, string name, MetricKind kind, string unit, string help, double value, string labels = "")
    {
        if (!families.TryGetValue(name, out var family))
        {
            families[name] = family = new MetricFamily(name, kind, unit, help);
        }

        family.Add(labels, new MetricValue(value));
    }
}
