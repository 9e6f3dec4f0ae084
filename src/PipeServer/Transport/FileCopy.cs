using System.IO.Pipelines;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport;

/// <summary>The way of a file through the process's memory, a block at a time, for where the system cannot send it by itself.</summary>
internal static class FileCopy
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>
    /// Copies a part of a file into a writer, and flushes each block. Reads on the calling thread, and after a wait for the client on
    /// the thread pool: the disk may take its time.
    /// </summary>
    /// <returns>How many bytes were flushed: fewer than asked for when the file has ended, or the client is gone.</returns>
    /// <exception cref="IOException">The file could not be read.</exception>
    public static async ValueTask<long> ToWriterAsync(
        PipeWriter writer, SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        var sent = 0L;
        while (sent < count)
        {
            var buffer = writer.GetMemory((int)Math.Min(BlockBytes, count - sent));
            var read = RandomAccess.Read(file, buffer.Span[..(int)Math.Min(buffer.Length, count - sent)], offset + sent);
            if (read == 0)
            {
                break;
            }

            writer.Advance(read);
            var flush = writer.FlushAsync(cancellationToken);
            var hasToWait = !flush.IsCompleted;
            if ((await flush.ConfigureAwait(false)).IsCompleted)
            {
                break;
            }

            sent += read;
            if (hasToWait)
            {
                await Task.Yield(); // off the thread that has made room: the next read may wait for the disk
            }
        }

        return sent;
    }
}
