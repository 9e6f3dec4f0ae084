using Difference.Runner;

namespace Difference.Known;

/// <summary>Known differences of methods.</summary>
internal static class MethodDifferences
{
    public static IReadOnlyList<KnownDifference> All { get; } =
    [
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
