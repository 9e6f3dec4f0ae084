using System.Runtime.InteropServices;

namespace PipeServer.Diagnostics;

/// <summary>
/// Standard output or standard error, by its descriptor alone: the console of .NET takes locks, opens further descriptors, and changes the terminal.
/// </summary>
/// <remarks>
/// A process that was started with a closed descriptor gives its number to the next file or connection that it opens. What exec(2) passes on is
/// never close-on-exec, and what the runtime and this library open always is: by that flag a foreign descriptor is told, and nothing is written
/// there.
/// </remarks>
internal sealed partial class StandardStream(int descriptor) : ILineTarget
{
    /// <summary>The descriptor of standard output.</summary>
    public const int Output = 1;

    /// <summary>The descriptor of standard error.</summary>
    public const int Error = 2;

    /// <summary>The error number of a pipe that has lost its reader.</summary>
    public const int EPIPE = 32;

    private const int EINTR = 4;
    private const int EIO = 5;
    private const int EBADF = 9;
    private const int F_GETFD = 1;
    private const int FD_CLOEXEC = 1;
    private const short POLLOUT = 4;

    // Elsewhere than on Windows; opened once, because each call of Console makes another one.
    private static readonly Stream?[] Streams = new Stream?[3];

    private static int EAGAIN => OperatingSystem.IsLinux() ? 11 : 35;

    /// <summary>True when the descriptor was passed to this process by the one that started it.</summary>
    public static bool WasPassed(int descriptor) =>
        OperatingSystem.IsWindows() || fcntl(descriptor, F_GETFD) is >= 0 and var flags && (flags & FD_CLOEXEC) == 0;

    /// <inheritdoc/>
    public bool IsReady => OperatingSystem.IsWindows() || !WasPassed(descriptor) || IsPollReady(descriptor, timeoutMilliseconds: 0);

    /// <inheritdoc/>
    public int Write(ReadOnlySpan<byte> bytes, out int written)
    {
        written = 0;
        if (OperatingSystem.IsWindows())
        {
            return WriteByStream(bytes, ref written);
        }

        if (!WasPassed(descriptor))
        {
            return EBADF;
        }

        return WriteAll(descriptor, bytes, out written);
    }

    /// <summary>Writes to a descriptor, and waits for its reader as long as it takes. Not on Windows.</summary>
    /// <inheritdoc cref="Write"/>
    // SAFETY: the span is pinned for the call, and its length is passed with it.
    public static unsafe int WriteAll(int descriptor, ReadOnlySpan<byte> bytes, out int written)
    {
        written = 0;
        fixed (byte* first = bytes)
        {
            while (written < bytes.Length)
            {
                var result = write(descriptor, first + written, (nuint)(bytes.Length - written));
                if (result >= 0)
                {
                    written += (int)result;
                    continue;
                }

                var error = Marshal.GetLastPInvokeError();
                if (error == EAGAIN)
                {
                    // Another process has made the stream non-blocking, for all that share it.
                    _ = IsPollReady(descriptor, timeoutMilliseconds: -1);
                }
                else if (error != EINTR)
                {
                    return error;
                }
            }
        }

        return 0;
    }

    // SAFETY: struct pollfd is a number and two short ones, on this stack frame for the whole call.
    private static unsafe bool IsPollReady(int descriptor, int timeoutMilliseconds)
    {
        var request = new PollRequest { Descriptor = descriptor, Events = POLLOUT };
        return poll(&request, 1, timeoutMilliseconds) > 0;
    }

    private int WriteByStream(ReadOnlySpan<byte> bytes, ref int written)
    {
        try
        {
            var stream = Streams[descriptor] ??= descriptor == Output ? Console.OpenStandardOutput() : Console.OpenStandardError();
            stream.Write(bytes);
            written = bytes.Length;
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return EIO;
        }
    }

    private struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Answer;
    }

    // The third argument is left out: this command takes none.
    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see WriteAll.
    private static unsafe partial nint write(int descriptor, byte* bytes, nuint count);

    [LibraryImport("libc")]
    // SAFETY: see IsPollReady.
    private static unsafe partial int poll(PollRequest* requests, nuint count, int timeoutMilliseconds);
}
