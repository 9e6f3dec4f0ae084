namespace PipeServer.StaticFiles;

/// <summary>
/// Serves the files below one folder: index files, content types, conditions and ranges (RFC 9110 §13, §14), compressed
/// forms, a 404 page, and what <see cref="StaticFileOptions"/> adds. Made of the public API only. Safe for any number of requests
/// at once.
/// </summary>
/// <remarks>
/// Map both ways: <c>server.MapFallback(files.TryHandle, files.HandleAsync)</c>. Small files that are in memory are answered where
/// the request was received, everything else on a worker. Nothing outside the folder is served, whatever the path or a symbolic
/// link says; names that start with a dot are hidden, but for <c>.well-known</c> (RFC 8615). The folder is the one that its name leads to:
/// when a symbolic link on the way is switched, or another folder is put in its place, new requests get that one within a second, and those in
/// progress end with the old one. While the name leads nowhere, the old one is served. <see cref="Reload"/> changes the options.
/// </remarks>
public sealed class StaticFileHandler : IDisposable
{
    // A request for what is not there follows the root's name so often; then it is a 404, however fast the name is switched on.
    private const int Generations = 8;

    private readonly Func<string, bool, FileRoot> _open;
    private readonly Lock _reloading = new(); // one reload at a time
    private readonly Lock _swapping = new(); // never held over a look at the disk
    private readonly ServedFiles? _before; // of a handler that is prepared: what it shares with this does not belong to it
    private readonly FileCacheMetrics? _metrics;
    private volatile ServedFiles _served;
    private bool _isDisposed;

    /// <summary>Creates a handler for a folder.</summary>
    /// <param name="root">The folder, absolute or relative to the current directory as it is now.</param>
    /// <param name="options">What to change from the defaults.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or what it names is malformed; the message says which.</exception>
    /// <exception cref="IOException">The folder, or the file of <see cref="StaticFileOptions.AuthFile"/>, cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">
    /// The process may not enter the folder, or not read the file of <see cref="StaticFileOptions.AuthFile"/>.
    /// </exception>
    public StaticFileHandler(string root, StaticFileOptions? options = null)
        : this(root, options, static (path, followSymlinks) => FileRoot.Open(path, followSymlinks))
    {
    }

    internal StaticFileHandler(string root, StaticFileOptions? options, Func<string, bool, FileRoot> open, ServedFiles? before = null)
    {
        (_open, _before) = (open, before);
        _served = new ServedFiles(root, options ?? new StaticFileOptions(), open, before);
        try
        {
            // One that is prepared only lends what it has: the figures of the handler go on.
            _metrics = before is null && options is not { Metrics: false }
                ? new FileCacheMetrics(options?.MeterFactory, new RootName(root).Full, this, GetStatistics)
                : null;
        }
        catch
        {
            _served.Root.Dispose();
            throw;
        }
    }

    /// <summary>The full path of the folder that is served now, symbolic links resolved.</summary>
    public string Root => _served.Root.Current.Path;

    /// <summary>
    /// The content of <c>50x.html</c> in the folder that is served now, as it was when its serving began, at most 64 KiB; empty when there
    /// is none. Takes no time: for <see cref="HttpServerOptions.GetServerErrorPage"/>.
    /// </summary>
    public ReadOnlyMemory<byte> ServerErrorPage => _served.Root.Current.Errors.ServerErrorPage;

    /// <summary>Whether there is a file at a path that would be served.</summary>
    /// <param name="path">A decoded path below the root that starts with a slash.</param>
    public bool Contains(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Enter(out var generation);
        try
        {
            return generation.Contains(path);
        }
        finally
        {
            generation.Leave();
        }
    }

    /// <summary>
    /// Answers a request from memory, if it can without waiting for anything: the file is small, cached, and certainly as it was.
    /// Allocates nothing.
    /// </summary>
    public bool TryHandle(HttpRequest request, HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        var served = _served; // once: the rest is of one configuration
        return served.Root.Current.Cached is { } cached
            && request.Method is "GET" or "HEAD"
            && !FileAnswer.IsDownload(request)
            && (served.Authentication is null || served.Authentication.IsRemembered(request))
            && served.BasePath.TryRemove(request.PathBytes, out var path)
            && cached.TryAnswer(request, response, path);
    }

    /// <summary>Answers a request with the file that its path names.</summary>
    public async ValueTask HandleAsync(HttpRequest request, HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        for (var attempt = 1; ; attempt++)
        {
            var served = Enter(out var generation);
            try
            {
                if (await served.TryHandleAsync(request, response, generation, mayBeLeft: attempt < Generations).ConfigureAwait(false))
                {
                    return;
                }
            }
            finally
            {
                generation.Leave();
            }

            // From the beginning: another configuration may be in force by now, and nothing of this one is sent.
            response.Clear();
            served.Root.Look();
        }
    }

