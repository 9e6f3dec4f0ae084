namespace PipeServer.StaticFiles;

/// <summary>One form of a file: as it is, or in a content coding. RFC 9110 §3.2.</summary>
/// <param name="Coding">The coding, or null.</param>
/// <param name="Tag">The strong entity tag, quotes included, as bytes.</param>
/// <param name="NotModified">The 304.</param>
internal sealed record Representation(ContentCoding? Coding, byte[] Tag, PreparedResponse NotModified)
{
    private volatile PreparedResponse? _whole;
    private volatile bool _isExcluded;

    /// <summary>The coding turned out not to be worth it: as if it were not there.</summary>
    public bool IsExcluded
    {
        get => _isExcluded;
        set => _isExcluded = value;
    }

    /// <summary>The 200, in memory or with a file that is kept open; null for one that is too large to keep, or has not been made yet.</summary>
    public PreparedResponse? Whole
    {
        get => _whole;
        set => _whole = value;
    }

    public long Size => Tag.Length + NotModified.Size + (Whole?.Size ?? 0);
}
