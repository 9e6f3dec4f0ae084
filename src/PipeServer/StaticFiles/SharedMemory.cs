namespace PipeServer.StaticFiles;

/// <summary>
/// What several handlers have together, so that all of them stay within the bounds of one: the memory for answers and for compressed files, listings,
/// and watched folders. Thread-safe.
/// </summary>
internal sealed class SharedMemory
{
    private readonly StaticFileOptions _options;

    /// <summary>Has the bounds of some options.</summary>
    public SharedMemory(StaticFileOptions options)
    {
        _options = options;
        Answers = new MemoryBudget(options.CacheBytes, options.MaxCachedFiles);
        Compressed = new MemoryBudget(options.MaxCompressedBytes);
        Listings = new ListingBudget(options.MaxSortedEntries);
        Counts = options.Metrics ? new FileCacheCounts() : null;
    }

    /// <summary>Answers that are ready.</summary>
    public MemoryBudget Answers { get; }

    /// <summary>Files that were compressed on the fly.</summary>
    public MemoryBudget Compressed { get; }

    /// <summary>Hashes of files' contents.</summary>
    public MemoryBudget Hashes { get; } = new(ContentHashes.MaxBytes);

    /// <summary>Listings that are being made or sent.</summary>
    public ListingBudget Listings { get; }

    /// <summary>Folders that are watched.</summary>
    public KeptFileBudget Folders { get; } = new(FolderWatches.MaxFolders);

    /// <summary>How the caches have done; null where nobody counts.</summary>
    public FileCacheCounts? Counts { get; private init; }

    /// <summary>How many bytes and entries the answers have, and how many of these keep their files open.</summary>
    public (long Bytes, int Entries, int Open) Size =>
        (Answers.Bytes, Answers.Entries, Answers.Holders.OfType<FileCache>().Sum(static cache => cache.OpenCount));

    /// <summary>This, or one with other bounds that goes on counting, where the options have other ones.</summary>
    public SharedMemory For(StaticFileOptions options) =>
        options.CacheBytes == _options.CacheBytes && options.MaxCachedFiles == _options.MaxCachedFiles
            && options.MaxCompressedBytes == _options.MaxCompressedBytes && options.MaxSortedEntries == _options.MaxSortedEntries
                ? this
                : new SharedMemory(options) { Counts = Counts };
}
