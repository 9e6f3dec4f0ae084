namespace PipeServer.StaticFiles;

/// <summary>What the cache of a <see cref="StaticFileHandler"/> holds, and how it has done.</summary>
internal sealed class FileCacheStatistics(long hits, long misses, long bytes, int entries, int openFiles)
{
    /// <summary>How many requests have found their path in it. Counted only with <see cref="StaticFileOptions.Metrics"/>.</summary>
    public long Hits => hits;

    /// <summary>How many have not. The same.</summary>
    public long Misses => misses;

    /// <summary>How much memory its answers take now, roughly.</summary>
    public long Bytes => bytes;

    /// <summary>How many paths it has now.</summary>
    public int Entries => entries;

    /// <summary>Of how many of those the files are kept open instead of being held in memory.</summary>
    public int OpenFiles => openFiles;
}
