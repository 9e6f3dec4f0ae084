using System.Globalization;
using Difference.Runner;

namespace Difference.Requests;

/// <summary>Results of minimal APIs, and status codes.</summary>
internal static class ResultRequests
{
    private static readonly string[] Names =
    [
        "text", "empty", "null", "json", "html", "latin", "ok", "no-content", "created", "accepted", "redirect?permanent=true&keep=false",
        "redirect?permanent=true&keep=true", "redirect?permanent=false&keep=false", "redirect?permanent=false&keep=true", "bad", "not-found", "conflict",
        "unprocessable", "problem", "validation", "bytes", "stream", "stream-writer", "download", "missing-file", "empty-result", "generator", "problem-object",
    ];

    private static readonly int[] Codes =
    [
        200, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414,
        415,
        416, 417, 418, 421, 422, 423, 424, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 511, 599, 600, 999,
    ];

    public static IEnumerable<DifferenceRequest> All =>
        Names.Select(static name => RequestTable.Get("result", $"/result/{name}"))
        .Concat(Codes.Select(static code => RequestTable.Get("status", string.Create(CultureInfo.InvariantCulture, $"/write/status/{code}"))))
        .Concat(((int[])[101, 0, 99, 1000]).Select(static code =>
            RequestTable.Get("odd status", string.Create(CultureInfo.InvariantCulture, $"/write/status/{code}"))))
        .Concat(((int[])[200, 204, 205, 304, 404, 500]).Select(static code =>
            RequestTable.Get("status with a body", string.Create(CultureInfo.InvariantCulture, $"/write/text-at-status/{code}"))))
        .Concat(((int[])[201, 204, 404]).Select(static code =>
            RequestTable.Get("status of a result", string.Create(CultureInfo.InvariantCulture, $"/result/status-with-body/{code}"))))
        .Concat(
        [
            RequestTable.Get("result", "/result/file") with { IsLarge = true },
            RequestTable.Get("result part of bytes", "/result/bytes").With(("Range", "bytes=0-9")),
            RequestTable.Get("result last bytes", "/result/bytes").With(("Range", "bytes=-10")),
            RequestTable.Get("result parts of bytes", "/result/bytes").With(("Range", "bytes=0-9,20-29")),
            RequestTable.Get("result bytes beyond", "/result/bytes").With(("Range", "bytes=1000-")),
            RequestTable.Get("result bytes known", "/result/bytes").With(("If-None-Match", "\"v1\"")),
            RequestTable.Get("result bytes of another tag", "/result/bytes").With(("If-Match", "\"v2\"")),
            RequestTable.Get("result part if the same", "/result/bytes").With(("Range", "bytes=0-9"), ("If-Range", "\"v1\"")),
            RequestTable.Get("result part if another", "/result/bytes").With(("Range", "bytes=0-9"), ("If-Range", "\"v2\"")),
            RequestTable.Get("result part of a large file", "/result/file").With(("Range", "bytes=1000000-1099999")) with { IsLarge = true },
        ]);
}
