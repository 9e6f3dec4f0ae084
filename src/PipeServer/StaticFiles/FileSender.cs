using System.Buffers;
using System.Globalization;
using System.Text;

namespace PipeServer.StaticFiles;

/// <summary>
/// Sends an open file, or parts of it, as one version: what has changed since the head was made up is not sent as if it had not.
/// </summary>
internal readonly struct FileSender(FileRoot root, OpenedFile file, HttpResponse response, CancellationToken aborted)
{
    // Up to this much is read before anything is sent, so that there is a way back.
    private const int SmallBytes = 64 * 1024;

    // Of a larger part, the end that is held back until it is certain that the rest was of the same version.
    private const int HeldBackBytes = 4096;

    /// <summary>The whole file, or null when it is not what it was when it was opened.</summary>
    public static byte[]? TryReadWhole(FileRoot root, OpenedFile file)
    {
        var bytes = new byte[file.Identity.Length];
        return TryRead(root, file, 0, bytes) ? bytes : null;
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
        var boundary = Guid.NewGuid().ToString("N");
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

    private static bool TryRead(FileRoot root, OpenedFile file, long offset, Span<byte> bytes)
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

        // Not the time of the last change of any kind: who replaces the file by a rename changes that of the old one, and no byte.
        var now = root.Identify(file);
        return (now.Length, now.Modified) == (file.Identity.Length, file.Identity.Modified);
    }

    // False when the client is gone, or the file has become shorter or other than it was: then the server aborts the connection,
    // so that nobody takes the response for whole.
    private async ValueTask<bool> SendAsync(ByteRange range)
    {
        var last = (int)(range.Length <= SmallBytes ? range.Length : HeldBackBytes);
        var front = range.Length - last;
        if (front > 0 && await response.SendFileAsync(file.Handle, range.Start, front, aborted).ConfigureAwait(false) < front)
        {
            return false;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(last);
        try
        {
            if (!TryRead(root, file, range.End - last, buffer.AsSpan(0, last)))
            {
                return false;
            }

            response.Body.Write(buffer.AsSpan(0, last));
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private string ContentRange(ByteRange range) =>
        string.Create(CultureInfo.InvariantCulture, $"bytes {range.Start}-{range.End - 1}/{file.Identity.Length}");
}
