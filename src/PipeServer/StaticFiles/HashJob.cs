namespace PipeServer.StaticFiles;

/// <summary>A file that is hashed in the background, opened only when its turn has come. For one thread at a time.</summary>
/// <param name="hashes">Who wants it.</param>
/// <param name="path">The file below their root.</param>
/// <param name="identity">The version.</param>
internal sealed class HashJob(ContentHashes hashes, string path, FileIdentity identity)
{
    private FileHashing? _hashing;
    private OpenedFile? _file;

    /// <summary>Reads on, at most so many bytes.</summary>
    /// <returns>False when it has ended, with a hash or without: another version is in the file's place, or nobody wants it any more.</returns>
    public bool GoOn(long bytes)
    {
        var goesOn = false;
        string? hash = null;
        try
        {
            if (!hashes.Closing.IsCancellationRequested
                && (_hashing ??= hashes.TryBegin(path, identity, out _file)) is { } hashing
                && hashing.TryRead(bytes, hashes.Closing))
            {
                goesOn = !hashing.IsDone;
                hash = goesOn ? null : hashing.Finish();
            }
        }
#pragma warning disable CA1031 // On the thread pool a fault ends the process. The disk has an error, or the folder is closed: there is no tag, and no harm.
        catch (Exception)
#pragma warning restore CA1031
        {
            goesOn = false;
        }

        if (!goesOn)
        {
            _file?.Dispose();
            hashes.EndLater(path, identity, hash);
        }

        return goesOn;
    }
}
