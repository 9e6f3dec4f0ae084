namespace PipeServer.StaticFiles;

/// <summary>What the strong entity tags of files (RFC 9110 §8.8.3) are made of. Another content has another tag under each of them.</summary>
public enum EntityTagSource
{
    /// <summary>
    /// Length and time of modification, and where that time is a whole second, as tools set it, the time of the last change (ctime) too, which no two
    /// machines share. Costs nothing; several servers with the same files have tags of their own.
    /// </summary>
    Host,

    /// <summary>
    /// Length and time of modification, to the nanosecond, and nothing else: the same tag on every server that got the file with its time, as by
    /// <c>rsync -a</c>, <c>cp -p</c>, a package or an image. Where the time is known to be false, or lies ahead of the clock, the tag is that of
    /// <see cref="Content"/>. A tool that gives every release one time of its own, which is on nobody's list, needs <see cref="Content"/>.
    /// </summary>
    Stat,

    /// <summary>
    /// The content's hash (SHA-256, 192 bits of it): the same tag on every server that has the same bytes, whatever the times. Each version of a file is read
    /// once for it, at some 200 MiB a second. Up to 16 MiB that happens before the first answer; a larger file goes out without a tag, in full, until it has
    /// been read in the background, one file at a time.
    /// </summary>
    Content,
}
