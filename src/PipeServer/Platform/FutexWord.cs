using System.Runtime.InteropServices;

namespace PipeServer.Platform;

/// <summary>
/// A word for <see cref="Futex"/>, at first 0: it does not move, and has a cache line of its own, so that who waits for it takes nothing else from
/// other threads. One that was not constructed has no word.
/// </summary>
internal readonly struct FutexWord
{
    private const int LineWords = 16; // 64 bytes, of which the first word is used

    private readonly int[] _line;

    public FutexWord() => _line = GC.AllocateArray<int>(LineWords, pinned: true);

    /// <summary>The word.</summary>
    public ref int Value => ref MemoryMarshal.GetArrayDataReference(_line);
}
