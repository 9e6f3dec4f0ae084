using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace PipeServer.StaticFiles;

/// <summary>
/// What a <see cref="StaticFileHandler"/> does beside sending files. Values are checked when the handler is created; changes
/// after that have no effect before <see cref="StaticFileHandler.Reload"/>.
/// </summary>
public sealed class StaticFileOptions
{
    /// <summary>
    /// The files that stand for their folder, the first that is there. Default: <c>index.html</c>. (A configuration binder adds to a list and
    /// does not replace it: there, more names come behind the default.)
    /// </summary>
    public IReadOnlyList<string> IndexFiles { get; set; } = ["index.html"];

    /// <summary>Answer a folder without index file with a listing, HTML or, where <c>Accept</c> prefers it, JSON. Default: no.</summary>
    public bool Browse { get; set; }

    /// <summary>
    /// Up to how many entries a listing is sorted: so many are held in memory, about 250 bytes each. A larger folder is listed whole, as the
    /// file system has it, and says so. From 0 to 1,000,000; default 50,000. Listings that would hold more than eight times as many at once
    /// are answered 503.
    /// </summary>
    public int MaxSortedEntries { get; set; } = 50_000;

    /// <summary>
    /// The prefix that whoever stands in front of the server passes on, decoded: with <c>/files</c>, <c>/files/a.txt</c> is the file
    /// <c>a.txt</c>, and what is not below the prefix is 404, <c>/filesX</c> too. Not needed where the prefix is taken off, because redirects
    /// and listings have relative links only. <see cref="StaticFileHandler.ServeAsync"/> and <see cref="StaticFileHandler.Contains"/> know
    /// nothing of it. Default: empty, none.
    /// </summary>
    public string BasePath { get; set; } = "";

    /// <summary>
    /// What answers, with 200, a path at which there is nothing, as single-page applications need it; a path below the root.
    /// Not for names with an extension, unless the client asks for HTML: a missing script must not be a page. Default: null, none.
    /// </summary>
    public string? SpaFile { get; set; }

    /// <summary>An extension that paths may leave out: with <c>html</c>, <c>/about</c> is <c>/about.html</c>. Default: null, none.</summary>
    public string? DefaultExtension { get; set; }

