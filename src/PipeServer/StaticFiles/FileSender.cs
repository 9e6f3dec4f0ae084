using System.Buffers;
using System.Globalization;
using System.Text;
using PipeServer.Platform;

namespace PipeServer.StaticFiles;

/// <summary>
/// Sends an open file, or parts of it, as one version: a file that has changed since its head was made up is never sent as if it had not.
/// </summary>
internal readonly struct FileSender(FileRoot root, OpenedFile file, bool isSettled, HttpResponse response, CancellationToken aborted)
{
    // One read and one flush. A file of up to this much is read before anything is sent, so that there is a way back.
    private const int ChunkBytes = 64 * 1024;

    // From here on the system sends straight from its cache of the file. A program that writes into the file, without truncating it
    // first, changes bytes that are on their way. So the end is copied, and as long as it is not sent the rest has time to arrive;
    // before its last piece the file is looked at once more.
    private const int StraightFrom = 2 * 1024 * 1024;
    private const int CopiedBytes = ChunkBytes;

    /// <summary>The whole file, or null when it is not what it was when it was opened.</summary>
    public static byte[]? TryReadWhole(FileRoot root, OpenedFile file)
    {
        var bytes = new byte[file.Identity.Length];
        return TryRead(file, 0, bytes) && IsStillTheSame(root, file) ? bytes : null;
    }

    /// <summary>Sends the whole file.</summary>
    /// <returns>False when the file has changed and nothing is sent yet; later, the server aborts the connection.</returns>
    public async ValueTask<bool> SendWholeAsync() =>
        file.Identity.Length == 0
        || await SendAsync(new ByteRange(0, file.Identity.Length)).ConfigureAwait(false)
        || response.HasStarted;

    /// <summary>Sends a 206. RFC 9110 §14.6: one part as it is, several as multipart/byteranges, each with its own type and place.</summary>
    /// <inheritdoc cref="SendWholeAsync" path="/returns"/>
    public async ValueTask<bool> SendRangesAsync(IReadOnlyList<ByteRange> ranges)
    {
        if (ranges.Count == 1)
        {
            response.Headers["Content-Range"] = ContentRange(ranges[0]);
            response.ContentLength = ranges[0].Length;
            return await SendAsync(ranges[0]).ConfigureAwait(false) || response.HasStarted;
        }

        var type = response.ContentType;
        var boundary = Convert.ToHexStringLower(RandomNumbers.Bytes(16));
        var heads = new List<byte[]>();
        foreach (var range in ranges)
        {
            heads.Add(Encoding.ASCII.GetBytes($"\r\n--{boundary}\r\nContent-Type: {type}\r\nContent-Range: {ContentRange(range)}\r\n\r\n"));
        }

        var end = Encoding.ASCII.GetBytes($"\r\n--{boundary}--\r\n");
        response.ContentType = $"multipart/byteranges; boundary={boundary}";
        response.ContentLength = heads.Sum(static head => (long)head.Length) + ranges.Sum(static range => range.Length) + end.Length;
        for (var index = 0; index < ranges.Count; index++)
        {
            response.Body.Write(heads[index]);
            if (!await SendAsync(ranges[index]).ConfigureAwait(false))
            {
                return true;
            }
        }

        response.Body.Write(end);
        return true;
    }

    private static bool TryRead(OpenedFile file, long offset, Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var read = RandomAccess.Read(file.Handle, bytes, offset);
            if (read == 0)
            {
                return false;
            }

            bytes = bytes[read..];
            offset += read;
        }

        return true;
    }

    // The system sets a file's time before it takes over what is written: a read in between gets half of it under the new time.
    private static bool IsReadAgain(OpenedFile file, long offset, ReadOnlySpan<byte> bytes)
    {
        var again = ArrayPool<byte>.Shared.Rent(bytes.Length);
        try
        {
            var second = again.AsSpan(0, bytes.Length);
            return TryRead(file, offset, second) && second.SequenceEqual(bytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(again);
        }
    }

    // Changed is not compared: a rename that replaces the file sets the old one's Changed, and leaves its bytes as they are.
    private static bool IsStillTheSame(FileRoot root, OpenedFile file)
    {
        var now = root.Identify(file);
        return (now.Length, now.Modified) == (file.Identity.Length, file.Identity.Modified);
    }

    // False when the client is gone, or the file has become shorter or other than it was: then the server aborts the connection,
    // so that nobody takes the response for whole.
    private async ValueTask<bool> SendAsync(ByteRange range)
    {
        var offset = range.Start;
        if (range.Length > StraightFrom)
        {
            var front = range.Length - CopiedBytes;
            if (await response.SendFileAsync(file.Handle, offset, front, aborted).ConfigureAwait(false) < front)
            {
                return false;
            }

            offset += front;
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(ChunkBytes, range.End - offset));
        try
        {
            while (true)
            {
                var chunk = buffer.AsMemory(0, (int)Math.Min(ChunkBytes, range.End - offset));
                var isLast = offset + chunk.Length == range.End;
                if (!TryRead(file, offset, chunk.Span)
                    || (!isSettled && !IsReadAgain(file, offset, chunk.Span))
                    || (isLast && !IsStillTheSame(root, file)))
                {
                    return false;
                }

                response.Body.Write(chunk.Span);
                offset += chunk.Length;
                if (isLast)
                {
                    return true;
                }

                if ((await response.Body.FlushAsync(aborted).ConfigureAwait(false)).IsCompleted)
                {
                    return false;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private string ContentRange(ByteRange range) =>
        string.Create(CultureInfo.InvariantCulture, $"bytes {range.Start}-{range.End - 1}/{file.Identity.Length}");
}
