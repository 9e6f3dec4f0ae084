using Difference.Runner;

namespace Difference.Known;

/// <summary>Known differences of requests that break the grammar.</summary>
internal static class WireDifferences
{
    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        new(
            [
                "wire empty host", "wire version in small letters", "wire a control in a value", "wire a bad name", "wire line feeds only",
                "wire chunks twice", "wire a preface of HTTP/2 broken", "wire a length with a sign", "wire gzip, then chunks", "wire an unknown coding",
                "wire a length and chunks",
            ],
            ["status"],
            "Stricter, and against smuggling: RFC 9112 3, 5 and 6, RFC 9110 5.6.2.")
        {
            Version = 1,
        },
        new(
            [
                "connection 1.0 with a chunked body",
            ],
            ["status"],
            "Transfer-Encoding in an HTTP/1.0 request is refused (RFC 9112 6.1).")
        {
            Version = 1,
        },
        new(
            [
                "wire version 1.2",
            ],
            ["status"],
            "HTTP/1.2 would be answered as HTTP/1.1 (RFC 9110 2.5).")
        {
            Version = 1,
        },
    ];
}
