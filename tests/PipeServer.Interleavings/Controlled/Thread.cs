using Microsoft.Coyote.Runtime;

namespace PipeServer.Workers;

/// <summary>Stands in for the runtime's.</summary>
internal static class Thread
{
    public static void Yield() => SchedulingPoint.Interleave();

    public static void SpinWait(int iterations)
    {
        if (iterations > 0)
        {
            SchedulingPoint.Interleave();
        }
    }
}
