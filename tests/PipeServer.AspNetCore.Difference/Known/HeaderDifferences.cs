using Difference.Runner;

namespace Difference.Known;

/// <summary>Known differences of headers and trailers.</summary>
internal static class HeaderDifferences
{
    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        new(
            [
                "answer's header /header/connection-upgrade", "answer's header /header/connection-keep-alive",
            ],
            ["header:connection"],
            "An application cannot set a Connection that belongs to the server; close alone is heard.")
        {
            Version = 1,
        },
        new(
            [
                "answer's header /header/connection-other",
            ],
            ["header:connection", "open"],
            "An application cannot set a Connection that belongs to the server; close alone is heard.")
        {
            Version = 1,
        },
        new(
            [
                "connection 1.0 kept once", "connection 1.0 kept flushed", "connection 1.0 kept file",
            ],
            ["header:connection", "open"],
            "What is complete at the end of the application's synchronous part has its length, and leaves a connection of HTTP/1.0 open.")
        {
            Version = 1,
        },
        new(
            [
                "answer's header /header/transfer-identity",
            ],
            ["header:connection", "header:transfer-encoding", "open"],
            "The server frames the body; an application's Transfer-Encoding is left out.")
        {
            Version = 1,
        },
        new(
            [
                "answer's header HEAD transfer-identity",
            ],
            ["status"],
            "The server frames the body; an application's Transfer-Encoding is left out.")
        {
            Version = 1,
        },
        new(
            [
                "answer's header /header/null-among",
            ],
            ["status"],
            "A null among values is left out, as over HTTP/1.1; Kestrel fails to write it over HTTP/2.")
        {
            Version = 2,
        },
        new(
            [
                "answer's header /header/spaces",
            ],
            ["header:x-spaces"],
            "A value has no spaces around it (RFC 9113 8.2.1). Kestrel sends them over HTTP/2.")
        {
            Version = 2,
        },
        new(
            [
                "header Expect 'nothing' /seen",
            ],
            ["status"],
            "An expectation that nobody knows is answered 417 (RFC 9110 10.1.1).")
        {
            Version = 1,
        },
        new(
            [
                "headers Latin-1 /seen",
            ],
            ["status"],
            "Bytes above 127 are allowed in a value (RFC 9110 5.5) and are Latin-1 where they are no UTF-8.")
        {
            Version = 1,
        },
        new(
            [
                "static range 'bytes=0-5 ' /text.txt",
            ],
            ["status"],
            "A value with spaces around it is malformed over HTTP/2 (RFC 9113 8.2.1), and the stream is reset.")
        {
            Version = 2,
        },
        new(
            [
                "seen /features", "write /write/trailers-supported",
            ],
            ["body"],
            "Trailers are sent over HTTP/1.1 too, and the feature is there.")
        {
            Version = 1,
        },
        new(
            [
                "write /write/trailers", "write with trailers wanted /write/trailers",
            ],
            ["header:trailer", "trailers"],
            "Trailers are sent over HTTP/1.1 too, and the feature is there.")
        {
            Version = 1,
        },
    ];
}
