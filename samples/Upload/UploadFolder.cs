using System.IO.Pipelines;
using System.Security.Cryptography;

namespace UploadSample;

/// <summary>
/// The folder of what was uploaded. A file gets its name when all of it is on the disk: whoever looks sees whole files only, and what does not come to its
/// end is removed.
/// </summary>
internal sealed class UploadFolder
{
    private const string PartialPrefix = ".upload-"; // hidden, and no name that a client can give
    private const string PartialSuffix = ".partial";
    private const int MaxListed = 1000;

    private readonly DirectoryInfo _folder;

    /// <summary>Makes the folder where there is none, and removes what a process that was killed has left.</summary>
    public UploadFolder(string path)
    {
        _folder = Directory.CreateDirectory(path);
        foreach (var partial in _folder.EnumerateFiles($"{PartialPrefix}*{PartialSuffix}"))
        {
            partial.Delete();
        }
    }

    /// <summary>Its full path.</summary>
    public string Path => _folder.FullName;

    /// <summary>The first thousand files.</summary>
    public StoredFile[] List() => [.. _folder.EnumerateFiles().Where(static file => FileName.IsValid(file.Name)).Take(MaxListed)
        .Select(static file => new StoredFile(file.Name, file.Length)).OrderBy(static file => file.Name, StringComparer.Ordinal)];

    /// <summary>Whether there is a file of that name.</summary>
    public bool Contains(string name) => File.Exists(PathOf(name));

    /// <summary>Whether the disk has room for so many bytes, and some more for others.</summary>
    public bool HasRoomFor(long bytes)
    {
        const long Reserve = 100L << 20;
        return new DriveInfo(Path).AvailableFreeSpace - Reserve >= bytes;
    }

    /// <summary>Stores a body as it comes: memory holds a few buffers of it, whatever its length.</summary>
    /// <param name="name">A valid name.</param>
    /// <param name="body">What is read to its end.</param>
    /// <param name="replace">Whether a file of that name may be there already.</param>
    /// <param name="cancellationToken">The client has gone.</param>
    /// <returns>What was stored; null where another file has the name and was not to be replaced.</returns>
    /// <exception cref="IOException">The body does not come to its end, or the disk does not take it. Nothing is left of it.</exception>
    public async Task<StoredFile?> StoreAsync(string name, PipeReader body, bool replace, CancellationToken cancellationToken)
    {
        var partial = System.IO.Path.Combine(Path, $"{PartialPrefix}{Guid.NewGuid():n}{PartialSuffix}");
        try
        {
            var (bytes, hash) = await WriteAsync(partial, body, cancellationToken);
            File.Move(partial, PathOf(name), replace);
            return new StoredFile(name, bytes, hash);
        }
        catch (IOException) when (!replace && File.Exists(partial) && Contains(name))
        {
            return null; // somebody else's came first
        }
        finally
        {
            File.Delete(partial); // nothing, once it has its name
        }
    }

    private static async Task<(long Bytes, string Hash)> WriteAsync(string path, PipeReader body, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            foreach (var part in read.Buffer)
            {
                hash.AppendData(part.Span);
                await file.WriteAsync(part, cancellationToken);
            }

            body.AdvanceTo(read.Buffer.End); // only now is there room for more: a slow disk slows the client down
            if (read.IsCompleted)
            {
                break;
            }
        }

        file.Flush(flushToDisk: true); // before the name: after a power failure there is no file that is empty
        return (file.Length, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private string PathOf(string name) => System.IO.Path.Combine(Path, name);
}
