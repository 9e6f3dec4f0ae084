using Microsoft.Coyote.Runtime;

namespace PipeServer.Workers;

/// <summary>Stands in for the runtime's: each operation is a step.</summary>
internal static class Interlocked
{
    public static int CompareExchange(ref int location, int value, int comparand)
    {
        SchedulingPoint.Interleave();
        var before = location;
        location = before == comparand ? value : before;
        return before;
    }

    public static int Exchange(ref int location, int value)
    {
        SchedulingPoint.Interleave();
        (var before, location) = (location, value);
        return before;
    }
}
