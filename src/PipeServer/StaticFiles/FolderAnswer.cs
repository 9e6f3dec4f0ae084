namespace PipeServer.StaticFiles;

/// <summary>Answers with a folder: the redirect to its path with a slash, and its listing. Thread-safe.</summary>
internal sealed class FolderAnswer(
    FileRoot root, FileLocator locator, FileHeaders headers, ErrorPages errors, BasePath basePath, StaticFileOptions options)
{
    // What is written before it is flushed. A smaller listing goes out with its length.
    private const int PieceBytes = 32 * 1024;

    private readonly ListingBudget _budget = new(options.MaxSortedEntries);

    /// <summary>
    /// Sends a client that has left out the slash to the folder's path: relative links in the page need it. The way there is relative itself,
    /// so it is right behind a proxy that has put the path somewhere else, and no name in it can be taken for a host.
    /// </summary>
    public void Redirect(HttpRequest request, HttpResponse response, string path)
    {
        var location = $"./{PathText.Escape(path[(path.LastIndexOf('/') + 1)..])}/";
        var query = request.QueryString;
        response.Headers["Location"] = query.Length > 0 ? $"{location}?{query}" : location;
        errors.Write(response, 301, "301 Moved Permanently: this is a folder.\n");
    }

    /// <summary>Sends the listing, as a page, or as JSON to a client that prefers it.</summary>
    /// <param name="request">For its method, order and preference.</param>
    /// <param name="response">What gets the listing.</param>
    /// <param name="path">The folder's path below the root, slashes at both ends.</param>
    /// <param name="relativePath">The folder as the root knows it.</param>
    /// <returns>False when the folder cannot be read, and nothing is sent.</returns>
    public async ValueTask<bool> TrySendListingAsync(HttpRequest request, HttpResponse response, string path, string relativePath)
    {
        using var share = _budget.TryBegin();
        if (share is null)
        {
            errors.WriteUnavailable(response, "too many folders are being listed");
            return true;
        }

        if (root.List(relativePath) is not { } all)
        {
            return false;
        }

        // From here to the first step nothing may fail: an enumeration that has not begun does not close its folder.
        using var entries = all.Where(entry => locator.IsServed("/" + entry.Name)).GetEnumerator();
        var first = new List<FolderEntry>();
        if (!TryReadFirst(entries, first, share, request.Aborted, out var isEnough))
        {
            return false;
        }

        if (!isEnough)
        {
            errors.WriteUnavailable(response, "too many folders are being listed");
            return true;
        }

        var order = first.Count <= options.MaxSortedEntries ? FolderOrder.Of(request) : null;
        if (order is not null)
        {
            first.Sort(order);
        }

        using var view = Choose(request, response, path);
        view.Begin(order);
        foreach (var entry in first)
        {
            view.Write(entry);
            if (!await TryFlushAsync(request, response, view).ConfigureAwait(false))
            {
                return true;
            }
        }

        if (order is null)
        {
            first = [];
            share.Shrink();
            while (entries.MoveNext())
            {
                view.Write(entries.Current);
                if (!await TryFlushAsync(request, response, view).ConfigureAwait(false))
                {
                    return true;
                }
            }
        }

        view.End();
        return true;
    }

    // One more than is sorted, if there is one. False when the folder cannot be read; isEnough is false when there is no room for its entries.
    private bool TryReadFirst(
        IEnumerator<FolderEntry> entries, List<FolderEntry> first, ListingBudget.Share share, CancellationToken aborted, out bool isEnough)
    {
        isEnough = true;
        try
        {
            while (first.Count <= options.MaxSortedEntries && entries.MoveNext() && !aborted.IsCancellationRequested)
            {
                first.Add(entries.Current);
                if (!share.TryHold(first.Count))
                {
                    isEnough = false;
                    break;
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private FolderView Choose(HttpRequest request, HttpResponse response, string path)
    {
        var isJson = MediaRanges.PreferJson(request.Headers["Accept"]);
        response.Headers["Vary"] = "Accept"; // RFC 9110 §12.5.5
        response.Headers["Cache-Control"] = "no-cache";
        if (isJson)
        {
            response.ContentType = "application/json";
        }
        else
        {
            response.ContentType = "text/html; charset=utf-8";
            response.Headers["Content-Security-Policy"] = FolderPage.Policy;
        }

        headers.SetForPage(response);
        return isJson
            ? new FolderJson(response.Body, path)
            : new FolderPage(response.Body, basePath.Text, path, headers.ContentTypes, options.MaxSortedEntries);
    }

    // False when nobody reads on: the client is gone, or has asked for the head only, which is out then.
    private static async ValueTask<bool> TryFlushAsync(HttpRequest request, HttpResponse response, FolderView view)
    {
        if (view.UnflushedBytes < PieceBytes)
        {
            return true;
        }

        view.Settle();
        return !(await response.Body.FlushAsync(request.Aborted).ConfigureAwait(false)).IsCompleted && request.Method != "HEAD";
    }
}
