using System.Buffers;
using System.Security.Cryptography;

namespace HashFolder;

/// <summary>The hash of one file, as a job of a worker: it reads and computes on its thread, and may block there.</summary>
internal static class HashJob
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>The file's SHA-256; null where it was stopped in between.</summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Hears of each piece.</param>
    /// <param name="stop">Looked at between two pieces, so that a large file does not hold up the end.</param>
    public static byte[]? Hash(string path, Progress progress, Task stop)
    {
        const FileShare Everything = FileShare.ReadWrite | FileShare.Delete;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, Everything, bufferSize: 0, FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (int count; (count = file.Read(buffer)) > 0;)
            {
                if (stop.IsCompleted)
                {
                    return null;
                }

                hash.AppendData(buffer, 0, count);
                progress.Add(count);
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
