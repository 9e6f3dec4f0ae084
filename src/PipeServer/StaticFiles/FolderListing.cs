using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace PipeServer.StaticFiles;

/// <summary>A folder's content as a page, sortable by its column heads without any script, or as JSON.</summary>
internal sealed class FolderListing
{
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private readonly string _path;
    private readonly string _sort;
    private readonly bool _isDescending;
    private readonly IReadOnlyList<FolderEntry> _entries;

    /// <summary>Sorts the entries, folders first.</summary>
    /// <param name="path">The folder's path in the request, slashes at both ends.</param>
    /// <param name="entries">What is in it.</param>
    /// <param name="sort">name, size or modified; anything else is name.</param>
    /// <param name="order">desc reverses the order.</param>
    public FolderListing(string path, IReadOnlyList<FolderEntry> entries, string? sort, string? order)
    {
        _path = path;
        _sort = sort is "size" or "modified" ? sort : "name";
        _isDescending = order == "desc";
        var byName = entries.OrderBy(static entry => entry.Name, StringComparer.InvariantCultureIgnoreCase)
            .ThenBy(static entry => entry.Name, StringComparer.Ordinal);
        IEnumerable<FolderEntry> sorted = _sort switch
        {
            "size" => byName.OrderBy(static entry => entry.Length),
            "modified" => byName.OrderBy(static entry => entry.Modified),
            _ => byName,
        };
        _entries = [.. (_isDescending ? sorted.Reverse() : sorted).OrderBy(static entry => !entry.IsFolder)];
    }

    public void WriteJson(IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, JsonOptions);
        writer.WriteStartArray();
        foreach (var entry in _entries)
        {
            writer.WriteStartObject();
            writer.WriteString("name", entry.Name);
            writer.WriteString("type", entry.IsFolder ? "directory" : "file");
            if (!entry.IsFolder)
            {
                writer.WriteNumber("size", entry.Length);
            }

            writer.WriteString("modified", Iso(entry.Modified));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public string ToHtml()
    {
        var page = new StringBuilder();
        var title = Html.Encode(_path);
        page.Append(CultureInfo.InvariantCulture, $$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>Index of {{title}}</title>
            <link rel="icon" href="data:,">
            <style>
            body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
            h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
            table { width: 100%; border-collapse: collapse; }
            th, td { padding: .5rem; text-align: left; border-bottom: 1px solid #8884; }
            td:first-child { overflow-wrap: anywhere; }
            .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
            th a { color: inherit; }
            tr:hover td { background: #8882; }
            a:focus-visible { outline: 3px solid; outline-offset: 2px; }
            @media (max-width: 40rem) { th:nth-child(3), td:nth-child(3) { display: none; } }
            </style>
            </head>
            <body>
            <header>
            <nav aria-label="Folders above">{{Breadcrumbs()}}</nav>
            <h1>Index of {{title}}</h1>
            </header>
            <main>
            <table>
            <thead><tr>
            {{Head("name", "Name", "")}}
            {{Head("size", "Size", " class=\"number\"")}}
            {{Head("modified", "Changed (UTC)", " class=\"number\"")}}
            </tr></thead>
            <tbody>

            """);
        if (_path != "/")
        {
            page.Append("<tr><td><a href=\"../\">.. (up)</a></td><td class=\"number\">–</td><td class=\"number\">–</td></tr>\n");
        }

        foreach (var entry in _entries)
        {
            var (slash, size) = entry.IsFolder ? ("/", "–") : ("", Size(entry.Length));
            page.Append(CultureInfo.InvariantCulture, $"""
                <tr><td><a href="./{Uri.EscapeDataString(entry.Name)}{slash}">{Html.Encode(entry.Name)}{slash}</a></td>
                """);
            page.Append(CultureInfo.InvariantCulture, $"""
                <td class="number">{size}</td>
                <td class="number"><time datetime="{Iso(entry.Modified)}">{entry.Modified.UtcDateTime:yyyy-MM-dd HH:mm}</time></td></tr>

                """);
        }

        page.Append("</tbody>\n</table>\n");
        page.Append(CultureInfo.InvariantCulture, $"<p>{Count(_entries.Count(static entry => entry.IsFolder), "folder")}, ");
        page.Append(CultureInfo.InvariantCulture, $"{Count(_entries.Count(static entry => !entry.IsFolder), "file")}</p>\n</main>\n</body>\n</html>\n");
        return page.ToString();
    }

    private static string Count(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    // A second click on the column that is sorted by reverses the order.
    private string Head(string column, string title, string attributes)
    {
        var isSorted = column == _sort;
        var order = isSorted && !_isDescending ? "desc" : "asc";
        var aria = isSorted ? $" aria-sort=\"{(_isDescending ? "descending" : "ascending")}\"" : "";
        var arrow = isSorted ? $" <span aria-hidden=\"true\">{(_isDescending ? "▼" : "▲")}</span>" : "";
        return $"<th scope=\"col\"{attributes}{aria}><a href=\"?sort={column}&amp;order={order}\">{title}{arrow}</a></th>";
    }

    private string Breadcrumbs()
    {
        var segments = _path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var links = new StringBuilder("<a href=\"/\">top</a>");
        var path = new StringBuilder("/");
        foreach (var segment in segments)
        {
            path.Append(Uri.EscapeDataString(segment)).Append('/');
            links.Append(CultureInfo.InvariantCulture, $" / <a href=\"{path}\">{Html.Encode(segment)}</a>");
        }

        return links.ToString();
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1024 && unit < units.Length - 1)
        {
            (value, unit) = (value / 1024, unit + 1);
        }

        var digits = value.ToString(unit == 0 || value >= 100 ? "0" : "0.0", CultureInfo.InvariantCulture);
        return $"{digits} {units[unit]}";
    }
}
