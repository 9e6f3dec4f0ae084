using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport.Epoll;

/// <summary>What the system has of a file in memory. Hints both ways: nothing depends on them but who waits for the disk.</summary>
internal static partial class PageCache
{
    private const int POSIX_FADV_WILLNEED = 3;
    private const int RWF_NOWAIT = 0x8;

    private static int SYS_preadv2 => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 327 : 286;

    /// <summary>Asks for a part of a file to be read ahead. Nobody waits.</summary>
    public static void ReadAhead(SafeFileHandle file, long offset, long count) => _ = posix_fadvise(file, offset, count, POSIX_FADV_WILLNEED);

    /// <summary>
    /// Whether the system has a part of a file in its cache, as far as its first and its last byte tell. False where the
    /// system cannot say.
    /// </summary>
    public static bool Contains(SafeFileHandle file, long offset, int count) => Contains(file, offset) && Contains(file, offset + count - 1);

    // SAFETY: one byte and what describes it, on this stack frame for the whole call.
    private static unsafe bool Contains(SafeFileHandle file, long offset)
    {
        byte one;
        var piece = new Libc.Piece { Start = &one, Length = 1 };
        return syscall(SYS_preadv2, file, &piece, 1, (nint)offset, 0, RWF_NOWAIT) == 1;
    }

    [LibraryImport("libc")]
    // SAFETY: see Contains.
    private static unsafe partial nint syscall(nint number, SafeFileHandle file, Libc.Piece* pieces, nint count, nint low, nint high, nint flags);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle file, long offset, long count, int advice);
}
