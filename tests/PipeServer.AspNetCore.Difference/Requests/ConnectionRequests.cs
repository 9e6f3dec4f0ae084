using Difference.Runner;

namespace Difference.Requests;

/// <summary>Which connections stay open.</summary>
internal static class ConnectionRequests
{
    public static IEnumerable<DifferenceRequest> All =>
    [
        .. ((string[])["close", "Close", "keep-alive", "Keep-Alive", "keep-alive, close", "x, close", "x", "", "TE", "upgrade"]).Select(static value =>
            RequestTable.Get($"connection '{value}'", "/write/once").With(("Connection", value)).OverHttp1Only()),
        .. ((string[])["once", "flushed", "nothing", "file", "length/100000"]).SelectMany(static writer => (DifferenceRequest[])
        [
            RequestTable.Get("connection closing", $"/write/{writer}").With(("Connection", "close")).OverHttp1Only(),
            Http10($"1.0 {writer}", $"/write/{writer}", ""),
            Http10($"1.0 kept {writer}", $"/write/{writer}", "Connection: keep-alive\r\n"),
        ]),
        Http10("1.0 without a host", "/write/once", "", host: ""),
        Http10("1.0 seen", "/seen/a?b=c", ""),
        Http10("1.0 HEAD", "/write/once", "", method: "HEAD"),
        Http10("1.0 with a chunked body", "/write/once", "Transfer-Encoding: chunked\r\n", body: "3\r\nabc\r\n0\r\n\r\n"),
        Http10("1.0 trailers", "/write/trailers", ""),
        Http10("1.0 expecting", "/body/stream", "Expect: 100-continue\r\nContent-Length: 3\r\n", method: "POST", body: "abc"),
        DifferenceRequest.OfBytes(
            "connection pipelined",
            string.Concat(Enumerable.Repeat("GET /write/once HTTP/1.1\r\nHost: a\r\n\r\n", 3)) + "GET /write/flushed HTTP/1.1\r\nHost: a\r\n\r\n"),
    ];

    private static DifferenceRequest Http10(string what, string target, string headers, string host = "Host: example.test\r\n", string method = "GET",
        string body = "") =>
        DifferenceRequest.OfBytes($"connection {what}", $"{method} {target} HTTP/1.0\r\n{host}{headers}\r\n{body}", method);
}
