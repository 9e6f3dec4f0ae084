using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

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
    private const string NotFoundFile = "/404.html";
    private const string ServerErrorFile = "/50x.html";
    private const int MaxErrorPageBytes = 64 * 1024;
    private const string Methods = "GET, HEAD, OPTIONS";

    // A smaller one fits into one packet as it is.
    private const int MinCompressedFileBytes = 1024;

    // How often a file may change while it is read before the client is told to come back later.
    private const int Attempts = 5;

    // A file that was changed less than this ago can be changed again without a change of its times: not for the cache yet.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(1);

    private readonly StaticFileOptions _options;
    private readonly FileRoot _root;
    private readonly FileLocator _locator;
    private readonly FileHeaders _headers;
    private readonly FileCache? _cache;
    private readonly CompressedFiles? _compressed;
    private readonly BasicAuthentication? _authentication;
    private readonly byte[]? _serverErrorPage;

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
        _headers = new FileHeaders(_options);
        _authentication = _options.AuthFile is { } path ? new BasicAuthentication(path) : null;
        _root = open(root, _options.FollowSymlinks);
        _locator = new FileLocator(_root, _options);
        _cache = _options is { CacheBytes: > 0, MaxCachedFiles: > 0, MaxCachedFileBytes: > 0 }
            ? new FileCache(_options.CacheBytes, _options.MaxCachedFiles, _options.TimeProvider)
            : null;
        _compressed = _options.Compress ? new CompressedFiles(_options.MaxCompressedBytes) : null;
        _serverErrorPage = ReadErrorPage();
    }

    /// <summary>The folder's full path, symbolic links resolved.</summary>
    public string Root => _root.Path;

    /// <summary>The content of <c>50x.html</c> in the root at the start, at most 64 KiB; empty when there is none.</summary>
    public ReadOnlyMemory<byte> ServerErrorPage => _serverErrorPage;

    /// <summary>Whether there is a file at a path that would be served.</summary>
    /// <param name="path">A decoded path that starts with a slash.</param>
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
        var headers = request.Headers;
        if (_cache is null
            || request.Method is not ("GET" or "HEAD")
            || IsDownload(request)
            || (_authentication is not null && !_authentication.IsRemembered(request))
            || headers.CountOf("Range"u8) + headers.CountOf("If-Match"u8) + headers.CountOf("If-Unmodified-Since"u8) > 0
            || headers.CountOf("If-None-Match"u8) > 1 || headers.CountOf("Accept-Encoding"u8) > 1
            || !_cache.TryFind(request.PathBytes, out var file))
        {
            return false;
        }

        var representation = file.Representations[0];
        if (file.Representations.Length > 1 && headers.TryGetBytes("Accept-Encoding"u8, out var accepted) && !TryChoose(file, accepted, out representation))
        {
            return false;
        }

        if (headers.TryGetBytes("If-None-Match"u8, out var tag))
        {
            // Anything but the very tag, a list or an old one, takes the long way.
            if (!(tag.StartsWith("W/"u8) ? tag[2..] : tag).SequenceEqual(representation.Tag))
            {
                return false;
            }

            response.Send(representation.NotModified);
            return true;
        }

        if (representation.Whole is not { } whole || headers.CountOf("If-Modified-Since"u8) > 0)
        {
            return false;
        }

        response.Send(whole);
        return true;
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

        var authorized = _authentication is null || _authentication.IsRemembered(request)
            ? true
            : await _authentication.IsAuthorizedAsync(request).ConfigureAwait(false);
        if (authorized is null)
        {
            WriteUnavailable(response, "too many passwords are being checked");
            return;
        }

        if (authorized is false)
        {
            response.Headers["WWW-Authenticate"] = "Basic realm=\"files\", charset=\"UTF-8\"";
            WriteError(response, 401, "401 Unauthorized: a user and a password are wanted here.\n");
            return;
        }

        if (request.Method is not ("GET" or "HEAD"))
        {
            response.Headers["Allow"] = Methods;
            WriteError(response, 405, "405 Method Not Allowed: files can be read only.\n");
            return;
        }

        // A slash that was sent encoded is a character of a name, and no name has one; nor are bytes that are no UTF-8 a name.
        if (request.PathBytes.Contains((byte)0) || !Utf8.IsValid(request.PathBytes))
        {
            await SendNotFoundAsync(request, response).ConfigureAwait(false);
            return;
        }

        await ServeAsync(request, response, request.Path).ConfigureAwait(false);
    }

    /// <summary>Answers a GET or HEAD request with the file at a path, whatever the request's own path is.</summary>
    /// <param name="request">For its conditions and its method.</param>
    /// <param name="response">What gets the file.</param>
    /// <param name="path">A decoded path that starts with a slash.</param>
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

        WriteUnavailable(response, "the file is being written");
    }

    /// <summary>Lets go of the root and of what watches it. To be called when no request is in progress any more.</summary>
    public void Dispose()
    {
        _cache?.Dispose();
        _root.Dispose();
    }

    private static bool IsDownload(HttpRequest request) =>
        request.QueryBytes is { IsEmpty: false } query && query.StartsWith("download"u8)
        && (query.Length == "download"u8.Length || query["download"u8.Length] is (byte)'=' or (byte)'&');

    // False when the client's wishes want the long way: they are no ASCII, or longer than anybody's are.
    private static bool TryChoose(CachedFile file, ReadOnlySpan<byte> accepted, out Representation best)
    {
        best = file.Representations[0];
        Span<char> field = stackalloc char[256];
        if (Ascii.ToUtf16(accepted, field, out var length) != OperationStatus.Done)
        {
            return false;
        }

        var choice = new ContentCoding.Choice(field[..length]);
        foreach (var representation in file.Representations.AsSpan(1))
        {
            best = !representation.IsLeftOut && choice.Prefers(representation.Coding!) ? representation : best;
        }

        return true;
    }

    // False when the file has changed while it was read, and nothing is sent yet.
    private async ValueTask<bool> TryServeAsync(HttpRequest request, HttpResponse response, string path)
    {
        using var location = _locator.Locate(path);
        switch (location.Status)
        {
            case OpenStatus.File:
                return await TrySendAsync(request, response, path, location).ConfigureAwait(false);
            case OpenStatus.Folder when !path.EndsWith('/'):
                Redirect(request, response, path);
                return true;
            case OpenStatus.Folder when _options.Browse && _root.List(location.RelativePath) is { } entries:
                await SendListingAsync(request, response, path, entries).ConfigureAwait(false);
                return true;
            case OpenStatus.Forbidden:
                WriteError(response, 403, "403 Forbidden: the server may not read this file.\n");
                return true;
            case OpenStatus.Exhausted:
                WriteUnavailable(response, "the server has too many files open");
                return true;
            default:
                break;
        }

        if (_options.SpaFile is { } spa && MayBePage(request, response, path))
        {
            var spaPath = "/" + spa.Trim('/');
            using var page = _locator.Locate(spaPath);
            if (page.Status == OpenStatus.File)
            {
                return await TrySendAsync(request, response, spaPath, page).ConfigureAwait(false);
            }
        }

        await SendNotFoundAsync(request, response).ConfigureAwait(false);
        return true;
    }

    // A path that looks like a file's is one to a script or an image, and a page to who asks for a page.
    private static bool MayBePage(HttpRequest request, HttpResponse response, string path)
    {
        if (path.IndexOf('.', path.LastIndexOf('/')) < 0)
        {
            return true;
        }

        response.Headers["Vary"] = "Accept"; // §12.5.5
        return MediaRanges.NameHtml(request.Headers["Accept"]);
    }

    private async ValueTask<bool> TrySendAsync(HttpRequest request, HttpResponse response, string path, FileLocation location)
    {
        var file = location.RelativePath;
        var forms = Forms(location);
        var cached = FindOrAddToCache(path, location, forms);
        var form = Choose(forms, request.Headers["Accept-Encoding"], isWhole: request.Method != "GET" || !request.Headers.Contains("Range"));
        var representation = cached is null ? null : Array.Find(cached.Representations, item => item.Coding == form.Coding);

        // What is compressed on the fly is compressed before anything is said about it: it may not be worth it.
        ReadOnlyMemory<byte>? compressed = null;
        if (form.Source is null)
        {
            compressed = representation?.Whole?.Body ?? Compress(location, form.Coding!);
            if (compressed is null)
            {
                representation?.IsLeftOut |= _compressed!.IsNotWorthIt(file, location.File!.Identity, form.Coding!);
                form = forms[0];
                representation = cached?.Representations[0];
            }
            else if (representation is { Whole: null } && compressed.Value.Length <= _options.MaxCachedFileBytes)
            {
                _cache!.Complete(cached!, representation, new PreparedResponse(200, _headers.ForWhole(file, form, varies: true), compressed.Value));
            }
        }

        location.DisposeSiblings(except: form.Source);
        var now = _options.TimeProvider.GetUtcNow();
        switch (ConditionalRequest.Evaluate(request.Headers, form.Tag, form.Modified, now))
        {
            case Precondition.NotModified:
                response.Send(representation?.NotModified ?? new PreparedResponse(304, _headers.ForNotModified(file, form, forms.Count > 1)));
                return true;
            case Precondition.Failed:
                WriteError(response, 412, "412 Precondition Failed: the file is not what the request takes it for.\n");
                return true;
            default:
                break;
        }

        List<ByteRange>? ranges = null;
        if (request.Method == "GET" // §14.2: a Range with another method is ignored
            && form.Source is not null
            && request.Headers.TryGetValue("Range", out var field)
            && ConditionalRequest.IsRangeWanted(request.Headers, form.Tag, form.Modified, now)
            && ByteRanges.TryParse(field, form.Source.Identity.Length, out var parsed))
        {
            ranges = parsed;
        }

        if (ranges is null && representation?.Whole is { } whole && !IsDownload(request))
        {
            response.Send(whole);
            return true;
        }

        foreach (var (name, value) in _headers.ForWhole(file, form, forms.Count > 1, IsDownload(request)))
        {
            response.Headers.Add(name, value);
        }

        if (compressed is { } bytes)
        {
            await SendAsync(request, response, bytes).ConfigureAwait(false);
            return true;
        }

        var sender = Sender(form.Source!, request, response);
        if (ranges is null)
        {
            response.ContentLength = form.Source!.Identity.Length;
            return request.Method == "HEAD" || await sender.SendWholeAsync().ConfigureAwait(false);
        }

        if (ranges.Count == 0)
        {
            response.Clear();
            response.Headers["Content-Range"] = string.Create(CultureInfo.InvariantCulture, $"bytes */{form.Source!.Identity.Length}");
            WriteError(response, 416, "416 Range Not Satisfiable: the file is shorter.\n");
            return true;
        }

        response.StatusCode = 206;
        return await sender.SendRangesAsync(ranges).ConfigureAwait(false);
    }

    private FileSender Sender(OpenedFile file, HttpRequest request, HttpResponse response) =>
        new(_root, file, IsSettled(file), response, request.Aborted);

    // Every form that the file can be had in: as it is, then the compressed ones, the preferred first.
    private List<FileForm> Forms(FileLocation location)
    {
        var file = location.File!;
        var forms = new List<FileForm> { new(null, file, Tag(file.Identity, coding: null), LastModified(file)) };
        var canCompress = _compressed is not null
            && file.Identity.Length >= MinCompressedFileBytes
            && file.Identity.Length <= _options.MaxCompressedFileBytes
            && ContentTypes.IsCompressible(_headers.ContentTypes.For(location.RelativePath));
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

    // The same after a restart, and on another machine that has the same files with the same times. But whole seconds are what a tool has
    // set, often the same ones for each release: then the time of the change goes in, which nobody can set, and which no two machines share.
    private static string Tag(FileIdentity identity, ContentCoding? coding)
    {
        var changed = identity.Modified % 1_000_000_000 == 0 && identity.Changed != 0 ? $"-{identity.Changed:x}" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"\"{identity.LastModified.UtcTicks:x}-{identity.Length:x}{changed}{(coding is null ? "" : "-" + coding.Name)}\"");
    }

    // A form that does not exist yet is not for ranges: nobody could ask for the rest of it later.
    private static FileForm Choose(List<FileForm> forms, string? accepted, bool isWhole)
    {
        var best = forms[0];
        if (accepted is null)
        {
            return best;
        }

        var choice = new ContentCoding.Choice(accepted);
        foreach (var form in forms.Skip(1).Where(form => isWhole || form.Source is not null))
        {
            best = choice.Prefers(form.Coding!) ? form : best;
        }

        return best;
    }

    // What may change again without a change of its times is compressed each time: it could be kept for the wrong version.
    private ReadOnlyMemory<byte>? Compress(FileLocation location, ContentCoding coding) => _compressed!.Get(
        location.RelativePath, location.File!.Identity, coding, IsSettled(location.File), () => FileSender.TryReadWhole(_root, location.File));

    private CachedFile? FindOrAddToCache(string path, FileLocation location, List<FileForm> forms)
    {
        if (_cache is null)
        {
            return null;
        }

        var key = Encoding.UTF8.GetBytes(path);
        var sources = location.Sources;
        if (_cache.Confirm(key, sources) is { } known)
        {
            return known;
        }

        var small = forms.FindAll(form => form.Source?.Identity.Length <= _options.MaxCachedFileBytes);
        if (small.Count == 0
            || !forms.TrueForAll(form => form.Source is null || IsSettled(form.Source))
            || !_cache.Admits(small.Sum(static form => form.Source!.Identity.Length)))
        {
            return null;
        }

        var representations = new List<Representation>();
        foreach (var form in forms)
        {
            var representation = new Representation(
                form.Coding,
                Encoding.ASCII.GetBytes(form.Tag),
                new PreparedResponse(304, _headers.ForNotModified(location.RelativePath, form, forms.Count > 1)));
            if (small.Contains(form))
            {
                if (FileSender.TryReadWhole(_root, form.Source!) is not { } bytes)
                {
                    return null; // it is changing: not today
                }

                representation.Whole = new PreparedResponse(200, _headers.ForWhole(location.RelativePath, form, forms.Count > 1), bytes);
            }

            representations.Add(representation);
        }

        var file = new CachedFile(key, sources, [.. representations]);
        _cache.Add(file, _root.Path, location.Looked, location.IsDirect, () =>
        {
            using var again = _locator.Locate(path);
            return again.Status == OpenStatus.File ? again.Sources : null;
        });
        return file;
    }

    // §8.8.2.1: never later than Date, which may be a second old, whatever somebody has set.
    private DateTimeOffset LastModified(OpenedFile file)
    {
        var (modified, now) = (file.Identity.LastModified, _options.TimeProvider.GetUtcNow());
        return modified <= now ? modified : now - Settled;
    }

    private bool IsSettled(OpenedFile file) => _options.TimeProvider.GetUtcNow() - file.Identity.LastChanged > Settled;

    // Piece by piece: a client that does not read holds no copy of it.
    private static async ValueTask SendAsync(HttpRequest request, HttpResponse response, ReadOnlyMemory<byte> bytes)
    {
        const int PieceBytes = 64 * 1024;
        response.ContentLength = bytes.Length;
        while (request.Method != "HEAD")
        {
            var piece = bytes[..Math.Min(PieceBytes, bytes.Length)];
            bytes = bytes[piece.Length..];
            response.Body.Write(piece.Span);
            if (bytes.IsEmpty || (await response.Body.FlushAsync(request.Aborted).ConfigureAwait(false)).IsCompleted)
            {
                return;
            }
        }
    }

    private async ValueTask SendListingAsync(HttpRequest request, HttpResponse response, string path, IReadOnlyList<FolderEntry> entries)
    {
        var listing = new FolderListing(
            path, [.. entries.Where(entry => _locator.IsServed("/" + entry.Name))], request.Query["sort"], request.Query["order"]);
        response.Headers["Vary"] = "Accept"; // §12.5.5
        response.Headers["Cache-Control"] = "no-cache";
        if (MediaRanges.PreferJson(request.Headers["Accept"]))
        {
            response.ContentType = "application/json";
            _headers.SetForPage(response);
            var json = new ArrayBufferWriter<byte>();
            listing.WriteJson(json);
            await SendAsync(request, response, json.WrittenMemory).ConfigureAwait(false);
        }
        else
        {
            response.ContentType = "text/html; charset=utf-8";
            _headers.SetForPage(response);
            await SendAsync(request, response, Encoding.UTF8.GetBytes(listing.ToHtml())).ConfigureAwait(false);
        }
    }

    private void Redirect(HttpRequest request, HttpResponse response, string path)
    {
        var location = string.Join('/', path.Split('/').Select(Uri.EscapeDataString)) + "/";
        var query = request.QueryString;
        response.Headers["Location"] = query.Length > 0 ? $"{location}?{query}" : location;
        WriteError(response, 301, "301 Moved Permanently: this is a folder.\n");
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

        _headers.SetAlways(response);
    }

    private async ValueTask SendNotFoundAsync(HttpRequest request, HttpResponse response)
    {
        using var page = _locator.LocateAlone(NotFoundFile);
        if (page.Status != OpenStatus.File)
        {
            WriteError(response, 404, "404 Not Found: there is nothing at this path.\n");
            return;
        }

        response.StatusCode = 404;
        response.ContentType = _headers.ContentTypes.For(NotFoundFile);
        _headers.SetForPage(response);
        response.ContentLength = page.File!.Identity.Length;
        if (request.Method != "HEAD" && !await Sender(page.File, request, response).SendWholeAsync().ConfigureAwait(false))
        {
            response.Clear();
            WriteError(response, 404, "404 Not Found: there is nothing at this path.\n");
        }
    }

    private void WriteUnavailable(HttpResponse response, string reason)
    {
        response.Headers["Retry-After"] = "1";
        WriteError(response, 503, $"503 Service Unavailable: {reason}.\n");
    }

    private void WriteError(HttpResponse response, int status, string text)
    {
        response.StatusCode = status;
        _headers.SetForPage(response);
        if (status >= 500 && _serverErrorPage is { Length: > 0 } page)
        {
            response.WriteBytes(page, "text/html; charset=utf-8");
        }
        else
        {
            response.WriteText(text);
        }
    }

    private byte[]? ReadErrorPage()
    {
        using var page = _locator.LocateAlone(ServerErrorFile);
        return page.File is { Identity.Length: <= MaxErrorPageBytes } file ? FileSender.TryReadWhole(_root, file) : null;
    }
}
