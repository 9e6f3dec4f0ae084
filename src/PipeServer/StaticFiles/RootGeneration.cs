namespace PipeServer.StaticFiles;

/// <summary>
/// One tree that the root's name leads, or has led, to, and everything that is known of it: the open folder, the answers in memory and the
/// watches that keep them right, compressed forms, error pages. A request enters one and stays in it to its end, so that no response is
/// made of two trees. Safe for any number of threads.
/// </summary>
internal sealed class RootGeneration
{
    // How often a file may change while it is read before the client is told to come back later.
    private const int Attempts = 5;

    private readonly RootName _name;
    private readonly StaticFileOptions _options;
    private readonly FileRoot _root;
    private readonly FileLocator _locator;
    private readonly FileForms _forms;
    private readonly FileAnswer _files;

    // Requests inside, and one more until it is retired. At 0 the folder is closed, and nobody comes in any more.
    private int _entered = 1;

    /// <summary>Takes over an open root: the generation closes it, here too if something fails.</summary>
    public RootGeneration(
        RootName name, FileRoot root, FileHeaders headers, BasePath basePath, ListingBudget listings, StaticFileOptions options, FileCacheCounts? counts = null)
    {
        try
        {
            (_name, _root, _options) = (name, root, options);
            _locator = new FileLocator(root, headers.ContentTypes, options);
            _forms = new FileForms(root, headers, options);
            Errors = new ErrorPages(_locator, _forms, headers);
            Cached = options is { CacheBytes: > 0, MaxCachedFiles: > 0, MaxCachedFileBytes: > 0 }
                ? new CachedAnswers(
                    new FileCache(
                        options.Shared?.Answers ?? new MemoryBudget(options.CacheBytes, options.MaxCachedFiles),
                        KeptFileBudget.OfProcess,
                        options.Shared?.Folders ?? new KeptFileBudget(FolderWatches.MaxFolders),
                        options.TimeProvider,
                        counts),
                    root, _locator, _forms, headers, options)
                : null;
            _files = new FileAnswer(_forms, headers, Errors, Cached, options);
            Folders = new FolderAnswer(root, _locator, headers, Errors, basePath, listings, options);
        }
        catch
        {
            Cached?.Dispose();
            _forms?.Close();
            root.Dispose();
            throw;
        }
    }

    /// <summary>The folder's full path, symbolic links resolved, at the time it was opened.</summary>
    public string Path => _root.Path;

    public FolderIdentity Identity => _root.Identity;

    /// <summary>The pages of this tree. Those that are in memory may be sent without being inside.</summary>
    public ErrorPages Errors { get; }

    /// <summary>Redirects to folders, which need not be inside, and their listings.</summary>
    public FolderAnswer Folders { get; }

    /// <summary>What is answered from memory; null when nothing is. May be asked without being inside: once retired it has no answers.</summary>
    public CachedAnswers? Cached { get; }

    /// <summary>Keeps the folder open until <see cref="Leave"/>; false when it is closed already.</summary>
    public bool TryEnter()
    {
        var entered = Volatile.Read(ref _entered);
        while (entered > 0)
        {
            var found = Interlocked.CompareExchange(ref _entered, entered + 1, entered);
            if (found == entered)
            {
                return true;
            }

            entered = found;
        }

        return false;
    }

    /// <summary>Ends what <see cref="TryEnter"/> has begun; who leaves last closes the folder.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref _entered) == 0)
        {
            _root.Dispose();
        }
    }

    /// <summary>
    /// Gives up the memory and the watches at once, and the folder when the last request has left. To be called once, by the owner.
    /// </summary>
    public void Retire()
    {
        Cached?.Dispose();
        _forms.Close();
        Leave();
    }

    /// <summary>Whether there is a file at a path that would be served. From inside.</summary>
    public bool Contains(string path)
    {
        using var location = _locator.Locate(path);
        return location.Status == OpenStatus.File;
    }

    /// <summary>Answers a GET or HEAD request with what is at a path. From inside.</summary>
    /// <param name="request">For its conditions and its method.</param>
    /// <param name="response">What gets the file.</param>
    /// <param name="path">A decoded path that starts with a slash.</param>
    /// <param name="mayBeLeft">
    /// Before it says that there is nothing, look where the root's name leads: whoever switches it may delete the old tree at once.
    /// </param>
    /// <returns>False when the request is to be answered by the next generation, and nothing is sent yet.</returns>
    public async ValueTask<bool> TryServeAsync(HttpRequest request, HttpResponse response, string path, bool mayBeLeft)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var outcome = await TryOnceAsync(request, response, path, mayBeLeft).ConfigureAwait(false);
            if (outcome != ServeOutcome.Changed)
            {
                return outcome == ServeOutcome.Answered;
            }

            response.Clear();
        }

        Errors.WriteUnavailable(response, "the file is being written");
        return true;
    }

    // A path that looks like a file's is meant for a script or an image, unless the client asks for a page.
    private static bool MayBePage(HttpRequest request, HttpResponse response, string path)
    {
        if (path.IndexOf('.', path.LastIndexOf('/')) < 0)
        {
            return true;
        }

        response.Headers["Vary"] = "Accept"; // RFC 9110 §12.5.5
        return MediaRanges.NameHtml(request.Headers["Accept"]);
    }

    private async ValueTask<ServeOutcome> TryOnceAsync(HttpRequest request, HttpResponse response, string path, bool mayBeLeft)
    {
        using var location = _locator.Locate(path);
        switch (location.Status)
        {
            case OpenStatus.File:
                return Outcome(await _files.TrySendAsync(request, response, path, location).ConfigureAwait(false));
            case OpenStatus.Folder when !path.EndsWith('/'):
                Folders.Redirect(request, response, path);
                return ServeOutcome.Answered;
            case OpenStatus.Folder or OpenStatus.NotFound when mayBeLeft && IsLeft():
                return ServeOutcome.Left;
            case OpenStatus.Folder when _options.Browse
                && await Folders.TrySendListingAsync(request, response, path, location.RelativePath).ConfigureAwait(false):
                return ServeOutcome.Answered;
            case OpenStatus.Forbidden:
                Errors.Write(response, 403, "403 Forbidden: the server may not read this file.\n");
                return ServeOutcome.Answered;
            case OpenStatus.Exhausted:
                Errors.WriteUnavailable(response, "the server has too many files open");
                return ServeOutcome.Answered;
            default:
                return await TryServePageAsync(request, response, path).ConfigureAwait(false);
        }
    }

    // Where there is nothing: the page of a single-page application, or 404.
    private async ValueTask<ServeOutcome> TryServePageAsync(HttpRequest request, HttpResponse response, string path)
    {
        if (_options.SpaFile is { } spa && MayBePage(request, response, path))
        {
            var spaPath = "/" + spa.Trim('/');
            using var page = _locator.Locate(spaPath);
            if (page.Status == OpenStatus.File)
            {
                return Outcome(await _files.TrySendAsync(request, response, spaPath, page).ConfigureAwait(false));
            }
        }

        await Errors.SendNotFoundAsync(request, response).ConfigureAwait(false);
        return ServeOutcome.Answered;
    }

    private static ServeOutcome Outcome(bool isSent) => isSent ? ServeOutcome.Answered : ServeOutcome.Changed;

    private bool IsLeft() => _name.TryIdentify(out var now, out _) && now != Identity;
}
