using System.Runtime.InteropServices;

namespace PipeServer.Platform;

/// <summary>
/// Linux's own way to sleep until a word in memory is changed, futex(2): what the events of every runtime are made of. To wake nobody costs
/// no call, and to wake somebody exactly one.
/// </summary>
/// <remarks>The word must not move while anybody waits on it: it lies in an array that was allocated pinned.</remarks>
internal static partial class Futex
{
    // The kernel's include/uapi/linux/futex.h. Private: the word is not shared with other processes, which saves the kernel a look-up.
    private const int FUTEX_WAIT_PRIVATE = 128;
    private const int FUTEX_WAKE_PRIVATE = 129;

    /// <summary>False on other systems, and on processors whose number of the call is not written down here.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    private static nint SYS_futex => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 202 : 98;

    /// <summary>
    /// Sleeps while the word has this value. It may return early (a signal), so the caller looks at the word again; the look and the
    /// falling asleep are one step, so that a change between them is not missed.
    /// </summary>
    // SAFETY: the word is pinned for the call; the kernel reads it and writes nothing.
    public static unsafe void Wait(ref int word, int value)
    {
        fixed (int* address = &word)
        {
            _ = wait(SYS_futex, address, FUTEX_WAIT_PRIVATE, value, 0);
        }
    }

    /// <summary>Wakes one thread that sleeps on the word, if there is one.</summary>
    // SAFETY: the word is pinned for the call; the kernel takes its address as a name only.
    public static unsafe void WakeOne(ref int word)
    {
        fixed (int* address = &word)
        {
            _ = wake(SYS_futex, address, FUTEX_WAKE_PRIVATE, 1);
        }
    }

    // Blocks, so the garbage collector has to know that the thread is away.
    [LibraryImport("libc", EntryPoint = "syscall")]
    // SAFETY: see Wait.
    private static unsafe partial nint wait(nint number, int* word, nint operation, nint value, nint timeout);

    // Never blocks: a garbage collection may as well wait for it.
    [LibraryImport("libc", EntryPoint = "syscall")]
    [SuppressGCTransition]
    // SAFETY: see WakeOne.
    private static unsafe partial nint wake(nint number, int* word, nint operation, nint count);
}
