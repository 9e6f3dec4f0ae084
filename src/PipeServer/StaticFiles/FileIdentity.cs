namespace PipeServer.StaticFiles;

/// <summary>Which file this is and which of its versions: two equal ones have the same content.</summary>
/// <param name="Device">The file system; 0 where it is not known.</param>
/// <param name="Inode">The file on it; 0 where it is not known.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Modified">When the content was changed last: nanoseconds since 1970.</param>
/// <param name="Changed">When anything was changed last, which nobody can set back: nanoseconds since 1970; 0 where it is not known.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, long Length, long Modified, long Changed)
{
    private const long NanosecondsPerTick = 100;

    public DateTimeOffset LastModified => DateTimeOffset.UnixEpoch.AddTicks(Modified / NanosecondsPerTick);

    /// <summary>
    /// When anything was changed last, else when the content was: unlike the time of the content, this one cannot be set, and is never
    /// ahead of the clock.
    /// </summary>
    public DateTimeOffset LastChanged => DateTimeOffset.UnixEpoch.AddTicks((Changed != 0 ? Changed : Modified) / NanosecondsPerTick);

    public static long Nanoseconds(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;
}
