using System.Globalization;
using System.Runtime.InteropServices;

namespace PipeServer.Load;

/// <summary>The machine that a run was made on. Figures of different machines must not be compared.</summary>
internal sealed record Machine(string Processor, int Cores, long MemoryMegabytes, string System, string Runtime)
{
    public static Machine This()
    {
        var processor = File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal));
        var memory = File.ReadLines("/proc/meminfo").First(static line => line.StartsWith("MemTotal:", StringComparison.Ordinal));
        return new Machine(
            processor?[(processor.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? $"{RuntimeInformation.ProcessArchitecture}",
            Environment.ProcessorCount,
            long.Parse(memory.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024,
            RuntimeInformation.OSDescription,
            RuntimeInformation.FrameworkDescription);
    }

    /// <summary>The same hardware and system; the runtime may be what is being compared.</summary>
    public bool IsComparableWith(Machine other) => this with { Runtime = "" } == other with { Runtime = "" };

    public override string ToString() => $"{Cores} cores of {Processor}, {MemoryMegabytes:N0} MB, {System}, {Runtime}";
}
