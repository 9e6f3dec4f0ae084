using System.Collections.Frozen;

namespace PipeServer.StaticFiles;

/// <summary>
/// Content types by file name extension, those of <see cref="ContentTypeTable"/> and a server's own; and what follows from a type.
/// </summary>
internal sealed class ContentTypes
{
    private const string Unknown = "application/octet-stream";

    private static readonly Dictionary<string, string> Standard = ContentTypeTable.Read();

    // Beside text/*: what is text all the same, and gets much smaller.
    private static readonly FrozenSet<string> Compressible = new[]
    {
        "application/json", "application/json5", "application/x-ndjson", "application/xml", "application/xml-dtd", "application/yaml", "application/toml",
        "application/sql", "application/graphql", "application/wasm", "application/rtf", "application/x-subrip", "application/vnd.apple.mpegurl",
        "application/vnd.ms-fontobject", "application/postscript", "application/x-sh", "application/x-csh", "application/x-ruby", "application/x-tex",
        "application/x-tcl", "font/ttf", "font/otf", "font/collection", "image/bmp", "image/x-icon", "model/stl", "model/obj",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly FrozenDictionary<string, string> _own;

    /// <summary>The table with additions.</summary>
    /// <param name="own">By extension, with or without its dot.</param>
    public ContentTypes(IReadOnlyDictionary<string, string> own) => _own = own.ToFrozenDictionary(
        static pair => "." + pair.Key.TrimStart('.'), static pair => pair.Value, StringComparer.OrdinalIgnoreCase);

    public string For(string path)
    {
        var extension = Path.GetExtension(path);
        return _own.GetValueOrDefault(extension) ?? Standard.GetValueOrDefault(extension, Unknown);
    }

    /// <summary>
    /// The content coding that a file has by its nature, or null: an .svgz is an SVG that was compressed, and browsers show it only when they
    /// are told. Not where its type is the server's own: then nothing is known of it.
    /// </summary>
    public string? CodingOf(string path)
    {
        var extension = Path.GetExtension(path.AsSpan());
        return extension.Equals(".svgz", StringComparison.OrdinalIgnoreCase) && !_own.ContainsKey(".svgz") ? "gzip" : null;
    }

    /// <summary>Whether a file of this type gets smaller; images, sound, pictures and archives do not.</summary>
    public static bool IsCompressible(string type)
    {
        var essence = type.Split(';')[0].Trim();
        return essence.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || essence.EndsWith("+xml", StringComparison.OrdinalIgnoreCase)
            || essence.EndsWith("+json", StringComparison.OrdinalIgnoreCase)
            || Compressible.Contains(essence);
    }

    /// <summary>type "/" subtype parameters (RFC 9110 §8.3.1), as far as a typing mistake can be seen.</summary>
    public static bool IsValid(string type)
    {
        var essence = type.Split(';')[0].Trim();
        return essence.Count(static c => c == '/') == 1 && !essence.StartsWith('/') && !essence.EndsWith('/')
            && essence.All(static c => char.IsAsciiLetterOrDigit(c) || "/!#$&-^_.+".Contains(c, StringComparison.Ordinal))
            && type.All(static c => c is >= ' ' and <= '~');
    }
}
