namespace PipeServer.StaticFiles;

/// <summary>
/// A time as the kernel keeps it with a file. Unlike one number of nanoseconds, which ends in the year 2262, and unlike
/// <see cref="DateTimeOffset"/>, which ends in 9999, it takes whatever a file system holds.
/// </summary>
/// <param name="Seconds">Since 1970, negative before.</param>
/// <param name="Nanoseconds">Of the second that has begun, 0 to 999,999,999.</param>
internal readonly record struct FileTime(long Seconds, uint Nanoseconds)
{
    private const uint NanosecondsPerTick = 100;

    private static readonly long FirstSecond = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly long LastSecond = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>The same in UTC, to the 100 nanoseconds; null outside the years 1 to 9999, for which HTTP has no date.</summary>
    public DateTimeOffset? Date => Seconds >= FirstSecond && Seconds <= LastSecond
        ? DateTimeOffset.FromUnixTimeSeconds(Seconds).AddTicks(Nanoseconds / NanosecondsPerTick)
        : null;

    /// <summary>The date that comes closest, for people.</summary>
    public DateTimeOffset NearestDate => Date ?? (Seconds < 0 ? DateTimeOffset.MinValue : DateTimeOffset.MaxValue);

    public static bool operator <(FileTime left, FileTime right) =>
        (left.Seconds, left.Nanoseconds).CompareTo((right.Seconds, right.Nanoseconds)) < 0;

    public static bool operator >(FileTime left, FileTime right) => right < left;

    public static FileTime Of(DateTime utc)
    {
        var (seconds, ticks) = Math.DivRem(utc.Ticks, TimeSpan.TicksPerSecond);
        return new FileTime(seconds + FirstSecond, (uint)ticks * NanosecondsPerTick);
    }
}
