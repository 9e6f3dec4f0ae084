using System.IO.Compression;

namespace PipeServer.StaticFiles;

/// <summary>
/// Files that were compressed on the fly, by the version of the file, within a bound of memory. Safe for any number of threads:
/// one compresses, the others send the file as it is until it is done.
/// </summary>
internal sealed class CompressedFiles : KeptByUse<(string Path, FileIdentity Identity, string Coding), ReadOnlyMemory<byte>?>
{
    // Compressed once and sent many times: better than the fastest. Brotli's 11 takes a hundred times as long as its 5, for a
    // tenth less.
    private const int BrotliQuality = 5;
    private const int BrotliWindow = 22;

    private const int EntryBytes = 256; // beside what is compressed

    private readonly HashSet<(string Path, FileIdentity Identity, string Coding)> _inProgress = [];

    /// <summary>Holds nothing yet.</summary>
    /// <param name="memory">What it may hold, perhaps beside others.</param>
    public CompressedFiles(MemoryBudget memory)
        : base(memory)
    {
    }

    /// <summary>
    /// The file in a coding, made now if it has not been; null where that is not worth it, or another thread is compressing it now.
    /// </summary>
    /// <param name="path">The file: not every system can tell two files of one length and one time apart.</param>
    /// <param name="identity">The version.</param>
    /// <param name="coding">br or gzip.</param>
    /// <param name="keep">Keep it for the next one.</param>
    /// <param name="read">Reads the whole file; null when it is another version by now.</param>
    public ReadOnlyMemory<byte>? Get(string path, FileIdentity identity, ContentCoding coding, bool keep, Func<byte[]?> read)
    {
        var key = (path, identity, coding.Name);
        lock (Guard)
        {
            if (TryUse(key, out var known))
            {
                return known;
            }

            if (!_inProgress.Add(key))
            {
                return null;
            }
        }

        try
        {
            if (read() is not { } bytes)
            {
                return null;
            }

            var compressed = coding.Name == "br" ? Brotli(bytes) : Gzip(bytes);

            // Less than a tenth saved is not worth the client's time; remembered all the same.
            var isWorthIt = compressed.Length < bytes.Length - (bytes.Length / 10);
            var result = isWorthIt ? compressed : default(ReadOnlyMemory<byte>?); // a plain null would become an empty body
            if (keep)
            {
                Keep(key, result, EntryBytes + (result?.Length ?? 0));
            }

            return result;
        }
        finally
        {
            lock (Guard)
            {
                _inProgress.Remove(key);
            }
        }
    }

    /// <summary>True when the file was compressed, and hardly got smaller.</summary>
    public bool IsNotWorthIt(string path, FileIdentity identity, ContentCoding coding)
    {
        lock (Guard)
        {
            return TryPeek((path, identity, coding.Name), out var known) && known is null;
        }
    }

    private static ReadOnlyMemory<byte> Brotli(byte[] bytes)
    {
        var buffer = new byte[BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        return BrotliEncoder.TryCompress(bytes, buffer, out var written, BrotliQuality, BrotliWindow)
            ? buffer.AsSpan(0, written).ToArray()
            : throw new InvalidOperationException("Brotli found its own bound too small.");
    }

    private static ReadOnlyMemory<byte> Gzip(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return output.ToArray();
    }
}
