using PipeServer.Diagnostics;

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
/// progress end with the old one. While the name leads nowhere, the old one is served.
/// </remarks>
public sealed class StaticFileHandler : IDisposable
{
    private const string Methods = "GET, HEAD, OPTIONS";

    // A request for what is not there follows the root's name so often; then it is a 404, however fast the name is switched on.
    private const int Generations = 8;

    private readonly StaticFileOptions _options;
    private readonly BasePath _basePath;
    private readonly FileHeaders _headers;
    private readonly ServedRoot _root;
    private readonly BasicAuthentication? _authentication;
    private readonly RefusalLog _refusals;
    private readonly FileCacheCounts? _counts;
    private readonly FileCacheMetrics? _metrics;

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

    internal StaticFileHandler(string root, StaticFileOptions? options, Func<string, bool, FileRoot> open)
    {
        _options = (options ?? new StaticFileOptions()).Validated();
        _basePath = BasePath.Parse(_options.BasePath);
        _headers = new FileHeaders(_options);
        _authentication = _options.AuthFile is { } path ? new BasicAuthentication(path) : null;
        _refusals = new RefusalLog(
            GuardedLogger.Around(_options.LoggerFactory.CreateLogger("PipeServer.StaticFiles")), _options.TimeProvider);
        _counts = _options.Metrics ? new FileCacheCounts() : null;
        var name = new RootName(root);
        var listings = new ListingBudget(_options.MaxSortedEntries);
        _root = new ServedRoot(
            name,
            () => new RootGeneration(name, open(name.Full, _options.FollowSymlinks), _headers, _basePath, listings, _options, _counts),
            _options);
        try
        {
            _metrics = _options.Metrics ? new FileCacheMetrics(_options.MeterFactory, name.Full, this, GetStatistics) : null;
        }
        catch
        {
            _root.Dispose();
            throw;
        }
    }

    /// <summary>The full path of the folder that is served now, symbolic links resolved.</summary>
    public string Root => _root.Current.Path;

    /// <summary>
    /// The content of <c>50x.html</c> in the folder that is served now, as it was when its serving began, at most 64 KiB; empty when there
    /// is none. Takes no time: for <see cref="HttpServerOptions.GetServerErrorPage"/>.
    /// </summary>
    public ReadOnlyMemory<byte> ServerErrorPage => _root.Current.Errors.ServerErrorPage;

    /// <summary>Whether there is a file at a path that would be served.</summary>
    /// <param name="path">A decoded path below the root that starts with a slash.</param>
    public bool Contains(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var generation = _root.Enter();
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
        return _root.Current.Cached is { } cached
            && request.Method is "GET" or "HEAD"
            && !FileAnswer.IsDownload(request)
            && (_authentication is null || _authentication.IsRemembered(request))
            && _basePath.TryRemove(request.PathBytes, out var path)
            && cached.TryAnswer(request, response, path);
    }

    /// <summary>Answers a request with the file that its path names.</summary>
    public async ValueTask HandleAsync(HttpRequest request, HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        if (request.Method == "OPTIONS")
        {
            AnswerOptions(request, response);
            return;
        }

        if (_authentication is not null
            && !_authentication.IsRemembered(request)
            && !await MayReadAsync(_authentication, request, response).ConfigureAwait(false))
        {
            return;
        }

        if (request.Method is not ("GET" or "HEAD"))
        {
            response.Headers["Allow"] = Methods;
            _root.Current.Errors.Write(response, 405, "405 Method Not Allowed: files can be read only.\n");
            return;
        }

        if (_basePath.IsItself(request.PathBytes))
        {
            _root.Current.Folders.Redirect(request, response, _basePath.Text);
        }
        else if (ReadPath(request) is { } below)
        {
            await ServeAsync(request, response, below).ConfigureAwait(false);
        }
        else
        {
            await SendNotFoundAsync(request, response).ConfigureAwait(false);
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
            var generation = _root.Enter();
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
            _root.Look();
        }
    }

    /// <summary>
    /// Ends the serving: lets go of the folder and of what watches it, once the requests that are in progress have ended. A request that
    /// comes later throws.
    /// </summary>
    public void Dispose()
    {
        _metrics?.Dispose();
        _root.Dispose();
        _refusals.TellCounted();
    }

    /// <summary>Tells now in the log of the clients that were refused in the last second: it is to end with another line.</summary>
    internal void TellRefused() => _refusals.TellCounted();

    /// <summary>What the cache holds, and how it has done, as of now. From any thread.</summary>
    internal FileCacheStatistics GetStatistics()
    {
        var (bytes, entries, open) = _root.Current.Cached?.Size ?? default;
        return new FileCacheStatistics(_counts?.Hits ?? 0, _counts?.Misses ?? 0, bytes, entries, open);
    }

    private async ValueTask<bool> MayReadAsync(BasicAuthentication authentication, HttpRequest request, HttpResponse response)
    {
        switch (await authentication.IsAuthorizedAsync(request).ConfigureAwait(false))
        {
            case true:
                return true;
            case null:
                const string Busy = "too many passwords are being checked";
                TellRefused(request, 503, Busy);
                _root.Current.Errors.WriteUnavailable(response, Busy);
                return false;
            default:
                TellRefused(
                    request, 401, request.Headers.Contains("Authorization") ? "the user or the password is wrong" : "no user and no password came");
                response.Headers["WWW-Authenticate"] = "Basic realm=\"files\", charset=\"UTF-8\"";
                _root.Current.Errors.Write(response, 401, "401 Unauthorized: a user and a password are wanted here.\n");
                return false;
        }
    }

    private void TellRefused(HttpRequest request, int status, string reason) =>
        _refusals.Write(request, static client => client.RemoteEndPoint, status, reason);

    // Below the root. A slash that was sent encoded would be part of a name, and no file's name has one.
    private string? ReadPath(HttpRequest request) =>
        _basePath.TryRemove(request.PathBytes, out var path) && !path.Contains((byte)0) ? PathText.FromBytes(path) : null;

    private async ValueTask SendNotFoundAsync(HttpRequest request, HttpResponse response)
    {
        var generation = _root.Enter();
        try
        {
            await generation.Errors.SendNotFoundAsync(request, response).ConfigureAwait(false);
        }
        finally
        {
            generation.Leave();
        }
    }

    private void AnswerOptions(HttpRequest request, HttpResponse response)
    {
        response.StatusCode = 204;
        response.Headers["Allow"] = Methods;
        if (_options.CorsOrigin is not null && request.Headers.Contains("Access-Control-Request-Method"))
        {
            response.Headers["Access-Control-Allow-Methods"] = "GET, HEAD";
            response.Headers["Access-Control-Allow-Headers"] =
                request.Headers["Access-Control-Request-Headers"] is { } asked ? asked : "Range";
            response.Headers["Access-Control-Max-Age"] = "86400";
            response.Headers["Vary"] = "Access-Control-Request-Headers";
        }

        _headers.SetCommon(response);
    }
}
