using System.Buffers;
using System.Text;

namespace PipeServer.StaticFiles;

/// <summary>Answers with a folder: the redirect to its path with a slash, and its listing. Thread-safe.</summary>
internal sealed class FolderAnswer(FileLocator locator, FileHeaders headers, ErrorPages errors)
{
    /// <summary>Sends a client that has left out the slash to the folder's path: relative links in the page need it.</summary>
    public void Redirect(HttpRequest request, HttpResponse response, string path)
    {
        var location = string.Join('/', path.Split('/').Select(Uri.EscapeDataString)) + "/";
        var query = request.QueryString;
        response.Headers["Location"] = query.Length > 0 ? $"{location}?{query}" : location;
        errors.Write(response, 301, "301 Moved Permanently: this is a folder.\n");
    }

    /// <summary>Sends the listing, as a page, or as JSON to a client that prefers it.</summary>
    public async ValueTask SendListingAsync(HttpRequest request, HttpResponse response, string path, IReadOnlyList<FolderEntry> entries)
    {
        var listing = new FolderListing(
            path, [.. entries.Where(entry => locator.IsServed("/" + entry.Name))], request.Query["sort"], request.Query["order"]);
        response.Headers["Vary"] = "Accept"; // RFC 9110 §12.5.5
        response.Headers["Cache-Control"] = "no-cache";
        if (MediaRanges.PreferJson(request.Headers["Accept"]))
        {
            response.ContentType = "application/json";
            headers.SetForPage(response);
            var json = new ArrayBufferWriter<byte>();
            listing.WriteJson(json);
            await FileAnswer.SendAsync(request, response, json.WrittenMemory).ConfigureAwait(false);
        }
        else
        {
            response.ContentType = "text/html; charset=utf-8";
            headers.SetForPage(response);
            await FileAnswer.SendAsync(request, response, Encoding.UTF8.GetBytes(listing.ToHtml())).ConfigureAwait(false);
        }
    }
}
