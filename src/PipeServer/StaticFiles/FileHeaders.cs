using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace PipeServer.StaticFiles;

/// <summary>The header fields of the responses that static files get.</summary>
internal sealed class FileHeaders
{
    private const string Immutable = "max-age=31536000, immutable";

    private static readonly FrozenSet<string> OfTheFile = new[]
    {
        "ETag", "Last-Modified", "Content-Encoding", "Content-Range", "Accept-Ranges",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly StaticFileOptions _options;
    private readonly List<KeyValuePair<string, string>> _common = [];
    private readonly FrozenSet<string> _overridden; // the options' fields that replace fields of ours
    private readonly FrozenSet<string> _attachments;
    private readonly Glob[] _immutable;

    /// <summary>Checks the fields of the options.</summary>
    /// <exception cref="ArgumentException">One of them is malformed, or the server's own.</exception>
    public FileHeaders(StaticFileOptions options)
    {
        _options = options;
        ContentTypes = new ContentTypes(options.ContentTypes);
        _attachments = options.AttachmentExtensions.Select(static extension => "." + extension.TrimStart('.')).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _immutable = [.. options.ImmutableFiles.Select(Glob.Parse)];
        _common.AddRange(options.Headers.Select(static header => KeyValuePair.Create(header.Name, header.Value)));
        if (_common.Find(static field => OfTheFile.Contains(field.Key)) is { Key: { } key })
        {
            throw new ArgumentException($"{nameof(StaticFileOptions.Headers)}: {key} is set for each file by what the file is.");
        }

        if (_immutable.Length > 0 && _common.Exists(static field => field.Key.Equals("Cache-Control", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ArgumentException(
                $"{nameof(StaticFileOptions.Headers)}: Cache-Control goes before {nameof(StaticFileOptions.ImmutableFiles)} for every file. "
                + $"Give it by {nameof(StaticFileOptions.CacheControl)} instead.");
        }

        // Vary is a list, and no option may take away what a response varies by.
        _overridden = _common.Select(static field => field.Key)
            .Where(static name => !name.Equals("Vary", StringComparison.OrdinalIgnoreCase)).ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        if (options.CorsOrigin is { } origin)
        {
            _common.Add(new("Access-Control-Allow-Origin", origin));
            _common.Add(new("Access-Control-Expose-Headers", "Accept-Ranges, Content-Encoding, Content-Length, Content-Range, ETag"));
        }

        Check(_common, nameof(StaticFileOptions.Headers));
        Check([new("Cache-Control", options.CacheControl ?? "")], nameof(StaticFileOptions.CacheControl));
    }

    public ContentTypes ContentTypes { get; }

    /// <summary>Sets what every response has, be it a file, an error or a listing.</summary>
    public void SetCommon(HttpResponse response)
    {
        foreach (var name in _overridden)
        {
            response.Headers.Remove(name);
        }

        foreach (var (name, value) in _common)
        {
            response.Headers.Add(name, value);
        }
    }

    /// <summary>The same for a body that is no file's own: an error, a listing.</summary>
    public void SetForPage(HttpResponse response)
    {
        response.Headers["X-Content-Type-Options"] = "nosniff";
        SetCommon(response);
    }

    /// <summary>The fields of a 200 for a form, but for its length.</summary>
    /// <param name="path">The file's path; its type goes by it.</param>
    /// <param name="form">The form.</param>
    /// <param name="varies">There are other forms too.</param>
    /// <param name="isDownload">The client is to save it.</param>
    public List<KeyValuePair<string, string>> ForWhole(string path, FileForm form, bool varies, bool isDownload = false)
    {
        var fields = ForNotModified(path, form, varies, withCommon: false);
        if (form.Modified is { } modified)
        {
            fields.Add(new("Last-Modified", HttpDate.Format(modified)));
        }

        if (form.Source is not null)
        {
            fields.Add(new("Accept-Ranges", "bytes"));
        }

        fields.AddRange(ForContent(path, form));
        if (isDownload || _attachments.Contains(Path.GetExtension(path)))
        {
            fields.Add(new("Content-Disposition", Attachment(path[(path.LastIndexOf('/') + 1)..])));
        }

        return AddCommon(fields);
    }

    /// <summary>The fields of a 304: those of the 200 that a cache goes by (RFC 9110 §15.4.5).</summary>
    public List<KeyValuePair<string, string>> ForNotModified(string path, FileForm form, bool varies, bool withCommon = true)
    {
        var fields = new List<KeyValuePair<string, string>>();
        if (form.Tag is { } tag)
        {
            fields.Add(new("ETag", tag));
        }

        if (varies)
        {
            fields.Add(new("Vary", "Accept-Encoding")); // §12.5.5
        }

        if ((Array.Exists(_immutable, glob => glob.Matches(path)) ? Immutable : _options.CacheControl) is { } cacheControl)
        {
            fields.Add(new("Cache-Control", cacheControl));
        }

        return withCommon ? AddCommon(fields) : fields;
    }

    /// <summary>The fields that describe a body of the file's.</summary>
    public IEnumerable<KeyValuePair<string, string>> ForContent(string path, FileForm form)
    {
        yield return new("Content-Type", ContentTypes.For(path));
        yield return new("X-Content-Type-Options", "nosniff");
        if ((form.Coding?.Name ?? ContentTypes.CodingOf(path)) is { } coding)
        {
            yield return new("Content-Encoding", coding);
        }
    }

    private static void Check(IEnumerable<KeyValuePair<string, string>> fields, string option)
    {
        try
        {
            _ = new PreparedResponse(200, fields);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            throw new ArgumentException($"{option}: {exception.Message}", exception);
        }
    }

    private List<KeyValuePair<string, string>> AddCommon(List<KeyValuePair<string, string>> fields)
    {
        fields.RemoveAll(field => _overridden.Contains(field.Key));
        fields.AddRange(_common);
        return fields;
    }

    // RFC 6266: the name in ASCII for old clients, and as it is (RFC 8187).
    private static string Attachment(string name)
    {
        var ascii = new StringBuilder();
        foreach (var character in name)
        {
            ascii.Append(character is >= ' ' and <= '~' and not '"' and not '\\' and not '%' ? character : '_');
        }

        return string.Create(CultureInfo.InvariantCulture, $"attachment; filename=\"{ascii}\"; filename*=UTF-8''{Uri.EscapeDataString(name)}");
    }
}
