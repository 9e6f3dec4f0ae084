using System.Runtime.InteropServices;
using PipeServer.Diagnostics;
using PipeServer.StaticFiles;

namespace PipeServer.Cli.AccessLog;

/// <summary>
/// The file that lines are appended to, by the system's append mode: what logrotate does to it (renamed, or copied and truncated) or another process
/// writes never leaves a hole. Used by one thread.
/// </summary>
internal sealed partial class AccessLogFile(string path) : ILineTarget, IDisposable
{
    private const int O_WRONLY = 1;
    private const int O_CREAT = 0x40;
    private const int O_APPEND = 0x400;
    private const int O_NONBLOCK = 0x800;
    private const int O_CLOEXEC = 0x80000;
    private const int O_NOCTTY = 0x100;
    private const int F_SETFL = 4;
    private const int EBADF = 9;
    private const int EIO = 5;
    private const int EISDIR = 21;
    private const int ENXIO = 6;

    // What stands in it is about people: readable by the owner and the group.
    private const int Mode = 0x1A0; // 0640

    private int _descriptor = -1;
    private FileStream? _stream; // elsewhere than on Linux

    /// <inheritdoc/>
    public bool IsReady => true;

    /// <summary>Finds by trying what would keep the log from being written. Leaves no file behind.</summary>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? FindProblem(string path)
    {
        if (!FileCalls.AreSupported || !File.Exists(path))
        {
            return ReportFile.FindProblem(path);
        }

        if (FileCalls.TypeOf(path) != FileCalls.IFREG)
        {
            return null; // to open a FIFO and close it again tells its reader that this was all
        }

        // In the way that it will be opened: a file may be one that can be appended to and nothing else (chattr +a).
        using var file = new AccessLogFile(path);
        return file.Open() is not 0 and var error ? Explain(error) : null;
    }

    /// <summary>Opens the file, anew if it is open: what has the name now.</summary>
    /// <returns>0, or the system's error number; then the file that was open is kept.</returns>
    public int Open()
    {
        if (!OperatingSystem.IsLinux())
        {
            return OpenStream();
        }

        // Not blocking, only to open: a FIFO that nobody reads would hold the caller for ever. Written to it is blocking, for the one that writes may wait.
        var descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, Mode);
        if (descriptor < 0)
        {
            return Marshal.GetLastPInvokeError();
        }

        _ = fcntl(descriptor, F_SETFL, O_APPEND);
        Dispose();
        _descriptor = descriptor;
        return 0;
    }

    /// <inheritdoc/>
    public int Write(ReadOnlySpan<byte> bytes, out int written)
    {
        written = 0;
        if (_stream is not null)
        {
            return WriteToStream(bytes, ref written);
        }

        return _descriptor < 0 ? EBADF : StandardStream.WriteAll(_descriptor, bytes, out written);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
        if (_descriptor >= 0)
        {
            _ = close(_descriptor);
            _descriptor = -1;
        }
    }

    /// <summary>Why the file could not be opened, with the way out.</summary>
    public static string Explain(int error) => error switch
    {
        EISDIR => "this is a folder. Name a file, or - for standard output.",
        ENXIO => "this is a FIFO that nobody reads, or a socket. Start the FIFO's reader first, or name a file.",
        _ => $"{Marshal.GetPInvokeErrorMessage(error)}. Name a file that can be written, or - for standard output.",
    };

    private int OpenStream()
    {
        try
        {
            var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            Dispose();
            _stream = stream;
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return EIO;
        }
    }

    private int WriteToStream(ReadOnlySpan<byte> bytes, ref int written)
    {
        try
        {
            _stream!.Write(bytes);
            written = bytes.Length;
            return 0;
        }
        catch (IOException)
        {
            return EIO;
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, int mode);

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);
}
