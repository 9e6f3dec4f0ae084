using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport.Epoll;

/// <summary>A part of a file on its way to a client: see <see cref="TransportConnection.SendFileAsync"/>.</summary>
internal static class FileSending
{
    // What one sendfile is asked for: a loop's others wait for no longer than that takes. And how far ahead the disk is told to read.
    private const int FileBytes = 2 * 1024 * 1024;
    private const long ReadAheadBytes = 4 * 1024 * 1024;

    /// <summary>Sends what is written, and the part of the file behind it.</summary>
    public static async ValueTask<long> SendAsync(
        EpollOutput output, SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        if (!await output.FlushBeforeFileAsync(cancellationToken).ConfigureAwait(false))
        {
            return 0;
        }

        var started = Stopwatch.GetTimestamp();
        var sent = 0L;
        while (sent < count)
        {
            // What the system has in its cache is sent wherever this is; what it must read first is read ahead, and waited for
            // where no other connection waits with it.
            var next = (int)Math.Min(FileBytes, count - sent);
            if (EventLoop.IsCurrentThread && !PageCache.Contains(file, offset + sent, next))
            {
                PageCache.ReadAhead(file, offset + sent, ReadAheadBytes);
                await Task.Yield();
            }

            var taken = output.TrySendFile(file, offset + sent, next);
            if (taken == 0)
            {
                break;
            }

            sent += Math.Max(0, taken);
            if (taken < 0 && (await output.WaitForRoomAsync(cancellationToken).ConfigureAwait(false)).IsCompleted)
            {
                return sent;
            }
        }

        while ((await output.WaitUntilTakenAsync(sent, started, cancellationToken).ConfigureAwait(false)).IsCanceled)
        {
            // A cancelled wait starts anew: the bytes are on their way, and until they arrive, a change of the file would change them.
        }

        return sent;
    }
}
