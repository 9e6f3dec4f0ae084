namespace PipeServer.StaticFiles;

/// <summary>What the cache of a <see cref="StaticFileHandler"/> holds, and how it has done.</summary>
/// <param name="Hits">How many requests have found their path in it. Counted only with <see cref="StaticFileOptions.Metrics"/>.</param>
/// <param name="Misses">How many have not. The same.</param>
/// <param name="Bytes">How much memory its answers take now, roughly.</param>
/// <param name="Entries">How many paths it has now.</param>
/// <param name="OpenFiles">Of how many of those the files are kept open instead of being held in memory.</param>
internal readonly record struct FileCacheStatistics(long Hits, long Misses, long Bytes, int Entries, int OpenFiles);
