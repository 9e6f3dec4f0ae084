using System.Diagnostics.Metrics;

namespace PipeServer.StaticFiles;

/// <summary>What the file cache of a handler holds, and how it has done, as instruments of a meter of its own; read when they are asked.</summary>
internal sealed class FileCacheMetrics : IDisposable
{
    private readonly Meter _meter;

    /// <param name="factory">Makes the meter; null for one of its own.</param>
    /// <param name="root">The folder: tells several handlers apart.</param>
    /// <param name="handler">Whose it is: the meter's scope, unless the factory makes it.</param>
    /// <param name="read">Reads the truth.</param>
    /// <exception cref="InvalidOperationException">The factory returns null.</exception>
    public FileCacheMetrics(Func<MeterOptions, Meter>? factory, string root, object handler, Func<FileCacheStatistics> read)
    {
        var options = new MeterOptions("PipeServer.StaticFiles")
        {
            Version = typeof(StaticFileHandler).Assembly.GetName().Version?.ToString(3),
            Tags = [new("pipeserver.root", root)],
            Scope = factory is null ? handler : null,
        };
        _meter = factory is null ? new Meter(options) : factory(options) ?? throw new InvalidOperationException(
            $"{nameof(StaticFileOptions.MeterFactory)} must return a meter; it returned null. Leave it out for one of the handler's own.");
        _meter.CreateObservableCounter("pipeserver.file_cache.hits", () => read().Hits, "{request}", "Requests that have found their file in the cache.");
        _meter.CreateObservableCounter("pipeserver.file_cache.misses", () => read().Misses, "{request}", "Requests that have not.");
        _meter.CreateObservableUpDownCounter("pipeserver.file_cache.size", () => read().Bytes, "By", "Memory of the answers in the cache, roughly.");
        _meter.CreateObservableUpDownCounter<long>("pipeserver.file_cache.entries", () => read().Entries, "{entry}", "Paths in the cache.");
        _meter.CreateObservableUpDownCounter<long>(
            "pipeserver.file_cache.open_files", () => read().OpenFiles, "{entry}", "Paths in the cache whose files are kept open instead of in memory.");
    }

    /// <summary>Ends the meter: nobody listens to it any more.</summary>
    public void Dispose() => _meter.Dispose();
}
