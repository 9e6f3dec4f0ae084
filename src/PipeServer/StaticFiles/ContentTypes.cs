using System.Collections.Frozen;

namespace PipeServer.StaticFiles;

/// <summary>
/// Content types by file name extension, from IANA's registry of media types and, for names of long standing that are not in
/// it, the WHATWG's MIME Sniffing standard and nginx's table.
/// </summary>
internal sealed class ContentTypes
{
    private const string Unknown = "application/octet-stream";

    private static readonly FrozenDictionary<string, string> Standard = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        // Pages and scripts
        [".html"] = "text/html; charset=utf-8",
        [".htm"] = "text/html; charset=utf-8",
        [".shtml"] = "text/html; charset=utf-8",
        [".xhtml"] = "application/xhtml+xml",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".mjs"] = "text/javascript; charset=utf-8",
        [".cjs"] = "text/javascript; charset=utf-8",
        [".wasm"] = "application/wasm",

        // Text
        [".txt"] = "text/plain; charset=utf-8",
        [".text"] = "text/plain; charset=utf-8",
        [".log"] = "text/plain; charset=utf-8",
        [".conf"] = "text/plain; charset=utf-8",
        [".ini"] = "text/plain; charset=utf-8",
        [".md"] = "text/markdown; charset=utf-8",
        [".markdown"] = "text/markdown; charset=utf-8",
        [".csv"] = "text/csv; charset=utf-8",
        [".tsv"] = "text/tab-separated-values; charset=utf-8",
        [".ics"] = "text/calendar; charset=utf-8",
        [".vcf"] = "text/vcard; charset=utf-8",
        [".vtt"] = "text/vtt; charset=utf-8",
        [".srt"] = "application/x-subrip",
        [".rtf"] = "application/rtf",
        [".c"] = "text/plain; charset=utf-8",
        [".h"] = "text/plain; charset=utf-8",
        [".cs"] = "text/plain; charset=utf-8",
        [".rs"] = "text/plain; charset=utf-8",
        [".py"] = "text/plain; charset=utf-8",
        [".sh"] = "text/plain; charset=utf-8",
        [".diff"] = "text/plain; charset=utf-8",
        [".patch"] = "text/plain; charset=utf-8",

        // Data
        [".xml"] = "application/xml; charset=utf-8",
        [".xsl"] = "application/xslt+xml",
        [".xslt"] = "application/xslt+xml",
        [".xsd"] = "application/xml; charset=utf-8",
        [".dtd"] = "application/xml-dtd",
        [".json"] = "application/json",
        [".json5"] = "application/json5",
        [".jsonld"] = "application/ld+json",
        [".geojson"] = "application/geo+json",
        [".ndjson"] = "application/x-ndjson",
        [".map"] = "application/json",
        [".webmanifest"] = "application/manifest+json",
        [".yaml"] = "application/yaml",
        [".yml"] = "application/yaml",
        [".toml"] = "application/toml",
        [".atom"] = "application/atom+xml",
        [".rss"] = "application/rss+xml",
        [".kml"] = "application/vnd.google-earth.kml+xml",
        [".gpx"] = "application/gpx+xml",
        [".sql"] = "application/sql",
        [".graphql"] = "application/graphql",
        [".sqlite"] = "application/vnd.sqlite3",
        [".parquet"] = "application/vnd.apache.parquet",

        // Images
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".apng"] = "image/apng",
        [".jpg"] = "image/jpeg",
        [".jpeg"] = "image/jpeg",
        [".jfif"] = "image/jpeg",
        [".gif"] = "image/gif",
        [".webp"] = "image/webp",
        [".avif"] = "image/avif",
        [".jxl"] = "image/jxl",
        [".heic"] = "image/heic",
        [".heif"] = "image/heif",
        [".bmp"] = "image/bmp",
        [".ico"] = "image/x-icon",
        [".cur"] = "image/x-icon",
        [".tif"] = "image/tiff",
        [".tiff"] = "image/tiff",
        [".psd"] = "image/vnd.adobe.photoshop",

        // Fonts
        [".woff"] = "font/woff",
        [".woff2"] = "font/woff2",
        [".ttf"] = "font/ttf",
        [".ttc"] = "font/collection",
        [".otf"] = "font/otf",
        [".eot"] = "application/vnd.ms-fontobject",

        // Sound and moving pictures
        [".mp3"] = "audio/mpeg",
        [".ogg"] = "audio/ogg",
        [".oga"] = "audio/ogg",
        [".opus"] = "audio/ogg",
        [".wav"] = "audio/wav",
        [".flac"] = "audio/flac",
        [".m4a"] = "audio/mp4",
        [".aac"] = "audio/aac",
        [".weba"] = "audio/webm",
        [".mid"] = "audio/midi",
        [".midi"] = "audio/midi",
        [".mp4"] = "video/mp4",
        [".m4v"] = "video/mp4",
        [".m4s"] = "video/iso.segment",
        [".webm"] = "video/webm",
        [".ogv"] = "video/ogg",
        [".mov"] = "video/quicktime",
        [".mpg"] = "video/mpeg",
        [".mpeg"] = "video/mpeg",
        [".avi"] = "video/x-msvideo",
        [".mkv"] = "video/matroska",
        [".3gp"] = "video/3gpp",
        [".ts"] = "video/mp2t",
        [".m3u8"] = "application/vnd.apple.mpegurl",
        [".mpd"] = "application/dash+xml",

        // Three dimensions
        [".gltf"] = "model/gltf+json",
        [".glb"] = "model/gltf-binary",
        [".stl"] = "model/stl",
        [".obj"] = "model/obj",

        // Documents
        [".pdf"] = "application/pdf",
        [".ps"] = "application/postscript",
        [".eps"] = "application/postscript",
        [".epub"] = "application/epub+zip",
        [".doc"] = "application/msword",
        [".docx"] = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        [".xls"] = "application/vnd.ms-excel",
        [".xlsx"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        [".ppt"] = "application/vnd.ms-powerpoint",
        [".pptx"] = "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        [".odt"] = "application/vnd.oasis.opendocument.text",
        [".ods"] = "application/vnd.oasis.opendocument.spreadsheet",
        [".odp"] = "application/vnd.oasis.opendocument.presentation",

        // Archives and programs
        [".zip"] = "application/zip",
        [".gz"] = "application/gzip",
        [".tgz"] = "application/gzip",
        [".zst"] = "application/zstd",
        [".bz2"] = "application/x-bzip2",
        [".xz"] = "application/x-xz",
        [".tar"] = "application/x-tar",
        [".7z"] = "application/x-7z-compressed",
        [".rar"] = "application/vnd.rar",
        [".jar"] = "application/java-archive",
        [".war"] = "application/java-archive",
        [".deb"] = "application/vnd.debian.binary-package",
        [".rpm"] = "application/x-rpm",
        [".apk"] = "application/vnd.android.package-archive",
        [".dmg"] = "application/x-apple-diskimage",
        [".iso"] = "application/x-iso9660-image",
        [".exe"] = "application/vnd.microsoft.portable-executable",
        [".msi"] = "application/x-msi",
        [".nupkg"] = "application/zip",
        [".crx"] = "application/x-chrome-extension",
        [".xpi"] = "application/x-xpinstall",
        [".torrent"] = "application/x-bittorrent",
        [".asc"] = "application/pgp-signature",
        [".sig"] = "application/pgp-signature",
        [".pem"] = "application/x-pem-file",
        [".crt"] = "application/x-x509-ca-cert",
        [".der"] = "application/x-x509-ca-cert",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    // Beside text/*: what is text all the same, and gets much smaller.
    private static readonly FrozenSet<string> Compressible = new[]
    {
        "application/json", "application/json5", "application/ld+json", "application/geo+json", "application/x-ndjson", "application/manifest+json",
        "application/xml", "application/xhtml+xml", "application/xslt+xml", "application/xml-dtd", "application/atom+xml", "application/rss+xml",
        "application/gpx+xml", "application/vnd.google-earth.kml+xml", "application/yaml", "application/toml", "application/sql",
        "application/graphql", "application/wasm", "application/rtf", "application/x-subrip", "application/vnd.apple.mpegurl",
        "application/dash+xml", "application/vnd.ms-fontobject", "application/postscript", "font/ttf", "font/otf", "font/collection",
        "image/svg+xml", "image/bmp", "image/x-icon", "model/gltf+json", "model/stl", "model/obj",
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

    /// <summary>Whether a file of this type gets smaller; images, sound, pictures and archives do not.</summary>
    public static bool IsCompressible(string type)
    {
        var essence = type.Split(';')[0].Trim();
        return essence.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || Compressible.Contains(essence);
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
