using Difference.Runner;

namespace Difference.Requests;

/// <summary>Requests that break the grammar, or nearly.</summary>
internal static class WireRequests
{
    private const string Host = "Host: example.test\r\n";

    private static readonly (string Name, string Raw)[] Heads =
    [
        ("no host", "GET /seen HTTP/1.1\r\n\r\n"),
        ("empty host", "GET /seen HTTP/1.1\r\nHost:\r\n\r\n"),
        ("two hosts", $"GET /seen HTTP/1.1\r\n{Host}{Host}\r\n"),
        ("bad host", "GET /seen HTTP/1.1\r\nHost: a b\r\n\r\n"),
        ("host with a user", "GET /seen HTTP/1.1\r\nHost: u@example.test\r\n\r\n"),
        ("host with a bad port", "GET /seen HTTP/1.1\r\nHost: example.test:port\r\n\r\n"),
        ("version 1.2", $"GET /seen HTTP/1.2\r\n{Host}\r\n"),
        ("version 2.0", $"GET /seen HTTP/2.0\r\n{Host}\r\n"),
        ("version 0.9", "GET /seen\r\n\r\n"),
        ("version in small letters", $"GET /seen http/1.1\r\n{Host}\r\n"),
        ("two spaces", $"GET  /seen HTTP/1.1\r\n{Host}\r\n"),
        ("space behind the version", $"GET /seen HTTP/1.1 \r\n{Host}\r\n"),
        ("a space in the target", $"GET /seen/a b HTTP/1.1\r\n{Host}\r\n"),
        ("a tab in the target", $"GET /seen/a\tb HTTP/1.1\r\n{Host}\r\n"),
        ("a byte above 127 in the target", $"GET /seen/\u00e4 HTTP/1.1\r\n{Host}\r\n"),
        ("a NUL in the target", $"GET /seen/\0 HTTP/1.1\r\n{Host}\r\n"),
        ("a bad method", $"G(T /seen HTTP/1.1\r\n{Host}\r\n"),
        ("no method", $" /seen HTTP/1.1\r\n{Host}\r\n"),
        ("an empty line before", $"\r\nGET /seen HTTP/1.1\r\n{Host}\r\n"),
        ("line feeds only", "GET /seen HTTP/1.1\nHost: example.test\n\n"),
        ("a carriage return within", $"GET /seen HTTP/1.1\r\n{Host}X: a\rb\r\n\r\n"),
        ("a folded header", $"GET /seen HTTP/1.1\r\n{Host}X: a\r\n b\r\n\r\n"),
        ("a space before the colon", $"GET /seen HTTP/1.1\r\n{Host}X : a\r\n\r\n"),
        ("no colon", $"GET /seen HTTP/1.1\r\n{Host}X\r\n\r\n"),
        ("an empty name", $"GET /seen HTTP/1.1\r\n{Host}: a\r\n\r\n"),
        ("a bad name", $"GET /seen HTTP/1.1\r\n{Host}X(Y): a\r\n\r\n"),
        ("a NUL in a value", $"GET /seen HTTP/1.1\r\n{Host}X: a\0b\r\n\r\n"),
        ("a control in a value", $"GET /seen HTTP/1.1\r\n{Host}X: a\u0001b\r\n\r\n"),
        ("two lengths", $"POST /seen HTTP/1.1\r\n{Host}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
        ("two different lengths", $"POST /seen HTTP/1.1\r\n{Host}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
        ("a list of lengths", $"POST /seen HTTP/1.1\r\n{Host}Content-Length: 3, 3\r\n\r\nabc"),
        ("a negative length", $"POST /seen HTTP/1.1\r\n{Host}Content-Length: -3\r\n\r\n"),
        ("a length with a sign", $"POST /seen HTTP/1.1\r\n{Host}Content-Length: +3\r\n\r\nabc"),
        ("a length of letters", $"POST /seen HTTP/1.1\r\n{Host}Content-Length: three\r\n\r\n"),
        ("a length and chunks", $"POST /seen HTTP/1.1\r\n{Host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        ("an unknown coding", $"POST /seen HTTP/1.1\r\n{Host}Transfer-Encoding: gzip\r\n\r\n"),
        ("gzip, then chunks", $"POST /seen HTTP/1.1\r\n{Host}Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        ("chunks not last", $"POST /seen HTTP/1.1\r\n{Host}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
        ("chunks twice", $"POST /seen HTTP/1.1\r\n{Host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("nonsense", "\u0016\u0003\u0001\0\u0005nonsense\r\n\r\n"),
        ("a preface of HTTP/2 broken", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"),
    ];

    public static IEnumerable<DifferenceRequest> All => Heads.Select(static head => DifferenceRequest.OfBytes($"wire {head.Name}", head.Raw));
}
