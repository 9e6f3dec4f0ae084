using System.Buffers;
using System.Text;

namespace PipeServer.StaticFiles;

/// <summary>
/// Whole answers of small files, head and body as they are sent, in a <see cref="FileCache"/>: asked first for every request, filled by the
/// requests that it could not answer. Thread-safe.
/// </summary>
internal sealed class CachedAnswers(
    FileCache cache, FileRoot root, FileLocator locator, FileForms forms, FileHeaders headers, StaticFileOptions options) : IDisposable
{
    // The same disk, for those who must not wait.
    private readonly FileLocator? _atOnce = root.AtOnce is { } atOnce ? new FileLocator(atOnce, headers.ContentTypes, options) : null;

    // More than nearly every Accept-Encoding has.
    private const int MaxAcceptEncodingBytes = 256;

    /// <summary>
    /// Answers a GET or HEAD request, if no look at the disk is needed and the answer depends on nothing in the request but what is checked
    /// here. Allocates nothing, but once a second for a file, when the answer is compared with the disk.
    /// </summary>
    /// <param name="request">For its conditions.</param>
    /// <param name="response">What gets the file.</param>
    /// <param name="path">The request's path below the root, decoded.</param>
    public bool TryAnswer(HttpRequest request, HttpResponse response, ReadOnlySpan<byte> path)
    {
        var fields = request.Headers;
        if (fields.CountOf("Range"u8) + fields.CountOf("If-Match"u8) + fields.CountOf("If-Unmodified-Since"u8) > 0
            || fields.CountOf("If-None-Match"u8) > 1 || fields.CountOf("Accept-Encoding"u8) > 1
            || !cache.TryFind(path, out var file, out var isDue)
            || (isDue && !IsConfirmed(path, file)))
        {
            return false;
        }

        var representation = file.Representations[0];
        if (file.Representations.Length > 1 && fields.TryGetBytes("Accept-Encoding"u8, out var accepted) && !TryChoose(file, accepted, out representation))
        {
            return false;
        }

        if (fields.TryGetBytes("If-None-Match"u8, out var tag))
        {
            // Anything but exactly this tag, such as a list or an old tag, takes the long way.
            if (!(tag.StartsWith("W/"u8) ? tag[2..] : tag).SequenceEqual(representation.Tag))
            {
                return false;
            }

            response.Send(representation.NotModified);
            return true;
        }

        if (representation.Whole is not { } whole || fields.CountOf("If-Modified-Since"u8) > 0)
        {
            return false;
        }

        return response.TrySend(whole);
    }

    /// <summary>The answer for a file that has just been located; makes one up if there is none and it can be kept.</summary>
    /// <param name="path">The request's path.</param>
    /// <param name="location">What was located.</param>
    /// <param name="allForms">All forms of it.</param>
    /// <param name="aborted">The answer is not wanted any more.</param>
    /// <returns>Null when it cannot be kept: it is too large, it is changing, its tag is not known yet, or there is no room.</returns>
    public CachedFile? FindOrAdd(string path, FileLocation location, List<FileForm> allForms, CancellationToken aborted)
    {
        if (!PathText.IsUtf8(path))
        {
            return null; // inotify's names are text here, and could be another file's
        }

        var key = Encoding.UTF8.GetBytes(path);
        var known = cache.Confirm(key, location.Sources);
        var small = allForms.FindAll(form => form.Source?.Identity.Length <= options.MaxCachedFileBytes);
        if (known is { Kept.Length: 0 }
            || !allForms.TrueForAll(form => form.Source is null || forms.IsLasting(form.Source))
            || (AdmittedToMemory(location, allForms, small, aborted)
                ?? (known is null ? KeptOpen(location, allForms, aborted) : null)) is not { } representations)
        {
            return known;
        }

        var file = new CachedFile(key, location.Sources, representations)
        {
            CanBeLookedAtOnce = allForms.TrueForAll(static form => form.Source is null || FileCalls.CanReadAtOnce(form.Source.Handle)),
        };
        cache.Add(file, root.WatchedPath, location.ProbedPaths, location.IsDirect, () =>
        {
            using var again = locator.Locate(path);
            return again.Status == OpenStatus.File ? again.Sources : null;
        });
        return file;
    }

    /// <summary>Puts a form that was made on the fly into an answer, if it is small enough.</summary>
    public void Complete(CachedFile file, Representation representation, FileForm form, string path, ReadOnlyMemory<byte> bytes)
    {
        if (representation.Whole is null && bytes.Length <= options.MaxCachedFileBytes)
        {
            cache.Complete(file, representation, new PreparedResponse(200, headers.ForWhole(path, form, varies: true), bytes));
        }
    }

    /// <summary>How much memory they take now, how many there are, and of how many the files are kept open.</summary>
    public (long Bytes, int Entries, int OpenFiles) Size => (cache.Bytes, cache.Count, cache.OpenCount);

    /// <summary>See <see cref="FileCache.Tidy"/>.</summary>
    public void Tidy() => cache.Tidy();

    public void Dispose() => cache.Dispose();

    // Compares an answer with the disk, if that takes no time. False: a worker has to, and to answer.
    private bool IsConfirmed(ReadOnlySpan<byte> path, CachedFile file)
    {
        if (_atOnce is null || !file.CanBeLookedAtOnce)
        {
            return false;
        }

        try
        {
            using var location = _atOnce.Locate(PathText.FromBytes(path));
            return location.Status == OpenStatus.File && location.IsDirect && location.Sources == file.Sources
                && cache.Confirm(path, file.Sources) == file;
        }
        catch (ObjectDisposedException)
        {
            return false; // this tree has just been left for another one
        }
        catch (IOException)
        {
            return false; // the disk has an error, and the worker tells the client
        }
    }

    // False when Accept-Encoding needs the long way: it is not ASCII, or unusually long.
    private static bool TryChoose(CachedFile file, ReadOnlySpan<byte> accepted, out Representation best)
    {
        best = file.Representations[0];
        Span<char> field = stackalloc char[MaxAcceptEncodingBytes];
        if (Ascii.ToUtf16(accepted, field, out var length) != OperationStatus.Done)
        {
            return false;
        }

        var choice = new ContentCoding.Choice(field[..length]);
        foreach (var representation in file.Representations.AsSpan(1))
        {
            best = !representation.IsExcluded && choice.Prefers(representation.Coding!) ? representation : best;
        }

        return true;
    }

    private Representation[]? AdmittedToMemory(FileLocation location, List<FileForm> allForms, List<FileForm> small, CancellationToken aborted) =>
        small.Count > 0 && cache.Admits(small.Sum(static form => form.Source!.Identity.Length)) && Tagged(location, allForms, aborted) is { } tagged
            ? Represent(location, tagged, withBodies: true)
            : null;

    // Null when the tag of one is not known yet.
    private List<FileForm>? Tagged(FileLocation location, List<FileForm> allForms, CancellationToken aborted)
    {
        var tagged = allForms.ConvertAll(form => forms.WithTag(form, location, aborted));
        return tagged.TrueForAll(static form => form.Tag is not null) ? tagged : null;
    }

    // Null when no form is to be kept open.
    private Representation[]? KeptOpen(FileLocation location, List<FileForm> allForms, CancellationToken aborted)
    {
        if (!location.IsDirect || !cache.AdmitsOpen(allForms.Count(static form => form.Source is not null))
            || Tagged(location, allForms, aborted) is not { } tagged)
        {
            return null;
        }

        var representations = Represent(location, tagged, withBodies: false)!;
        var isKept = false;
        for (var index = 0; index < representations.Length; index++)
        {
            if (tagged[index].Source is { } source && KeptFile.TryKeep(source) is { } kept)
            {
                isKept = true;
                representations[index].Whole =
                    PreparedResponse.WithSource(200, headers.ForWhole(location.RelativePath, tagged[index], tagged.Count > 1), kept);
            }
        }

        return isKept ? representations : null;
    }

    // Null when a file is changing: it is not cached now.
    private Representation[]? Represent(FileLocation location, List<FileForm> tagged, bool withBodies)
    {
        var representations = new List<Representation>();
        foreach (var form in tagged)
        {
            var representation = new Representation(
                form.Coding,
                Encoding.ASCII.GetBytes(form.Tag!),
                new PreparedResponse(304, headers.ForNotModified(location.RelativePath, form, tagged.Count > 1)));
            if (withBodies && form.Source?.Identity.Length <= options.MaxCachedFileBytes)
            {
                if (forms.TryReadWhole(form.Source) is not { } bytes)
                {
                    return null;
                }

                representation.Whole = new PreparedResponse(200, headers.ForWhole(location.RelativePath, form, tagged.Count > 1), bytes);
            }

            representations.Add(representation);
        }

        return [.. representations];
    }
}
