using System.Runtime.InteropServices;

namespace PipeServer.Cli;

/// <summary>
/// A SIGHUP that is ignored from the start, as <c>nohup</c> leaves it. The runtime does not watch for what is ignored, and a reload would never be
/// heard of; the program itself goes on at that signal in any case.
/// </summary>
internal static unsafe partial class IgnoredHangUp
{
    private const int SIGHUP = 1;
    private const nint SIG_IGN = 1;
    private const int MostActionBytes = 256; // of struct sigaction, which has 152 on Linux; the handler is its first member

    /// <summary>Has it watched for, before somebody registers for it.</summary>
    // SAFETY: the system writes one structure, which is smaller than the room for it.
    public static void End()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var action = stackalloc byte[MostActionBytes];
        if (sigaction(SIGHUP, null, action) == 0 && *(nint*)action == SIG_IGN
            && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "abs", out var harmless))
        {
            // Not the system's own way of dealing with it, which ends the process, be it for a moment: a function that does nothing with its number.
            _ = signal(SIGHUP, harmless);
        }
    }

    [LibraryImport("libc")]
    // SAFETY: see End.
    private static partial int sigaction(int number, void* action, byte* before);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);
}
