using Difference.Runner;

namespace Difference.Known;

/// <summary>Known differences of targets.</summary>
internal static class TargetDifferences
{
    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        new(
            [
                "path /seen/%00",
            ],
            ["header:connection", "open"],
            "A target is what RFC 3986 allows: the core refuses other characters, broken escapes, control characters and a way above the root.")
        {
            Version = 1,
        },
        new(
            [
                "path /seen/%", "path /seen/%4", "path /seen/%zz", "path /seen/%0D%0A", "path /seen/../../x", "static /%2E%2E/etc/passwd",
            ],
            ["status"],
            "A target is what RFC 3986 allows: the core refuses other characters, broken escapes, control characters and a way above the root."),
        new(
            [
                "path /seen/%00",
            ],
            ["status"],
            "A target is what RFC 3986 allows: the core refuses other characters, broken escapes, control characters and a way above the root.")
        {
            Version = 2,
        },
        new(
            [
                "path /seen/<a>", "path /seen/a\\b", "path /seen/a\"b", "query /seen?a=<x>", "query /seen?a=\"quoted\"", "target /seen?a=b#fragment",
                "target seen", "target *", "target /seen#fragment", "wire a tab in the target",
            ],
            ["status"],
            "A target is what RFC 3986 allows: the core refuses other characters, broken escapes, control characters and a way above the root.")
        {
            Version = 1,
        },
        new(
            [
                "target connect path", "target connect",
            ],
            ["status"],
            "No tunnels: the core refuses CONNECT.")
        {
            Version = 1,
        },
        new(
            [
                "target http://EXAMPLE.test:80/seen/absolute",
            ],
            ["body"],
            "The host of an absolute target goes before the header (RFC 9112 3.2.2). Kestrel wants them to be the same.")
        {
            Version = 1,
        },
        new(
            [
                "target http://other.test/seen/absolute",
            ],
            ["status"],
            "The host of an absolute target goes before the header (RFC 9112 3.2.2). Kestrel wants them to be the same.")
        {
            Version = 1,
        },
    ];
}
