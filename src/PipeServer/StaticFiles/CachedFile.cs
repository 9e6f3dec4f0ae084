using System.Runtime.CompilerServices;

namespace PipeServer.StaticFiles;

/// <summary>What a path is answered with, ready to be sent, and how to tell that it still holds.</summary>
/// <param name="path">The request's path, decoded, as bytes.</param>
/// <param name="sources">The file and its compressed siblings as they were found.</param>
/// <param name="representations">The file as it is, then in the codings that it is to be had in, the preferred ones first.</param>
internal sealed class CachedFile(byte[] path, FileSources sources, Representation[] representations)
{
    private volatile bool _isStale;
    private long _checkedAt;

    public byte[] Path { get; } = path;

    public FileSources Sources { get; } = sources;

    public Representation[] Representations { get; } = representations;

    /// <summary>The files that are kept open for it; none when all that is sent of it is in memory.</summary>
    public KeptFile[] Kept { get; } =
        [.. representations.Select(static representation => representation.Whole?.Source).OfType<KeptFile>()];

    /// <summary>Something has changed since it was read.</summary>
    public bool IsStale
    {
        get => _isStale;
        set => _isStale = value;
    }

    /// <summary>Every folder on the way is watched: without a change there, it holds.</summary>
    public bool IsWatched { get; set; }

    /// <summary>Its files are where looking at them takes no time, see <see cref="FileRoot.AtOnce"/>.</summary>
    public bool CanBeLookedAtOnce { get; init; }

    /// <summary>Used since the cache last looked for something to give up.</summary>
    public bool IsUsed { get; set; }

    /// <summary>It is used now. Written where it says something new only: the line of the cache would go from core to core.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MarkUsed()
    {
        if (!IsUsed)
        {
            IsUsed = true;
        }
    }

    /// <summary>When it was compared with the disk: a timestamp of the cache's clock.</summary>
    public long CheckedAt
    {
        get => Volatile.Read(ref _checkedAt);
        set => Volatile.Write(ref _checkedAt, value);
    }

    /// <summary>Its place in the round of answers that may be given up; used by the cache, under its lock.</summary>
    public LinkedListNode<CachedFile>? Place { get; set; }

    /// <summary>The names whose change makes it stale; used by the cache, under its lock.</summary>
    public List<(string Folder, string Name)> Dependencies { get; } = [];

    /// <summary>What it takes in memory, about, in bytes.</summary>
    public long Size => (2 * Path.Length) + 512 + Representations.Sum(static representation => representation.Size);

    /// <summary>Of several threads that find it due to be compared with the disk, one gets true, and does it.</summary>
    public bool TryStartCheck(long checkedAt, long now) => Interlocked.CompareExchange(ref _checkedAt, now, checkedAt) == checkedAt;

    /// <summary>Closes what is kept open for it, as soon as nobody reads there. Once.</summary>
    public void CloseFiles()
    {
        foreach (var file in Kept)
        {
            file.Dispose();
        }
    }
}
