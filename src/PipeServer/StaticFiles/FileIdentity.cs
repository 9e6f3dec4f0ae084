namespace PipeServer.StaticFiles;

/// <summary>Which file this is and which of its versions: two equal ones have the same content.</summary>
/// <param name="Device">The file system; 0 where it is not known.</param>
/// <param name="Inode">The file on it; 0 where it is not known.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Modified">When the content was changed last, as the kernel says, be it true or not.</param>
/// <param name="Changed">When anything was changed last, which nobody can set back; null where it is not known.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, long Length, FileTime Modified, FileTime? Changed)
{
    /// <summary>The same of a folder, which is the same one whatever its times.</summary>
    public FolderIdentity OfFolder => new(Device, Inode, Path: null, Created: default);

    /// <summary>
    /// When anything was changed last, else when the content was: unlike the time of the content, this one cannot be set, and is never
    /// ahead of the clock. Null where neither is to be had.
    /// </summary>
    public DateTimeOffset? LastChanged => Changed is { } changed ? changed.Date : FalseTimes.Contains(Modified) ? null : Modified.Date;

    /// <summary>
    /// What <c>Last-Modified</c> says of the file, and dates in requests are compared with; null when no time is to be had that can be
    /// believed (RFC 9110 §8.8.2).
    /// </summary>
    /// <remarks>
    /// §8.8.2.1 forbids a date that lies ahead of the clock. In its place goes the time at which it was set, which the kernel keeps: it
    /// stays the same from one response to the next, so that a client gets its 304 for it, and it is not older than the content.
    /// </remarks>
    public DateTimeOffset? LastModified(DateTimeOffset now)
    {
        if (FalseTimes.Contains(Modified))
        {
            return null;
        }

        return Modified.Date <= now ? Modified.Date
            : Changed is { } changed && !FalseTimes.Contains(changed) && changed.Date <= now ? changed.Date
            : null;
    }
}
