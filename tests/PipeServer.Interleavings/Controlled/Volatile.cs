using Microsoft.Coyote.Runtime;

namespace PipeServer.Workers;

/// <summary>Stands in for the runtime's: each access to a word is a step. References are only written where a lock is held.</summary>
internal static class Volatile
{
    public static int Read(ref int location)
    {
        SchedulingPoint.Interleave();
        return location;
    }

    public static void Write(ref int location, int value)
    {
        SchedulingPoint.Interleave();
        location = value;
    }

    public static void Write<T>(ref T location, T value)
        where T : class? => location = value;
}
