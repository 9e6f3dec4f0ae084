using System.Runtime.CompilerServices;
using Microsoft.Coyote.Random;
using Microsoft.Coyote.Runtime;

namespace PipeServer.Platform;

/// <summary>
/// Stands in for the kernel's futex: the look at the word and the falling asleep are one step, a wake reaches one sleeper that is there at that
/// moment and is lost otherwise, and a wait may end for no reason.
/// </summary>
internal static class Futex
{
    private const int ChanceOfASignal = 10;

    private static readonly Dictionary<nint, Queue<Sleeper>> Sleepers = [];

    /// <summary>Forgets who sleeps: for the next run.</summary>
    public static void Clear() => Sleepers.Clear();

    public static void Wait(ref int word, int value)
    {
        SchedulingPoint.Interleave();
        if (word != value || Generator.Create().NextInteger(ChanceOfASignal) == 0)
        {
            return;
        }

        var sleeper = new Sleeper();
        var address = AddressOf(ref word);
        if (!Sleepers.TryGetValue(address, out var sleepers))
        {
            Sleepers[address] = sleepers = new Queue<Sleeper>();
        }

        sleepers.Enqueue(sleeper);
        Operation.PauseUntil(() => sleeper.IsAwake);
    }

    public static void WakeOne(ref int word)
    {
        SchedulingPoint.Interleave();
        if (Sleepers.TryGetValue(AddressOf(ref word), out var sleepers) && sleepers.TryDequeue(out var sleeper))
        {
            sleeper.IsAwake = true;
        }
    }

    // SAFETY: the word lies in a pinned array, and its address is only a name.
    private static unsafe nint AddressOf(ref int word) => (nint)Unsafe.AsPointer(ref word);

    private sealed class Sleeper
    {
        public bool IsAwake { get; set; }
    }
}
