namespace PipeServer.Tests.Support;

/// <summary>
/// Tests that count the process's allocations: they run alone, after all others, and give the JIT time to optimise.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AllocationTests
{
    public const string Name = "Allocations";

    /// <summary>
    /// Runs rounds until one allocates less than it is allowed to. The first ones warm up, and the test host allocates now
    /// and then on threads of its own: one quiet round is the proof.
    /// </summary>
    internal static async Task AssertAllocatesAtMostAsync(long bytes, Func<Task> round)
    {
        var least = long.MaxValue;
        for (var i = 0; i < 40 && least > bytes; i++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            await round();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            await Task.Delay(25);
        }

        Assert.True(least <= bytes, $"The quietest round allocated {least} bytes; {bytes} are allowed.");
    }
}
