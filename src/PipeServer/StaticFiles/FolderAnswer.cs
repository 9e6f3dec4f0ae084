namespace PipeServer.StaticFiles;

/// <summary>Answers with a folder: the redirect to its path with a slash, and its listing. Thread-safe.</summary>
internal sealed class FolderAnswer(
    FileRoot root, FileLocator locator, FileHeaders headers, ErrorPages errors, BasePath basePath, ListingBudget budget, StaticFileOptions options)
{
    // What is written before it is flushed. A smaller listing goes out with its length.
    private const int PieceBytes = 32 * 1024;

    private const string TooMany = "too many folders are being listed";

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
    /// <returns>False when there is no folder to be read, and nothing is sent.</returns>
    public async ValueTask<bool> TrySendListingAsync(HttpRequest request, HttpResponse response, string path, string relativePath)
    {
        using var share = budget.TryBegin();
        if (share is null)
        {
            errors.WriteUnavailable(response, TooMany);
            return true;
        }

        var first = new List<FolderEntry>();
        IEnumerator<FolderEntry>? rest;
        try
        {
            rest = Open(relativePath, first, share, request.Aborted);
        }
        catch (Exception exception) when (exception is DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            errors.WriteUnavailable(response, "the folder cannot be read now");
            return true;
        }

        if (rest is null)
        {
            errors.WriteUnavailable(response, TooMany);
            return true;
        }

        using (rest)
        {
            await SendAsync(request, response, path, first, rest, share).ConfigureAwait(false);
        }

        return true;
    }

    // The enumeration of what is behind the first entries: those that are sorted, and one more, if there is one. Null when there is no room.
    private IEnumerator<FolderEntry>? Open(string relativePath, List<FolderEntry> first, ListingBudget.Share share, CancellationToken aborted)
    {
        var all = root.List(relativePath) ?? throw new DirectoryNotFoundException();
        var entries = all.Where(entry => locator.IsServed("/" + entry.Name)).GetEnumerator();
        var isOpen = false;
        try
        {
            // The first step is made in any case: an enumeration that has not begun does not close its folder.
            while (entries.MoveNext())
            {
                first.Add(entries.Current);
                if (!share.TryHold(first.Count))
                {
                    return null;
                }

                if (first.Count > options.MaxSortedEntries || aborted.IsCancellationRequested)
                {
                    break;
                }
            }

            isOpen = true;
            return entries;
        }
        finally
        {
            if (!isOpen)
            {
                entries.Dispose();
            }
        }
    }

    private async ValueTask SendAsync(
        HttpRequest request, HttpResponse response, string path, List<FolderEntry> first, IEnumerator<FolderEntry> rest, ListingBudget.Share share)
    {
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
                return;
            }
        }

        if (order is null)
        {
            first.Clear();
            first.TrimExcess();
            share.Shrink();
            while (rest.MoveNext())
            {
                view.Write(rest.Current);
                if (!await TryFlushAsync(request, response, view).ConfigureAwait(false))
                {
                    return;
                }
            }
        }

        view.End();
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
