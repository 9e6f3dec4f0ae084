namespace PipeServer.StaticFiles;

/// <summary>
/// Times of modification that are known to be false, because a tool has written them instead of the truth: every release of a file has the
/// same one, so that such a time tells nothing about the version.
/// </summary>
internal static class FalseTimes
{
    // Archives of the ZIP kind hold local time without its zone, and zones lie from UTC-12 to UTC+14. A day is taken with a few seconds more:
    // such times have a grain of two seconds, and builders of images write the first second behind midnight.
    private const long EarliestZone = -14 * 3600;
    private const long LatestZone = (12 * 3600) + 2;

    // In UTC, where the tool means a moment.
    private static readonly long[] Moments =
    [
        Utc(1, 1, 1), // zero of .NET and Go
        Utc(1601, 1, 1), // zero on NTFS
        int.MinValue, // what ext4 and XFS make of every earlier time, of these two too
        Utc(1904, 1, 1), // zero on HFS
        -1, // an error, taken for a time
        0, // nobody has set one; Bazel, OSTree, images of containers
        1, // Nix, Guix, Jib
        Utc(1984, 6, 22, 21, 50), // Yarn
        Utc(1985, 10, 26, 8, 15), // npm
        Utc(2006, 7, 24, 1, 21, 28), // Cargo
    ];

    // In the local time of whoever unpacked.
    private static readonly long[] LocalMoments =
    [
        Utc(1979, 11, 30), // ZIP's zero: day 0 of month 0 of 1980
        Utc(1980, 1, 1), // the first that ZIP and FAT can tell; SOURCE_DATE_EPOCH of Nixpkgs, NuGet, buildpacks
        Utc(1980, 1, 1, 12, 1), // the same for Perl's Archive::Zip, and Debian's strip-nondeterminism with it
        Utc(1980, 2, 1), // Gradle
    ];

    /// <summary>True for a time that no file was modified at, and for one that HTTP has no date for.</summary>
    public static bool Contains(FileTime time) =>
        time.Date is null
        || Moments.AsSpan().Contains(time.Seconds)
        || Array.Exists(LocalMoments, moment => time.Seconds - moment is >= EarliestZone and <= LatestZone);

    private static long Utc(int year, int month, int day, int hour = 0, int minute = 0, int second = 0) =>
        new DateTimeOffset(year, month, day, hour, minute, second, TimeSpan.Zero).ToUnixTimeSeconds();
}
