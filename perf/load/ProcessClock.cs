using System.Runtime.InteropServices;
using PipeServer.Perf;

namespace PipeServer.Load;

/// <summary>The processor time of another process, to the nanosecond; /proc tells hundredths of a second only.</summary>
internal static class ProcessClock
{
    // clock_getcpuclockid(3) computes it so: the complement of the process's number, and the clock of all its threads.
    private const int AllThreads = 2;

    /// <summary>User and system time of all threads of the process since its start, of those that have ended too.</summary>
    /// <exception cref="MeasurementException">There is no such process.</exception>
    public static long Microseconds(int process) => GetTime((~process << 3) | AllThreads, out var time) == 0
        ? (time.Seconds * 1_000_000) + (time.Nanoseconds / 1000)
        : throw new MeasurementException($"process {process} has ended.");

    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetTime(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
