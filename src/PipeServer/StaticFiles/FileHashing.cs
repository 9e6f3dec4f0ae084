using System.Buffers;
using System.Buffers.Text;

namespace PipeServer.StaticFiles;

/// <summary>
/// Hashes an open file piece by piece, as one version: one that has changed by the end has no hash. For one thread at a time; blocks on the disk.
/// </summary>
internal sealed class FileHashing
{
    private const int PieceBytes = 64 * 1024;

    // Of the 32: a tag is sent with each response, and so many cannot be made to match by anybody.
    private const int KeptBytes = 24;

    private readonly FileRoot _root;
    private readonly OpenedFile _file;
    private readonly IncrementalSha256 _hash = new();
    private long _offset;

    /// <summary>Begins.</summary>
    /// <param name="root">What the file is below.</param>
    /// <param name="file">The file, open until the end.</param>
    public FileHashing(FileRoot root, OpenedFile file)
    {
        (_root, _file) = (root, file);
        Identity = root.Identify(file);
    }

    /// <summary>The version that is hashed.</summary>
    public FileIdentity Identity { get; }

    /// <summary>Everything is read.</summary>
    public bool IsDone => _offset == Identity.Length;

    /// <summary>Reads on, at most so many bytes.</summary>
    /// <returns>False when the file is shorter than it was, or nobody wants the hash any more.</returns>
    /// <exception cref="IOException">The disk has an error.</exception>
    public bool TryRead(long bytes, CancellationToken unwanted)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            for (var end = Math.Min(Identity.Length, _offset + bytes); _offset < end;)
            {
                var read = RandomAccess.Read(_file.Handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - _offset)), _offset);
                if (read == 0 || unwanted.IsCancellationRequested)
                {
                    return false;
                }

                _hash.Append(buffer.AsSpan(0, read));
                _offset += read;
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The hash as 32 characters that a tag may have; null when the file is not what it was at the beginning. Once.</summary>
    public string? Finish()
    {
        if (_root.Identify(_file) != Identity)
        {
            return null;
        }

        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        _hash.Finish(hash);
        return Base64Url.EncodeToString(hash[..KeptBytes]);
    }
}
