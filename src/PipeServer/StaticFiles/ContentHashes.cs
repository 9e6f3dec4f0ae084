namespace PipeServer.StaticFiles;

/// <summary>
/// Hashes of the contents of files, by the version of the file, within a bound of memory: each is read once. Small files are hashed by who asks, larger
/// ones in the background. Safe for any number of threads.
/// </summary>
#pragma warning disable CA1001 // Without timers or wait handles the source holds nothing to dispose of.
internal sealed class ContentHashes : KeptByUse<(string Path, FileIdentity Identity), string>
#pragma warning restore CA1001
{
    /// <summary>What they may take in memory for all handlers together, in bytes: some 20,000 files.</summary>
    public const long MaxBytes = 8L * 1024 * 1024;

    /// <summary>Up to this length a file is hashed before its first answer, which that delays by less than compression may: some 100 milliseconds.</summary>
    public const long AtOnceBytes = 16L * 1024 * 1024;

    // What may change again without a change of its times is hashed twice for each answer, and a larger file has no tag until then.
    private const long UnsettledBytes = 1024 * 1024;

    private const int EntryBytes = 400; // beside the path

    private readonly FileRoot _root;
    private readonly HashQueue _queue;
    private readonly HashSet<(string Path, FileIdentity Identity)> _inProgress = []; // in the background, or waiting for that
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Holds nothing yet.</summary>
    /// <param name="root">What the files are below.</param>
    /// <param name="memory">What it may hold, perhaps beside others.</param>
    /// <param name="queue">Where large files wait.</param>
    public ContentHashes(FileRoot root, MemoryBudget memory, HashQueue queue)
        : base(memory)
    {
        (_root, _queue) = (root, queue);
        Closing = _closing.Token;
    }

    /// <summary>Cancelled by <see cref="Close"/>.</summary>
    public CancellationToken Closing { get; }

    /// <summary>The hash of an open file; null where it is not known yet, or the file is changing.</summary>
    /// <param name="path">The file below the root: not every system can tell two files of one length and one time apart.</param>
    /// <param name="file">The file.</param>
    /// <param name="isSettled">A further change of it would show in its times.</param>
    /// <param name="aborted">The answer is not wanted any more.</param>
    public string? Get(string path, OpenedFile file, bool isSettled, CancellationToken aborted)
    {
        var key = (path, file.Identity);
        lock (Guard)
        {
            if (TryUse(key, out var known))
            {
                return known;
            }
        }

        if (file.Identity.Length > (isSettled ? AtOnceBytes : UnsettledBytes))
        {
            if (isSettled)
            {
                HashLater(key);
            }

            return null;
        }

        // Again where the identity has changed: a rename that replaces the file does that, and leaves the content as it is.
        var (hash, identity) = Hash(file, aborted);
        (hash, identity) = hash is null ? Hash(file, aborted) : (hash, identity);
        if (hash is not null && isSettled && identity == file.Identity)
        {
            Keep(path, identity, hash);
        }

        return isSettled || hash is null || Hash(file, aborted).Hash == hash ? hash : null;
    }

    /// <summary>Opens a file to be hashed in the background; null when it is not that version any more.</summary>
    public FileHashing? TryBegin(string path, FileIdentity identity, out OpenedFile? file)
    {
        if (_root.TryOpen(path, out file) != OpenStatus.File)
        {
            return null;
        }

        var hashing = new FileHashing(_root, file!);
        return hashing.Identity == identity ? hashing : null;
    }

    /// <summary>The end of a file in the background.</summary>
    /// <param name="path">The file.</param>
    /// <param name="identity">The version.</param>
    /// <param name="hash">Its hash; null when there is none.</param>
    public void EndLater(string path, FileIdentity identity, string? hash)
    {
        lock (Guard)
        {
            _inProgress.Remove((path, identity));
        }

        if (hash is not null)
        {
            Keep(path, identity, hash);
        }
    }

    /// <summary>Gives up everything, and hashes and keeps nothing in the background from now on.</summary>
    public override void Close()
    {
        _closing.Cancel();
        base.Close();
    }

    private (string? Hash, FileIdentity Identity) Hash(OpenedFile file, CancellationToken aborted)
    {
        var hashing = new FileHashing(_root, file);
        return (hashing.Identity.Length == file.Identity.Length && hashing.TryRead(file.Identity.Length, aborted) ? hashing.Finish() : null, hashing.Identity);
    }

    private void HashLater((string Path, FileIdentity Identity) key)
    {
        lock (Guard)
        {
            if (Closing.IsCancellationRequested || !_inProgress.Add(key))
            {
                return;
            }
        }

        if (!_queue.TryAdd(new HashJob(this, key.Path, key.Identity)))
        {
            EndLater(key.Path, key.Identity, hash: null); // a later request asks again
        }
    }

    private void Keep(string path, FileIdentity identity, string hash) => Keep((path, identity), hash, EntryBytes + (2 * path.Length));
}
