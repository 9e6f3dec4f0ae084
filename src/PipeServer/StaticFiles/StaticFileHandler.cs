namespace PipeServer.StaticFiles;

/// <summary>
/// Serves the files below one folder: index files, content types, conditions and ranges (RFC 9110 §13, §14), compressed
/// forms, a 404 page, and what <see cref="StaticFileOptions"/> adds. Made of the public API only. Safe for any number of requests
/// at once.
/// </summary>
/// <remarks>
/// Map both ways: <c>server.MapFallback(files.TryHandle, files.HandleAsync)</c>. Small files that are in memory are answered where
/// the request was received, everything else on a worker. Nothing outside the folder is served, whatever the path or a symbolic
/// link says; names that start with a dot are hidden, but for <c>.well-known</c> (RFC 8615).
/// </remarks>
public sealed class StaticFileHandler : IDisposable
{
    private const string Methods = "GET, HEAD, OPTIONS";

    // How often a file may change while it is read before the client is told to come back later.
    private const int Attempts = 5;

    private readonly StaticFileOptions _options;
    private readonly FileRoot _root;
    private readonly BasePath _basePath;
    private readonly FileLocator _locator;
    private readonly FileHeaders _headers;
    private readonly FileAnswer _files;
    private readonly FolderAnswer _folders;
    private readonly ErrorPages _errors;
    private readonly CachedAnswers? _cached;
    private readonly BasicAuthentication? _authentication;

    /// <summary>Creates a handler for a folder.</summary>
    /// <param name="root">The folder, absolute or relative to the current directory.</param>
    /// <param name="options">What to change from the defaults.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ArgumentException">An option is out of its range, or what it names is malformed; the message says which.</exception>
    /// <exception cref="IOException">The file of <see cref="StaticFileOptions.AuthFile"/> cannot be read.</exception>
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
        _root = open(root, _options.FollowSymlinks);
        _locator = new FileLocator(_root, _headers.ContentTypes, _options);
        var forms = new FileForms(_root, _headers, _options);
        _errors = new ErrorPages(_locator, forms, _headers);
        _cached = _options is { CacheBytes: > 0, MaxCachedFiles: > 0, MaxCachedFileBytes: > 0 }
            ? new CachedAnswers(
                new FileCache(_options.CacheBytes, _options.MaxCachedFiles, _options.TimeProvider), _root, _locator, forms, _headers, _options)
            : null;
        _files = new FileAnswer(forms, _headers, _errors, _cached, _options);
        _folders = new FolderAnswer(_root, _locator, _headers, _errors, _basePath, _options);
    }

    /// <summary>The folder's full path, symbolic links resolved.</summary>
    public string Root => _root.Path;

    /// <summary>The content of <c>50x.html</c> in the root at the start, at most 64 KiB; empty when there is none.</summary>
    public ReadOnlyMemory<byte> ServerErrorPage => _errors.ServerErrorPage;

    /// <summary>Whether there is a file at a path that would be served.</summary>
    /// <param name="path">A decoded path below the root that starts with a slash.</param>
    public bool Contains(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        using var location = _locator.Locate(path);
        return location.Status == OpenStatus.File;
    }

    /// <summary>
    /// Answers a request from memory, if it can without waiting for anything: the file is small, cached, and certainly as it was.
    /// Allocates nothing.
    /// </summary>
    public bool TryHandle(HttpRequest request, HttpResponse response)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(response);
        return _cached is not null
            && request.Method is "GET" or "HEAD"
            && !FileAnswer.IsDownload(request)
            && (_authentication is null || _authentication.IsRemembered(request))
            && _basePath.TryRemove(request.PathBytes, out var path)
            && _cached.TryAnswer(request, response, path);
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

        var isAuthorized = _authentication is null || _authentication.IsRemembered(request)
            ? true
            : await _authentication.IsAuthorizedAsync(request).ConfigureAwait(false);
        if (isAuthorized is null)
        {
            _errors.WriteUnavailable(response, "too many passwords are being checked");
            return;
        }

        if (isAuthorized is false)
        {
            response.Headers["WWW-Authenticate"] = "Basic realm=\"files\", charset=\"UTF-8\"";
            _errors.Write(response, 401, "401 Unauthorized: a user and a password are wanted here.\n");
            return;
        }

        if (request.Method is not ("GET" or "HEAD"))
        {
            response.Headers["Allow"] = Methods;
            _errors.Write(response, 405, "405 Method Not Allowed: files can be read only.\n");
            return;
        }

        if (_basePath.IsItself(request.PathBytes))
        {
            _folders.Redirect(request, response, _basePath.Text);
            return;
        }

        if (ReadPath(request) is { } below)
        {
            await ServeAsync(request, response, below).ConfigureAwait(false);
        }
        else
        {
            await _errors.SendNotFoundAsync(request, response).ConfigureAwait(false);
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
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (await TryServeAsync(request, response, path).ConfigureAwait(false))
            {
                return;
            }

            response.Clear();
        }

        _errors.WriteUnavailable(response, "the file is being written");
    }

    /// <summary>Lets go of the root and of what watches it. To be called when no request is in progress any more.</summary>
    public void Dispose()
    {
        _cached?.Dispose();
        _root.Dispose();
    }

    // Below the root. A slash that was sent encoded would be part of a name, and no file's name has one.
    private string? ReadPath(HttpRequest request) =>
        _basePath.TryRemove(request.PathBytes, out var path) && !path.Contains((byte)0) ? PathText.FromBytes(path) : null;

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

    // False when the file has changed while it was read, and nothing is sent yet.
    private async ValueTask<bool> TryServeAsync(HttpRequest request, HttpResponse response, string path)
    {
        using var location = _locator.Locate(path);
        switch (location.Status)
        {
            case OpenStatus.File:
                return await _files.TrySendAsync(request, response, path, location).ConfigureAwait(false);
            case OpenStatus.Folder when !path.EndsWith('/'):
                _folders.Redirect(request, response, path);
                return true;
            case OpenStatus.Folder when _options.Browse:
                return await _folders.TrySendListingAsync(request, response, path, location.RelativePath).ConfigureAwait(false)
                    || await TryServePageAsync(request, response, path).ConfigureAwait(false);
            case OpenStatus.Forbidden:
                _errors.Write(response, 403, "403 Forbidden: the server may not read this file.\n");
                return true;
            case OpenStatus.Exhausted:
                _errors.WriteUnavailable(response, "the server has too many files open");
                return true;
            default:
                return await TryServePageAsync(request, response, path).ConfigureAwait(false);
        }
    }

    // Where there is nothing: the page of a single-page application, or 404.
    private async ValueTask<bool> TryServePageAsync(HttpRequest request, HttpResponse response, string path)
    {
        if (_options.SpaFile is { } spa && MayBePage(request, response, path))
        {
            var spaPath = "/" + spa.Trim('/');
            using var page = _locator.Locate(spaPath);
            if (page.Status == OpenStatus.File)
            {
                return await _files.TrySendAsync(request, response, spaPath, page).ConfigureAwait(false);
            }
        }

        await _errors.SendNotFoundAsync(request, response).ConfigureAwait(false);
        return true;
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
