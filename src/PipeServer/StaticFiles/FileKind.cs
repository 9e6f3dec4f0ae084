namespace PipeServer.StaticFiles;

/// <summary>What a listing marks a file as, by its content type. Immutable.</summary>
/// <param name="Name">What the mark is called.</param>
/// <param name="Id">The mark's id in the page.</param>
/// <param name="Shape">Its lines, in a square of 16.</param>
internal sealed record FileKind(string Name, string Id, string Shape)
{
    public static readonly FileKind Folder = new("folder", "k-folder", "M1.5 13V3.5H6L7.5 5.5h7V13z");

    private const string Sheet = "M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3";

    private static readonly FileKind File = new("file", "k-file", Sheet);
    private static readonly FileKind Text = new("text", "k-text", Sheet + "M5.5 7.5h5M5.5 9.5h5M5.5 11.5h3");
    private static readonly FileKind Document = new("document", "k-document", Sheet + "M5.5 7.5h5v4.5h-5z");
    private static readonly FileKind Image = new("image", "k-image", "M1.5 2.5h13v11h-13zM1.5 11.5L5.5 7.5l3 3L10.5 8.5l4 4M10.5 5h1v1h-1z");
    private static readonly FileKind Audio = new(
        "audio", "k-audio", "M6 12V3l7-1.5V10.5M6 12a2 1.5 0 1 1-4 0 2 1.5 0 1 1 4 0M13 10.5a2 1.5 0 1 1-4 0 2 1.5 0 1 1 4 0");
    private static readonly FileKind Video = new("video", "k-video", "M1.5 3.5h13v9h-13zM6.5 5.5v5l4-2.5z");
    private static readonly FileKind Archive = new("archive", "k-archive", "M1.5 2.5h13v3h-13zM2.5 5.5h11v8h-11zM6 8h4");
    private static readonly FileKind Font = new("font", "k-font", "M3 13.5L8 2.5l5 11M5 9.5h6");
    private static readonly FileKind Model = new("model", "k-model", "M8 1.5l6 3.25v6.5L8 14.5l-6-3.25v-6.5zM2 4.75l6 3.25 6-3.25M8 8v6.5");

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<FileKind> All = [Folder, File, Text, Document, Image, Audio, Video, Archive, Font, Model];

    private static readonly string[] Archives =
    [
        "application/zip", "application/gzip", "application/zstd", "application/x-bzip", "application/x-bzip2", "application/x-xz", "application/x-tar",
        "application/x-gtar", "application/x-7z-compressed", "application/vnd.rar", "application/java-archive", "application/x-cpio",
        "application/x-lzip",
        "application/x-lzma", "application/x-lz4", "application/x-lha", "application/x-lzh", "application/x-stuffit",
        "application/vnd.ms-cab-compressed",
        "application/vnd.debian.binary-package", "application/x-rpm", "application/vnd.android.package-archive", "application/x-apple-diskimage",
        "application/x-iso9660-image", "application/x-raw-disk-image", "application/x-brotli",
    ];

    private static readonly string[] Documents =
    [
        "application/pdf", "application/postscript", "application/epub+zip", "application/msword", "application/rtf", "application/vnd.ms-",
        "application/x-dvi",
        "application/vnd.openxmlformats-", "application/vnd.oasis.opendocument.", "application/vnd.apple.", "application/x-mobipocket-ebook",
        "application/oxps",
    ];

    /// <summary>The kind of a content type.</summary>
    public static FileKind Of(string type) =>
        type.StartsWith("image/", StringComparison.Ordinal) ? Image
        : type.StartsWith("audio/", StringComparison.Ordinal) ? Audio
        : type.StartsWith("video/", StringComparison.Ordinal) || type == "application/vnd.apple.mpegurl" ? Video
        : type.StartsWith("font/", StringComparison.Ordinal) || type == "application/vnd.ms-fontobject" ? Font
        : type.StartsWith("model/", StringComparison.Ordinal) ? Model
        : Array.IndexOf(Archives, type) >= 0 ? Archive
        : Array.Exists(Documents, document => type.StartsWith(document, StringComparison.Ordinal)) ? Document
        : type != "application/wasm" && ContentTypes.IsCompressible(type) ? Text
        : File;
}