    /// <summary>Content types by extension (<c>.foo</c> or <c>foo</c>), before the built-in ones. Default: none.</summary>
    public IReadOnlyDictionary<string, string> ContentTypes { get; set; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Compress text, scripts, JSON, SVG and their like with Brotli or gzip where the client takes it and no compressed sibling
    /// lies there: once, kept in memory within <see cref="MaxCompressedBytes"/>. Default: no.
    /// </summary>
    public bool Compress { get; set; }

    /// <summary>The largest file that is compressed, in bytes. Default 8 MiB; larger ones go out as they are.</summary>
    public int MaxCompressedFileBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>What compressed versions are kept in, in bytes. Default 32 MiB; the one unused for longest goes first.</summary>
    public long MaxCompressedBytes { get; set; } = 32L * 1024 * 1024;

    /// <summary>
    /// What <c>ETag</c> is made of. Under <see cref="EntityTagSource.Stat"/> and <see cref="EntityTagSource.Content"/> several servers with the same files
    /// answer alike, so that a client's conditions (RFC 9110 §13) hold on each of them: nothing in an answer comes from ctime then, and a file whose time
    /// lies ahead of the clock has no <c>Last-Modified</c>. Default: <see cref="EntityTagSource.Host"/>.
    /// </summary>
    public EntityTagSource EntityTags { get; set; }

    /// <summary>The value of <c>Cache-Control</c> for files that are not of <see cref="ImmutableFiles"/>. Default: null, no such field.</summary>
    public string? CacheControl { get; set; }

    /// <summary>
    /// Patterns of the files that never change, because their names have a hash of what is in them. They get a year's <c>Cache-Control</c>,
    /// <c>max-age=31536000, immutable</c>, with or without <see cref="CacheControl"/>; no client will ask for one of them again, so name only
    /// what a build tool has named. Default: none.
    /// </summary>
    /// <remarks>
    /// A pattern is held against the file's path below the root, and counts case: <c>*</c> stands for any characters of a name, <c>?</c> for
    /// one, <c>**</c> between slashes for any folders, or none. One without a slash is for names in any folder: <c>assets/**</c>,
    /// <c>_next/static/**/*.js</c>, <c>*-????????.css</c>.
    /// </remarks>
    public IReadOnlyList<string> ImmutableFiles { get; set; } = [];

    /// <summary>Header fields for every response of the handler; in configuration a list of texts like <c>X-Name: value</c>. Default: none.</summary>
    public IReadOnlyList<StaticHeader> Headers { get; set; } = [];

    /// <summary>
    /// The origin that may read the files from its pages (<c>Access-Control-Allow-Origin</c>), or <c>*</c> for all. Preflight
    /// requests are answered. Default: null, none.
    /// </summary>
    public string? CorsOrigin { get; set; }

    /// <summary>Extensions of files that browsers are told to save instead of to show. <c>?download</c> asks for that for any. Default: none.</summary>
    public IReadOnlyList<string> AttachmentExtensions { get; set; } = [];

    /// <summary>
    /// A file of <c>user:hash</c> lines, hashes of bcrypt or SHA-512-crypt (<c>htpasswd -B</c>, <c>openssl passwd -6</c>): only
    /// those users get anything, by Basic authentication (RFC 7617). Read at the start, and again by
    /// <see cref="StaticFileHandler.Reload"/>. Default: null, everybody.
    /// </summary>
    public string? AuthFile { get; set; }

    /// <summary>Serve names that start with a dot too; <c>.well-known</c> (RFC 8615) is served in any case. Default: no.</summary>
    public bool ShowHidden { get; set; }

    /// <summary>Follow symbolic links that leave the root. Links that stay inside are followed in any case. Default: no.</summary>
    public bool FollowSymlinks { get; set; }

    /// <summary>How much memory the cache of small files may take, in bytes; 0 for no cache. Default 64 MiB.</summary>
    public long CacheBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>The largest file that is cached, in bytes. Default 64 KiB; larger ones are sent from the system's own cache.</summary>
    public int MaxCachedFileBytes { get; set; } = 64 * 1024;

    /// <summary>How many paths are cached. Default 10,000.</summary>
    public int MaxCachedFiles { get; set; } = 10_000;

    /// <summary>
    /// Offer metrics of the cache of small files by a <see cref="Meter"/> named <c>PipeServer.StaticFiles</c>, which lives as long as the handler.
    /// Default: yes. What the cache finds is counted then: an increment a request. A reload changes neither this nor <see cref="MeterFactory"/>.
    /// </summary>
    public bool Metrics { get; set; } = true;

    /// <summary>
    /// Makes that meter; see <see cref="HttpServerOptions.MeterFactory"/>. Default: null, the handler makes it, and is its <see cref="Meter.Scope"/>.
    /// </summary>
    public Func<MeterOptions, Meter>? MeterFactory { get; set; }

    /// <summary>
    /// The clock, for dates in the future, for how long a cached file is not looked at again, and for how often the root's name is. Default:
    /// the system's.
    /// </summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>
    /// Gets a line, of the category <c>PipeServer.StaticFiles</c>, when the root's name leads to another folder, leads nowhere, or
    /// leads somewhere again. Default: nothing is logged.
    /// </summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>What several handlers have together; null for all to itself.</summary>
    internal SharedMemory? Shared { get; set; }

    internal StaticFileOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
        foreach (var name in IndexFiles)
        {
            if (name.Length == 0 || name.Contains('/', StringComparison.Ordinal) || name is "." or "..")
            {
                throw new ArgumentException($"{nameof(IndexFiles)} must be file names without folders; '{name}' is not.");
            }
        }

        foreach (var extension in DefaultExtension is null ? AttachmentExtensions : [.. AttachmentExtensions, DefaultExtension])
        {
            if (extension.TrimStart('.').Length == 0 || extension.Contains('/', StringComparison.Ordinal))
            {
                throw new ArgumentException(
                    $"{(extension == DefaultExtension ? nameof(DefaultExtension) : nameof(AttachmentExtensions))} must be like html; '{extension}' is not.");
            }
        }

        foreach (var (extension, type) in ContentTypes)
        {
            if (extension.TrimStart('.').Length == 0 || extension.Contains('/', StringComparison.Ordinal))
            {
                throw new ArgumentException($"{nameof(ContentTypes)} must map extensions like .foo; '{extension}' is not one.");
            }

            if (!StaticFiles.ContentTypes.IsValid(type))
            {
                throw new ArgumentException($"{nameof(ContentTypes)} must map to media types like text/plain; '{type}' is not one.");
            }
        }

        if (Headers.Where(static header => string.IsNullOrEmpty(header.Name)).Select(static header => header.Value).FirstOrDefault("") is { Length: > 0 } text)
        {
            throw new ArgumentException($"{nameof(Headers)} must be like \"X-Name: value\"; '{text}' is not.");
        }

        if (SpaFile is not null && SpaFile.Trim('/').Length == 0)
        {
            throw new ArgumentException($"{nameof(SpaFile)} must be the path of a file below the root.");
        }

        if (CorsOrigin is not null && CorsOrigin != "*" && !IsOrigin(CorsOrigin))
        {
            throw new ArgumentException($"{nameof(CorsOrigin)} must be * or an origin like https://example.com; '{CorsOrigin}' is not.");
        }

        ArgumentNullException.ThrowIfNull(BasePath);
        _ = StaticFiles.BasePath.Parse(BasePath);
        InRange((int)EntityTags, (int)EntityTagSource.Host, (int)EntityTagSource.Content, nameof(EntityTags));
        InRange(MaxSortedEntries, 0, 1_000_000, nameof(MaxSortedEntries));
        InRange(MaxCompressedFileBytes, 0, Array.MaxLength, nameof(MaxCompressedFileBytes));
        InRange(MaxCompressedBytes, 0, long.MaxValue, nameof(MaxCompressedBytes));
        InRange(CacheBytes, 0, long.MaxValue, nameof(CacheBytes));
        InRange(MaxCachedFileBytes, 0, 16 * 1024 * 1024, nameof(MaxCachedFileBytes));
        InRange(MaxCachedFiles, 0, int.MaxValue, nameof(MaxCachedFiles));
        var copy = Copy();
        copy.IndexFiles = [.. IndexFiles];
        copy.ContentTypes = new Dictionary<string, string>(ContentTypes, StringComparer.Ordinal);
        copy.ImmutableFiles = [.. ImmutableFiles];
        copy.Headers = CopyOfHeaders();
        copy.AttachmentExtensions = [.. AttachmentExtensions];
        return copy;
    }

