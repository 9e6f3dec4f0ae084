using System.IO.Pipelines;

namespace PipeServer.StaticFiles;

/// <summary>A form in which a folder is listed, written entry by entry: no more of it is held in memory than what is not flushed.</summary>
/// <param name="output">Takes it; the caller flushes.</param>
internal abstract class FolderView(PipeWriter output) : IDisposable
{
    /// <summary>What is written and not flushed, in bytes.</summary>
    public abstract long UnflushedBytes { get; }

    protected PipeWriter Output => output;

    /// <summary>Begins.</summary>
    /// <param name="order">How the entries that come are sorted, or null for not at all.</param>
    public abstract void Begin(FolderOrder? order);

    public abstract void Write(FolderEntry entry);

    public abstract void End();

    /// <summary>Gives the output everything, to be flushed.</summary>
    public virtual void Settle()
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected static string Iso(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Where an entry is, seen from its folder: with <c>./</c> before it, so that a colon in it makes no scheme.</summary>
    protected static string Reference(FolderEntry entry) => $"./{PathText.Escape(entry.Name)}{(entry.IsFolder ? "/" : "")}";

    protected virtual void Dispose(bool disposing)
    {
    }
}
