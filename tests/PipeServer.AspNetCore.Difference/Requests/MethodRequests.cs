using Difference.Runner;

namespace Difference.Requests;

/// <summary>Methods: usual, unusual and none.</summary>
internal static class MethodRequests
{
    private static readonly string[] Methods =
    [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "REPORT", "MKCOL", "LOCK", "QUERY", "PURGE", "M-SEARCH", "FOO", "X",
        "A.B", "get", "Get", "head",
    ];

    public static IEnumerable<DifferenceRequest> All =>
        Methods.Select(static method => new DifferenceRequest($"method {method} seen", method, "/seen")
        { OverHttp2 = method is not ("get" or "Get" or "head") })
        .Concat(((string[])["POST", "DELETE", "PROPFIND", "HEAD"]).Select(static method =>
            new DifferenceRequest($"method {method} not mapped", method, "/alive")))
        .Concat(((string[])["GET", "PROPFIND", "REPORT", "HEAD", "TRACE"]).Select(static method =>
            new DifferenceRequest($"method {method} of three", method, "/bind/methods")))
        .Concat(
        [
            new("method HEAD of a text", "HEAD", "/write/once"),
            new("method HEAD of a late text", "HEAD", "/write/late"),
            new("method HEAD of a sized one", "HEAD", "/write/sized"),
            new("method HEAD of a flushed one", "HEAD", "/write/flushed"),
            new("method HEAD of nothing", "HEAD", "/write/nothing"),
            new("method HEAD of a long one", "HEAD", "/write/length/100000"),
            new("method HEAD of a file", "HEAD", "/write/file"),
            new("method HEAD of a static file", "HEAD", "/text.txt"),
            new("method HEAD of a page", "HEAD", "/pages/hello"),
            new("method HEAD of a fault", "HEAD", "/error/before"),
            new("method HEAD of 204", "HEAD", "/write/status/204"),
            new("method HEAD of a pipe", "HEAD", "/write/pipe"),
            new("method HEAD of the pipe unflushed", "HEAD", "/write/pipe-not-flushed"),
            new DifferenceRequest("method GET with a body", "GET", "/seen").WithText("body", "text/plain"),
            new DifferenceRequest("method DELETE with a body", "DELETE", "/seen").WithText("body", "text/plain"),
            new DifferenceRequest("method PROPFIND with a body", "PROPFIND", "/seen").WithText("<propfind/>", "application/xml"),
            new DifferenceRequest("method HEAD with a body", "HEAD", "/seen").WithText("body", "text/plain"),
            new DifferenceRequest("method POST with no body", "POST", "/seen").With(("Content-Length", "0")).OverHttp1Only(),
            new DifferenceRequest("method POST without a length", "POST", "/seen").OverHttp1Only(),
            new DifferenceRequest("method PUT without a length", "PUT", "/seen").OverHttp1Only(),
        ]);
}
