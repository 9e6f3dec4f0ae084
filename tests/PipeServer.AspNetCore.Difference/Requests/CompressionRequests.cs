using Difference.Runner;

namespace Difference.Requests;

/// <summary>Compressed answers.</summary>
internal static class CompressionRequests
{
    private static readonly string[] Encodings =
    [
        "gzip", "br", "gzip, br", "br;q=0, gzip", "identity", "*", "deflate", "gzip;q=0.5, br;q=0.4", "GZIP", "zstd",
    ];

    private static readonly string[] Targets =
    [
        "/page.css", "/write/once", "/pages/hello/zip", "/mvc/items?count=100", "/result/json", "/error/after-flush", "/error/before",
        "/result/no-content", "/events-of-text", "/write/many",
    ];

    public static IEnumerable<DifferenceRequest> All =>
    [
        .. Encodings.Select(static encoding => RequestTable.Get($"compressed '{encoding}'", "/page.css").With(("Accept-Encoding", encoding))),
        .. Targets.Select(static target => RequestTable.Get("compressed by gzip", target).With(("Accept-Encoding", "gzip"))),
        .. Targets.Select(static target => RequestTable.Get("compressed by br", target).With(("Accept-Encoding", "br"))),
        RequestTable.Get("compressed by gzip", "/cached/gzip").With(("Accept-Encoding", "gzip")),
        RequestTable.Get("compressed by br", "/cached/br").With(("Accept-Encoding", "br")),
        new DifferenceRequest("compressed HEAD", "HEAD", "/page.css").With(("Accept-Encoding", "gzip")),
        RequestTable.Get("compressed range", "/page.css").With(("Accept-Encoding", "gzip"), ("Range", "bytes=0-99")),
    ];
}