    /// <summary>A copy as it is.</summary>
    internal StaticFileOptions Copy() => (StaticFileOptions)MemberwiseClone();

    /// <summary>Whether a folder is served in the same way with other options: all but who may see it, and where the log goes.</summary>
    internal bool AnswersAs(StaticFileOptions other) =>
        IndexFiles.SequenceEqual(other.IndexFiles, StringComparer.Ordinal)
        && Browse == other.Browse
        && MaxSortedEntries == other.MaxSortedEntries
        && BasePath == other.BasePath
        && SpaFile == other.SpaFile
        && DefaultExtension == other.DefaultExtension
        && HasSameContentTypes(other)
        && Compress == other.Compress
        && MaxCompressedFileBytes == other.MaxCompressedFileBytes
        && MaxCompressedBytes == other.MaxCompressedBytes
        && EntityTags == other.EntityTags
        && CacheControl == other.CacheControl
        && ImmutableFiles.SequenceEqual(other.ImmutableFiles, StringComparer.Ordinal)
        && HasSameHeaders(other)
        && CorsOrigin == other.CorsOrigin
        && AttachmentExtensions.SequenceEqual(other.AttachmentExtensions, StringComparer.Ordinal)
        && ShowHidden == other.ShowHidden
        && FollowSymlinks == other.FollowSymlinks
        && CacheBytes == other.CacheBytes
        && MaxCachedFileBytes == other.MaxCachedFileBytes
        && MaxCachedFiles == other.MaxCachedFiles
        && Shared == other.Shared;

    /// <summary>Whether the log and the clock are the same.</summary>
    internal bool LogsAs(StaticFileOptions other) => LoggerFactory == other.LoggerFactory && TimeProvider == other.TimeProvider;

    private StaticHeader[] CopyOfHeaders()
    {
        var copy = new StaticHeader[Headers.Count];
        for (var i = 0; i < copy.Length; i++)
        {
            copy[i] = Headers[i];
        }

        return copy;
    }

    private bool HasSameHeaders(StaticFileOptions other)
    {
        var isSame = Headers.Count == other.Headers.Count;
        for (var i = 0; isSame && i < Headers.Count; i++)
        {
            isSame = Headers[i] == other.Headers[i];
        }

        return isSame;
    }

    private bool HasSameContentTypes(StaticFileOptions other)
    {
        var isSame = ContentTypes.Count == other.ContentTypes.Count;
        foreach (var (extension, type) in ContentTypes)
        {
            isSame = isSame && other.ContentTypes.TryGetValue(extension, out var otherType) && otherType == type;
        }

        return isSame;
    }

    // RFC 6454 §7: scheme, host, and port where it is not the scheme's.
    private static bool IsOrigin(string text) =>
        text == "null"
        || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority) == text && uri.UserInfo.Length == 0);

    private static void InRange(long value, long lowest, long highest, string option)
    {
        if (value < lowest || value > highest)
        {
            throw new ArgumentOutOfRangeException(option, value, $"{option} must be from {lowest} to {highest}.");
        }
    }
}