    /// <summary>Answers a GET or HEAD request with the file at a path, whatever the request's own path is.</summary>
    /// <param name="request">For its conditions and its method.</param>
    /// <param name="response">What gets the file.</param>
    /// <param name="path">A decoded path below the root that starts with a slash.</param>
    public async ValueTask ServeAsync(HttpRequest request, HttpResponse response, string path)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(path);
        for (var attempt = 1; ; attempt++)
        {
            var served = Enter(out var generation);
            try
            {
                if (await generation.TryServeAsync(request, response, path, mayBeLeft: attempt < Generations).ConfigureAwait(false))
                {
                    return;
                }
            }
            finally
            {
                generation.Leave();
            }

            response.Clear();
            served.Root.Look();
        }
    }

    /// <summary>
    /// Puts other options, or another folder, in force as if the handler were created anew: every request that begins from then on gets the new ones
    /// whole, and those in progress end with the old ones. Where something is wrong it throws, and nothing has changed.
    /// </summary>
    /// <param name="root">The folder, absolute or relative to the current directory as it is now.</param>
    /// <param name="options">What to change from the defaults; what is not set goes back to its default.</param>
    /// <remarks>
    /// <see cref="StaticFileOptions.AuthFile"/> and <c>50x.html</c> are read again in any case. Passwords of users who are still in that file with the same
    /// hash need not be checked again; those of all others are forgotten. What is in memory stays there if folder and options are the same. May be
    /// called from any thread, and waits for the disk; one call at a time does its work.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The handler has been disposed of.</exception>
    /// <inheritdoc cref="StaticFileHandler(string, StaticFileOptions?)" path="/exception"/>
    public void Reload(string root, StaticFileOptions? options = null)
    {
        lock (_reloading)
        {
            using var next = Prepare(root, options ?? new StaticFileOptions());
            TakeOver(next);
        }
    }

    /// <summary>
    /// Ends the serving: lets go of the folder and of what watches it, once the requests that are in progress have ended. A request that
    /// comes later throws.
    /// </summary>
    public void Dispose()
    {
        ServedFiles served;
        lock (_swapping)
        {
            served = _served;
            if (_isDisposed || _before?.Root == served.Root)
            {
                return;
            }

            _isDisposed = true;
        }

        _metrics?.Dispose();
        served.Root.Dispose();
        served.TellRefused();
    }

    /// <summary>The first half of <see cref="Reload"/>: opens and reads everything, and changes nothing.</summary>
    /// <returns>To be taken over or disposed of, before the next one is prepared.</returns>
    internal StaticFileHandler Prepare(string root, StaticFileOptions options) => new(root, options, _open, _served);

    /// <summary>The second half: takes what a prepared handler has, which is of no use from then on. Does not wait.</summary>
    internal void TakeOver(StaticFileHandler prepared)
    {
        ServedFiles old;
        lock (_swapping)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (prepared._before != _served)
            {
                throw new InvalidOperationException("It was prepared for what was in force before.");
            }

            (old, _served) = (_served, prepared._served);
            prepared._isDisposed = true;
        }

        // Requests that are in it have entered its folder; the others find that it is closed, and take what is in force.
        if (old.Root != _served.Root)
        {
            old.Root.Dispose();
        }
    }

    /// <summary>Whether a prepared handler lets other users in.</summary>
    internal bool HasOtherUsers(StaticFileHandler prepared) => _served.HasOtherUsersThan(prepared._served);

    /// <summary>Tells now in the log of the clients that were refused in the last second: it is to end with another line.</summary>
    internal void TellRefused() => _served.TellRefused();

    /// <summary>What the cache holds, and how it has done, as of now; with those that it shares its memory with. From any thread.</summary>
    internal FileCacheStatistics GetStatistics()
    {
        var served = _served;
        var (bytes, entries, open) = served.Shared?.Size ?? served.Root.Current.Cached?.Size ?? default;
        return new FileCacheStatistics(served.Counts?.Hits ?? 0, served.Counts?.Misses ?? 0, bytes, entries, open);
    }

    // What is in force, and its folder, entered. What was in force a moment ago may have been closed meanwhile.
    private ServedFiles Enter(out RootGeneration generation)
    {
        while (true)
        {
            var served = _served;
            if (served.Root.TryEnter(out generation!))
            {
                return served;
            }

            ObjectDisposedException.ThrowIf(served == _served, this);
        }
    }
}
