using PipeServer.Diagnostics;

namespace PipeServer.StaticFiles;

/// <summary>
/// Everything that an answer of a <see cref="StaticFileHandler"/> depends on, as one object that does not change: options, header fields, users,
/// and the folder with what is in memory of it. A request takes one and ends with it, so that no answer is made of two configurations. Safe for
/// any number of threads.
/// </summary>
internal sealed class ServedFiles
{
    private const string Methods = "GET, HEAD, OPTIONS";

    private readonly string _name;
    private readonly StaticFileOptions _options;
    private readonly FileHeaders _headers;
    private readonly ListingBudget _listings;
    private readonly RefusalLog _refusals;

    /// <summary>Opens a folder, and reads what the options name.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="options">What to change from the defaults.</param>
    /// <param name="open">Opens what the root's name leads to.</param>
    /// <param name="before">
    /// What is served so far, or null. What is the same is shared with it: the folder with its memory, and passwords that were right.
    /// </param>
    public ServedFiles(string root, StaticFileOptions options, Func<string, bool, FileRoot> open, ServedFiles? before)
    {
        _options = options.Validated();
        BasePath = StaticFiles.BasePath.Parse(_options.BasePath);
        _headers = new FileHeaders(_options);
        Authentication = _options.AuthFile is { } path ? new BasicAuthentication(path, before?.Authentication) : null;
        Counts = before is not null ? before.Counts : _options.Shared is { } shared ? shared.Counts : _options.Metrics ? new FileCacheCounts() : null;
        var name = new RootName(root);
        _name = Path.TrimEndingDirectorySeparator(name.Full);
        var isLoggedAlike = before is not null && before._options.LogsAs(_options);
        _refusals = isLoggedAlike
            ? before!._refusals
            : new RefusalLog(GuardedLogger.Around(_options.LoggerFactory.CreateLogger("PipeServer.StaticFiles")), _options.TimeProvider);
        _listings = _options.Shared?.Listings
            ?? (before?._options.MaxSortedEntries == _options.MaxSortedEntries ? before._listings : new ListingBudget(_options.MaxSortedEntries));
        Root = isLoggedAlike && before!._name == _name && before._options.AnswersAs(_options) && !before.HasOtherErrorPage()
            ? before.Root
            : new ServedRoot(
                name, () => new RootGeneration(name, open(name.Full, _options.FollowSymlinks), _headers, BasePath, _listings, _options, Counts), _options);
    }

    /// <summary>The folder that the root's name leads to. It belongs to the handler that has this object.</summary>
    public ServedRoot Root { get; }

    /// <summary>What is before each path.</summary>
    public BasePath BasePath { get; }

    /// <summary>How the cache has done, the one before included; null where nobody counts.</summary>
    public FileCacheCounts? Counts { get; }

    /// <summary>What it has together with other handlers; null for nothing.</summary>
    public SharedMemory? Shared => _options.Shared;

    /// <summary>Who may read; null for everybody.</summary>
    public BasicAuthentication? Authentication { get; }

    /// <summary>Whether other users or other passwords are let in than by another one.</summary>
    public bool HasOtherUsersThan(ServedFiles other) => !BasicAuthentication.HaveSameUsers(Authentication, other.Authentication);

    /// <summary>Answers a request with the file that its path names.</summary>
    /// <param name="request">The request.</param>
    /// <param name="response">What gets the file.</param>
    /// <param name="generation">A generation of <see cref="Root"/> that the caller has entered.</param>
    /// <param name="mayBeLeft">See <see cref="RootGeneration.TryServeAsync"/>.</param>
    /// <returns>False when the request is to be answered by the next generation, and nothing is sent yet.</returns>
    public async ValueTask<bool> TryHandleAsync(HttpRequest request, HttpResponse response, RootGeneration generation, bool mayBeLeft)
    {
        if (request.Method == "OPTIONS")
        {
            AnswerOptions(request, response);
        }
        else if (Authentication is not null
            && !Authentication.IsRemembered(request)
            && !await MayReadAsync(Authentication, request, response, generation.Errors).ConfigureAwait(false))
        {
            return true;
        }
        else if (request.Method is not ("GET" or "HEAD"))
        {
            response.Headers["Allow"] = Methods;
            generation.Errors.Write(response, 405, "405 Method Not Allowed: files can be read only.\n");
        }
        else if (BasePath.IsItself(request.PathBytes))
        {
            generation.Folders.Redirect(request, response, BasePath.Text);
        }
        else if (ReadPath(request) is { } below)
        {
            return await generation.TryServeAsync(request, response, below, mayBeLeft).ConfigureAwait(false);
        }
        else
        {
            await generation.Errors.SendNotFoundAsync(request, response).ConfigureAwait(false);
        }

        return true;
    }

    /// <summary>Tells now in the log of the clients that were refused in the last second.</summary>
    public void TellRefused() => _refusals.TellCounted();

    /// <summary>Whether the folder has another page for errors of the server now than it had when its serving began.</summary>
    public bool HasOtherErrorPage()
    {
        if (!Root.TryEnter(out var generation))
        {
            return true;
        }

        try
        {
            return generation.Errors.HasOtherServerErrorPage();
        }
        finally
        {
            generation.Leave();
        }
    }

    private async ValueTask<bool> MayReadAsync(BasicAuthentication authentication, HttpRequest request, HttpResponse response, ErrorPages errors)
    {
        switch (await authentication.IsAuthorizedAsync(request).ConfigureAwait(false))
        {
            case true:
                return true;
            case null:
                const string Busy = "too many passwords are being checked";
                TellRefused(request, 503, Busy);
                errors.WriteUnavailable(response, Busy);
                return false;
            default:
                TellRefused(
                    request, 401, request.Headers.Contains("Authorization") ? "the user or the password is wrong" : "no user and no password came");
                response.Headers["WWW-Authenticate"] = "Basic realm=\"files\", charset=\"UTF-8\"";
                errors.Write(response, 401, "401 Unauthorized: a user and a password are wanted here.\n");
                return false;
        }
    }

    private void TellRefused(HttpRequest request, int status, string reason) =>
        _refusals.Write(request, static client => client.RemoteEndPoint, status, reason);

    // Below the root. A slash that was sent encoded would be part of a name, and no file's name has one.
    private string? ReadPath(HttpRequest request) =>
        BasePath.TryRemove(request.PathBytes, out var path) && !path.Contains((byte)0) ? PathText.FromBytes(path) : null;

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
