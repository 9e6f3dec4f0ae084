using Difference.Runner;

namespace Difference.Requests;

/// <summary>Static files: types, ranges, conditions.</summary>
internal static class StaticRequests
{
    private const string Modified = "Wed, 04 Mar 2026 05:06:07 GMT";
    private const string Before = "Tue, 03 Mar 2026 05:06:07 GMT";
    private const string After = "Thu, 05 Mar 2026 05:06:07 GMT";

    private static readonly string[] Targets =
    [
        "/text.txt", "/page.css", "/empty.txt", "/a%20name.txt", "/%C3%BCn%C3%AFcode.txt", "/unknown.pipe", "/browse/unknown.pipe", "/browse", "/browse/",
        "/browse/folder", "/browse/folder/", "/folder", "/folder/", "/TEXT.TXT", "/text.txt/", "/browse/..%2Findex.html", "/%2E%2E/etc/passwd", "/text.txt?v=1",
        "/index.html", "/missing.txt",
    ];

    private static readonly string[] Ranges =
    [
        "bytes=0-0", "bytes=0-99", "bytes=990-", "bytes=-5", "bytes=-5000", "bytes=5000-", "bytes=10-5", "bytes=0-99999", "bytes=0-1,5-6", "bytes=",
        "bytes=x-y",
        "items=0-5", "bytes=0-5 ", "bytes = 0-5", "bytes=-0", "bytes=999-999", "bytes=1000-1000",
    ];

    private static readonly (string Name, string Value)[] Conditions =
    [
        ("If-Modified-Since", Modified), ("If-Modified-Since", Before), ("If-Modified-Since", After), ("If-Modified-Since", "never"),
        ("If-Unmodified-Since", Modified), ("If-Unmodified-Since", Before), ("If-None-Match", "*"), ("If-None-Match", "\"other\""), ("If-Match", "*"),
        ("If-Match", "\"other\""), ("If-None-Match", "W/\"other\", \"more\""), ("If-None-Match", "not quoted"),
    ];

    public static IEnumerable<DifferenceRequest> All => Targets.Select(static target => RequestTable.Get("static", target))
        .Concat(Ranges.Select(static range => RequestTable.Get($"static range '{range}'", "/text.txt").With(("Range", range))))
        .Concat(Conditions.Select(static condition => RequestTable.Get($"static {condition.Name} {condition.Value}", "/text.txt").With(condition)))
        .Concat(
        [
            RequestTable.Get("static", "/large.bin") with { IsLarge = true },
            RequestTable.Get("static range of a large file", "/large.bin").With(("Range", "bytes=1000000-1999999")) with { IsLarge = true },
            RequestTable.Get("static If-Range date", "/text.txt").With(("Range", "bytes=0-9"), ("If-Range", Modified)),
            RequestTable.Get("static If-Range older", "/text.txt").With(("Range", "bytes=0-9"), ("If-Range", Before)),
            RequestTable.Get("static If-Range tag", "/text.txt").With(("Range", "bytes=0-9"), ("If-Range", "\"other\"")),
            new DifferenceRequest("static HEAD range", "HEAD", "/text.txt").With(("Range", "bytes=0-9")),
            new("static HEAD large", "HEAD", "/large.bin"),
            new("static POST", "POST", "/text.txt"),
            new("static OPTIONS", "OPTIONS", "/text.txt"),
        ]);
}
