using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace PipeServer.StaticFiles;

/// <summary>
/// A folder for people: sorted by its column heads without any script, filtered by name with one. It has the colours and letters of wwwroot's
/// pages, and no link that leads further than the root, wherever a proxy has put that.
/// </summary>
/// <param name="output">Takes the page.</param>
/// <param name="prefix">What is before the path in the client's address, as far as it is known.</param>
/// <param name="path">The folder below the root, slashes at both ends.</param>
/// <param name="types">For the marks.</param>
/// <param name="maxSorted">Told where nothing is sorted.</param>
internal sealed class FolderPage(PipeWriter output, string prefix, string path, ContentTypes types, int maxSorted) : FolderView(output)
{
    private const string Style = """
        :root{color-scheme:light dark;--text:light-dark(#1c2530,#e6ebf0);--quiet:light-dark(#55606e,#a3aebb);--page:light-dark(#fbfbf9,#14191f);
          --line:light-dark(#d9dde2,#323b46);--link:light-dark(#0a5fb4,#7db8f5);--row:light-dark(#eef1f4,#1e262f)}
        *{box-sizing:border-box}
        body{margin:0 auto;max-width:60rem;padding:clamp(1rem,5vw,3rem) clamp(1rem,4vw,1.5rem);
          background:var(--page);color:var(--text);font:1.0625rem/1.6 system-ui,sans-serif}
        h1{margin:.25rem 0 1.25rem;font-size:clamp(1.5rem,6vw,2.25rem);line-height:1.15;overflow-wrap:anywhere}
        a{color:var(--link)}
        a:focus-visible,input:focus-visible{outline:3px solid var(--link);outline-offset:2px}
        nav ol{display:flex;flex-wrap:wrap;margin:0;padding:0;list-style:none}
        nav li{overflow-wrap:anywhere}
        nav li+li::before{content:"/";margin:0 .4rem;color:var(--quiet)}
        input{width:100%;max-width:24rem;padding:.4rem .6rem;border:1px solid var(--quiet);border-radius:.25rem;
          background:var(--page);color:var(--text);font:inherit}
        input::placeholder{color:var(--quiet);opacity:1}
        table{width:100%;margin-top:1rem;border-collapse:collapse}
        th,td{padding:0 .5rem;border-bottom:1px solid var(--line);text-align:left}
        th{padding-block:.5rem;white-space:nowrap}
        th a{color:inherit}
        td a{display:block;flex:1;min-width:0;padding:.5rem 0;overflow-wrap:anywhere;unicode-bidi:plaintext;text-decoration:none}
        td div{display:flex;align-items:center;gap:.6rem}
        tbody tr:hover{background:var(--row)}
        tbody tr:hover a{text-decoration:underline}
        td svg{flex:none;fill:none;stroke:var(--quiet);stroke-linejoin:round}
        .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        .note{color:var(--quiet)}
        .sprite{position:absolute}
        @media(max-width:40rem){th,td{padding-inline:.3rem}th,td.number{font-size:.875rem;line-height:1.3}
          th:last-child,td:last-child{width:6.5rem;white-space:normal}}
        """;

    private const string Script = """
        (() => {
          const rows = [...document.querySelectorAll('tbody tr')];
          if (rows.length === 0) return;
          const names = rows.map(row => row.cells[0].textContent.normalize().toLowerCase());
          const box = document.createElement('input');
          const said = document.createElement('p');
          Object.assign(box, { type: 'search', placeholder: 'Filter', autocomplete: 'off', spellcheck: false });
          box.setAttribute('aria-label', 'Filter by name');
          said.className = 'note';
          said.setAttribute('role', 'status');
          box.addEventListener('input', () => {
            const wanted = box.value.trim().normalize().toLowerCase();
            let count = 0;
            rows.forEach((row, index) => {
              count += row.toggleAttribute('hidden', !names[index].includes(wanted)) ? 0 : 1;
            });
            said.textContent = wanted ? `${count} of ${rows.length}` : '';
          });
          document.querySelector('table').before(box, said);
        })();
        """;

    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    private static readonly string Sprite = string.Concat(FileKind.All.Select(static kind =>
        $"<symbol id=\"{kind.Id}\" viewBox=\"0 0 16 16\"><path d=\"{kind.Shape}\"/></symbol>"));

    private readonly StringBuilder _text = new();
    private int _folders;
    private int _files;

    /// <summary>
    /// The value of Content-Security-Policy: nothing runs and nothing is loaded but what is in the page from the beginning, so no name of a
    /// file could become a script even if it were not encoded.
    /// </summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src '{Hash(Style)}'; script-src '{Hash(Script)}'; img-src data:; base-uri 'none'; form-action 'none'";

