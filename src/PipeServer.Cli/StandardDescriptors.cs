using System.Globalization;
using System.Runtime.InteropServices;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>
/// Sees to it that the descriptors 0, 1 and 2 are taken. A process that was started with one of them closed gives its number to the next
/// thing that it opens, and then a log line goes to a client, or into the runtime.
/// </summary>
internal static partial class StandardDescriptors
{
    private const int O_RDWR = 2;
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int O_CLOEXEC = 0x80000;

    // Set for the second start to the number of the process, so that there is no third one, whatever the system does. In the environment of any
    // other process it says nothing.
    private const string Mark = "_PIPESERVER_DESCRIPTORS";

    private static string ThisProcess => Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Opens /dev/null for each one that is closed. The runtime may have been faster, with a pipe of its own that it needs: then the process
    /// starts itself once more, as the same process, by exec(2) with /dev/null in those places. Linux only. To be called before anything else.
    /// </summary>
    public static void EnsureOpen()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var taken = new List<int>();
        for (var descriptor = 0; descriptor <= StandardStream.Error; descriptor++)
        {
            // open(2) takes the lowest number that is free, and those below are taken by now.
            if (!StandardStream.WasPassed(descriptor) && open("/dev/null", O_RDWR) is var opened && opened != descriptor)
            {
                _ = opened >= 0 ? close(opened) : 0;
                taken.Add(descriptor);
            }
        }

        if (taken.Count > 0 && Environment.GetEnvironmentVariable(Mark) != ThisProcess)
        {
            StartAgain(taken);
        }
    }

    // Comes back only if it fails, with the runtime's descriptors in their places: nothing is ever written there (StandardStream.WasPassed).
    private static void StartAgain(List<int> taken)
    {
        string path;
        byte[] commandLine;
        try
        {
            path = File.ResolveLinkTarget("/proc/self/exe", returnFinalTarget: false)?.FullName ?? "/proc/self/exe";
            commandLine = File.ReadAllBytes("/proc/self/cmdline");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return; // no /proc
        }

        DeleteDiagnosticSocket();
        var saved = new List<(int Descriptor, int Copy)>();
        var nothing = open("/dev/null", O_RDWR);
        if (nothing < 0)
        {
            return;
        }

        foreach (var descriptor in taken)
        {
            saved.Add((descriptor, fcntl(descriptor, F_DUPFD_CLOEXEC, StandardStream.Error + 1)));
            _ = dup2(nothing, descriptor);
        }

        _ = close(nothing);
        _ = setenv(Mark, ThisProcess, 1);
        Execute(path, commandLine);
        foreach (var (descriptor, copy) in saved)
        {
            _ = dup3(copy, descriptor, O_CLOEXEC);
            _ = close(copy);
        }
    }

    // The socket of the runtime for diagnostic tools. It is named after the process, so the second start would find it in the way. Where there is
    // no folder for it, there is no such socket.
    private static void DeleteDiagnosticSocket()
    {
        try
        {
            foreach (var socket in Directory.EnumerateFiles(Path.GetTempPath(), $"dotnet-diagnostic-{Environment.ProcessId}-*"))
            {
                File.Delete(socket);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Left behind, as after a crash.
        }
    }

    // SAFETY: the arguments lie in one pinned array, each with the zero byte at its end that /proc gives it; the list of them ends with null.
    private static unsafe void Execute(string path, byte[] commandLine)
    {
        fixed (byte* first = commandLine)
        {
            var arguments = new List<nint>();
            for (var at = 0; at < commandLine.Length; at += commandLine.AsSpan(at).IndexOf((byte)0) + 1)
            {
                arguments.Add((nint)(first + at));
            }

            arguments.Add(0);
            fixed (nint* list = arguments.ToArray())
            {
                _ = execv(path, list);
            }
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int dup2(int descriptor, int copy);

    [LibraryImport("libc")]
    private static partial int dup3(int descriptor, int copy, int flags);

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int replace);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    // SAFETY: see Execute.
    private static unsafe partial int execv(string path, nint* arguments);
}
