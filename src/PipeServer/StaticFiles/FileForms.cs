using System.Globalization;

namespace PipeServer.StaticFiles;

/// <summary>
/// The forms in which a located file can be sent: as it is, and in the content codings that lie beside it or are made on the fly.
/// Thread-safe.
/// </summary>
internal sealed class FileForms(FileRoot root, FileHeaders headers, StaticFileOptions options)
{
    // A smaller file fits into one packet as it is.
    private const int MinCompressedFileBytes = 1024;

    // A file that was changed less than this ago can be changed again without a change of its times.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(1);

    private readonly CompressedFiles? _compressed = options.Compress
        ? new CompressedFiles(options.Shared?.Compressed ?? new MemoryBudget(options.MaxCompressedBytes))
        : null;

    private readonly ContentHashes? _hashes = options.EntityTags == EntityTagSource.Host
        ? null
        : new ContentHashes(root, options.Shared?.Hashes ?? new MemoryBudget(ContentHashes.MaxBytes), HashQueue.OfProcess);

    /// <summary>Gives up what was compressed or hashed, and keeps nothing from now on.</summary>
    public void Close()
    {
        _compressed?.Close();
        _hashes?.Close();
    }

    /// <summary>
    /// Every form of a file: as it is, then the compressed ones, the preferred first. Their tags are not known yet where the content has to be read.
    /// </summary>
    public List<FileForm> Of(FileLocation location)
    {
        var file = location.File!;
        var forms = new List<FileForm> { new(null, file, Tag(file.Identity, coding: null), LastModified(file)) };
        var canCompress = _compressed is not null
            && file.Identity.Length >= MinCompressedFileBytes
            && file.Identity.Length <= options.MaxCompressedFileBytes
            && ContentTypes.IsCompressible(headers.ContentTypes.For(location.RelativePath))
            && headers.ContentTypes.CodingOf(location.RelativePath) is null;
        for (var index = 0; index < ContentCoding.All.Count; index++)
        {
            var coding = ContentCoding.All[index];
            if (location.Siblings[index] is { } sibling)
            {
                forms.Add(new FileForm(coding, sibling, Tag(sibling.Identity, coding), LastModified(sibling)));
            }
            else if (canCompress && coding != ContentCoding.Zstandard)
            {
                forms.Add(new FileForm(coding, Source: null, Tag(file.Identity, coding), LastModified(file)));
            }
        }

        return forms;
    }

    /// <summary>The form that a client wants most.</summary>
    /// <param name="forms">All of them, as <see cref="Of"/> has listed them.</param>
    /// <param name="accepted">The client's Accept-Encoding.</param>
    /// <param name="mayBeMade">
    /// A form that does not exist yet will do. It will not for a range: nobody could ask for the rest of it later.
    /// </param>
    public static FileForm Choose(List<FileForm> forms, string? accepted, bool mayBeMade)
    {
        var best = forms[0];
        if (accepted is null)
        {
            return best;
        }

        var choice = new ContentCoding.Choice(accepted);
        foreach (var form in forms.Skip(1).Where(form => mayBeMade || form.Source is not null))
        {
            best = choice.Prefers(form.Coding!) ? form : best;
        }

        return best;
    }

    /// <summary>A form with its tag; still without one where the content's hash is needed and is not known yet, or the file is changing.</summary>
    /// <param name="form">One of the forms of the location.</param>
    /// <param name="location">The file, open, with its siblings.</param>
    /// <param name="aborted">The answer is not wanted any more.</param>
    public FileForm WithTag(FileForm form, FileLocation location, CancellationToken aborted)
    {
        if (form.Tag is not null)
        {
            return form;
        }

        // What is compressed on the fly is known by the file that it is made of.
        var file = form.Source ?? location.File!;
        var path = form.Source is null ? location.RelativePath : location.RelativePath + form.Coding?.Extension;
        return _hashes!.Get(path, file, IsSettled(file), aborted) is { } hash ? form with { Tag = Quoted(hash, form.Coding) } : form;
    }

    /// <summary>The file compressed on the fly, or null where that is not worth it.</summary>
    public ReadOnlyMemory<byte>? Compress(FileLocation location, ContentCoding coding)
    {
        // What may change again without a change of its times is compressed each time: it could be kept for the wrong version.
        var file = location.File!;
        return _compressed!.Get(location.RelativePath, file.Identity, coding, IsSettled(file), () => TryReadWhole(file));
    }

    /// <summary>True when the file was compressed, and hardly got smaller.</summary>
    public bool IsNotWorthCompressing(FileLocation location, ContentCoding coding) =>
        _compressed!.IsNotWorthIt(location.RelativePath, location.File!.Identity, coding);

    /// <summary>The content of an open file, or null when it is not what it was when it was opened.</summary>
    public byte[]? TryReadWhole(OpenedFile file) => FileSender.TryReadWhole(root, file);

    /// <summary>Sends an open file.</summary>
    public FileSender Sender(OpenedFile file, HttpRequest request, HttpResponse response) =>
        new(root, file, IsSettled(file), response, request.Aborted);

    /// <summary>True when a further change of the file would show in its times.</summary>
    public bool IsSettled(OpenedFile file) => file.Identity.LastChanged is { } changed && options.TimeProvider.GetUtcNow() - changed > Settled;

    /// <summary>
    /// True when what is said of a file now is said of it as long as it stays as it is: also when its further changes show, and its time is not ahead of
    /// the clock, whose hands will change what replicas say of it.
    /// </summary>
    public bool IsLasting(OpenedFile file) => IsSettled(file) && (options.EntityTags == EntityTagSource.Host || !IsAhead(file.Identity));

    // Of what the kernel says, as it is, be it true or not. The same after a restart, and on another machine that has the same files with the
    // same times. But whole seconds are what a tool has set, often the same ones for each release: then the time of the change goes in, which
    // nobody can set, and which no two machines share. For replicas it is left out, and a time that is known to be false tells nothing at all.
    private string? Tag(FileIdentity identity, ContentCoding? coding) => options.EntityTags switch
    {
        EntityTagSource.Host when identity is { Modified.Nanoseconds: 0, Changed: { } time } =>
            Quoted($"{Hex(identity.Modified)}-{identity.Length:x}-{Hex(time)}", coding),
        EntityTagSource.Content => null,
        EntityTagSource.Stat when FalseTimes.Contains(identity.Modified) || IsAhead(identity) => null,
        _ => Quoted($"{Hex(identity.Modified)}-{identity.Length:x}", coding),
    };

    private static string Quoted(string text, ContentCoding? coding) => $"\"{text}{(coding is null ? "" : "-" + coding.Name)}\"";

    private static string Hex(FileTime time) => string.Create(CultureInfo.InvariantCulture, $"{time.Seconds:x}{time.Nanoseconds:x8}");

    // Years for which there is no date are nobody's clock, ever.
    private bool IsAhead(FileIdentity identity) => identity.Modified.Date > options.TimeProvider.GetUtcNow();

    // Of a file whose time is ahead of the clock replicas share none: when that time was set is each host's own.
    private DateTimeOffset? LastModified(OpenedFile file) =>
        options.EntityTags == EntityTagSource.Host ? file.Identity.LastModified(options.TimeProvider.GetUtcNow())
        : FalseTimes.Contains(file.Identity.Modified) || IsAhead(file.Identity) ? null
        : file.Identity.Modified.Date;
}
