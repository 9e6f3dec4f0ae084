using Difference.Runner;

namespace Difference.Known;

/// <summary>Known differences of methods.</summary>
internal static class MethodDifferences
{
    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        new(
            [
                "method MKCOL seen", "method TRACE seen", "method PROPFIND seen", "method FOO seen", "method M-SEARCH seen", "method PURGE seen",
                "method X seen", "method A.B seen", "method LOCK seen", "method PROPFIND not mapped", "method REPORT seen", "method QUERY seen",
                "method PROPFIND of three", "method TRACE of three", "method REPORT of three", "method PROPFIND with a body",
            ],
            ["status"],
            "FAULT of the core, reported: methods for which it has no route get its 501 or 405. An application should see them."),
        new(
            [
                "method Get seen", "method head seen", "method get seen",
            ],
            ["status"],
            "FAULT of the core, reported: methods for which it has no route get its 501 or 405. An application should see them.")
        {
            Version = 1,
        },
        new(
            [
                "method HEAD seen", "method HEAD of a pipe", "method HEAD with a body",
            ],
            ["body"],
            "Kestrel sends a body to HEAD over HTTP/2 where it is written to the pipe. There is none (RFC 9110 9.3.2).")
        {
            Version = 2,
        },
        new(
            [
                "method HEAD of the pipe unflushed",
            ],
            ["body", "header:content-length"],
            "Kestrel sends a body to HEAD over HTTP/2 where it is written to the pipe. There is none (RFC 9110 9.3.2).")
        {
            Version = 2,
        },
        new(
            [
                "method POST with no body",
            ],
            ["body"],
            "Without a body the trailers, none, are there from the start, as they are for GET on both servers.")
        {
            Version = 1,
        },
    ];
}