    public override long UnflushedBytes => Output.UnflushedBytes;

    public override void Begin(FolderOrder? order)
    {
        var title = Html.Encode(PathText.ToVisible(prefix + path));
        _text.Append(CultureInfo.InvariantCulture, $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Index of {title}</title>
            <link rel="icon" href="data:,">
            <style>{Style}</style>
            </head>
            <body>
            <svg class="sprite" width="0" height="0" aria-hidden="true">{Sprite}</svg>
            <header>
            <nav aria-label="Folders above"><ol>
            """);
        AppendBreadcrumbs();
        _text.Append(CultureInfo.InvariantCulture, $"</ol></nav>\n<h1>Index of {title}</h1>\n</header>\n<main>\n");
        if (order is null)
        {
            _text.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">This folder has more than {maxSorted:N0} entries: ");
            _text.Append("all are listed, but not sorted.</p>\n");
        }

        _text.Append("<table>\n<thead><tr>");
        AppendHead(order, "name", "Name", "");
        AppendHead(order, "size", "Size", " class=\"number\"");
        AppendHead(order, "modified", "Changed (UTC)", " class=\"number\"");
        _text.Append("</tr></thead>\n<tbody>\n");
        Send();
    }

    public override void Write(FolderEntry entry)
    {
        var name = PathText.ToVisible(entry.Name);
        var kind = entry.IsFolder ? FileKind.Folder : FileKind.Of(types.For(entry.Name).Split(';')[0]);
        var (slash, size) = entry.IsFolder ? ("/", "–") : ("", Size(entry.Length));
        var time = entry.Modified.UtcDateTime;
        _text.Append(CultureInfo.InvariantCulture, $"""
            <tr><td><div><svg width="20" height="20" role="img" aria-label="{(entry.IsLink ? "link to " : "")}{kind.Name}"><use href="#{kind.Id}"/></svg>
            """);
        _text.Append(CultureInfo.InvariantCulture, $"""<a href="{Reference(entry)}">{Html.Encode(name)}{slash}</a></div></td><td class="number">{size}</td>""");
        _text.Append(CultureInfo.InvariantCulture, $"""<td class="number"><time datetime="{Iso(entry.Modified)}">{time:yyyy-MM-dd HH:mm}</time></td></tr>""");
        _text.Append('\n');
        _ = entry.IsFolder ? _folders++ : _files++;
        Send();
    }

    public override void End()
    {
        _text.Append("</tbody>\n</table>\n<p class=\"note\">");
        _text.Append(_folders + _files == 0 ? "This folder is empty." : $"{Count(_folders, "folder")}, {Count(_files, "file")}");
        _text.Append(CultureInfo.InvariantCulture, $"</p>\n</main>\n<script type=\"module\">{Script}</script>\n</body>\n</html>\n");
        Send();
    }

    private static string Hash(string text)
    {
        Span<byte> hash = stackalloc byte[Sha256.HashBytes];
        Sha256.Hash(Encoding.UTF8.GetBytes(text), hash);
        return "sha256-" + Convert.ToBase64String(hash);
    }

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} {what}{(count == 1 ? "" : "s")}");

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

    // Each by the number of folders that it is above: an address that a proxy has changed is right all the same.
    private void AppendBreadcrumbs()
    {
        var names = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (var index = 0; index <= names.Length; index++)
        {
            var above = names.Length - index;
            var (href, current) = above == 0 ? ("./", " aria-current=\"page\"") : (string.Concat(Enumerable.Repeat("../", above)), "");
            var name = index == 0 ? "top" : PathText.ToVisible(names[index - 1]);
            _text.Append(CultureInfo.InvariantCulture, $"<li><a href=\"{href}\"{current}>{Html.Encode(name)}</a></li>");
        }
    }

    // A second click on the column that is sorted by reverses the order.
    private void AppendHead(FolderOrder? order, string column, string title, string attributes)
    {
        if (order is null)
        {
            _text.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\"{attributes}>{title}</th>");
            return;
        }

        var isSorted = column == order.Column;
        var next = isSorted && !order.IsDescending ? "desc" : "asc";
        var aria = isSorted ? $" aria-sort=\"{(order.IsDescending ? "descending" : "ascending")}\"" : "";
        var arrow = isSorted ? $" <span aria-hidden=\"true\">{(order.IsDescending ? "▼" : "▲")}</span>" : "";
        _text.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\"{attributes}{aria}><a href=\"?sort={column}&amp;order={next}\">{title}{arrow}</a></th>");
    }

    private void Send()
    {
        foreach (var chunk in _text.GetChunks())
        {
            Encoding.UTF8.GetBytes(chunk.Span, Output);
        }

        _text.Clear();
    }
}
