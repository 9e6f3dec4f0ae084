using Difference.Runner;

namespace Difference.Known;

/// <summary>Known differences of bodies, statuses and faults.</summary>
internal static class BodyDifferences
{
    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        new(
            [
                "body echo-pipe of 300000 in chunks", "body echo-pipe of 300000", "body echo of 300000", "body echo of 300000 in chunks",
            ],
            ["status"],
            "HttpClient sends its whole body before it reads. An echo stands still beyond the stream's window then: 64 KiB here, 768 KiB at Kestrel's.")
        {
            Version = 2,
        },
        new(
            [
                "error /error/in-buffer", "error /error/pages/in-buffer",
            ],
            ["body", "header:content-length", "header:content-type"],
            "After a body that was refused, the connection stays open where its end was read.")
        {
            Version = 2,
        },
        new(
            [
                "body limit-caught", "body limit-caught in chunks", "error /error/bad-request", "error /error/pages/bad-request",
            ],
            ["header:connection", "open"],
            "After a body that was refused, the connection stays open where its end was read.")
        {
            Version = 1,
        },
        new(
            [
                "error /error/in-buffer", "error /error/pages/in-buffer",
            ],
            ["open"],
            "After a body that was refused, the connection stays open where its end was read.")
        {
            Version = 1,
        },
        new(
            [
                "limit of the server, announced and not read",
            ],
            ["header:connection"],
            "The core reads on for 64 KiB of a body that nobody wants, then closes. Kestrel reads for five seconds.")
        {
            Version = 1,
        },
        new(
            [
                "body not-read of 300000", "body not-read of 300000 in chunks",
            ],
            ["header:connection", "open"],
            "The core reads on for 64 KiB of a body that nobody wants, then closes. Kestrel reads for five seconds.")
        {
            Version = 1,
        },
        new(
            [
                "body partly read of much",
            ],
            ["status"],
            "The core reads on for 64 KiB of a body that nobody wants, then closes. Kestrel reads for five seconds.")
        {
            Version = 1,
        },
        new(
            [
                "body with a wrong chunk not read", "body with a huge chunk",
            ],
            ["status"],
            "A chunk that is malformed is answered 400, also where the application does not read it.")
        {
            Version = 1,
        },
        new(
            [
                "limit of 10, 9 bytes in chunks", "limit of 10, 10 bytes in chunks", "limit of the server, just below in chunks",
            ],
            ["status"],
            "A limit counts the body. Kestrel counts the lines of the chunks too.")
        {
            Version = 1,
        },
        new(
            [
                "status with a body /write/text-at-status/204", "status with a body /write/text-at-status/205",
                "status with a body /write/text-at-status/304",
            ],
            ["status"],
            "An answer that may have no body, and gets one, is a fault of the application: 500, where Kestrel tears the answer."),
        new(
            [
                "odd status /write/status/101", "odd status /write/status/0", "odd status /write/status/99", "odd status /write/status/1000",
            ],
            ["status"],
            "No such status can be sent: 500. Kestrel sends it, or tears the connection."),
    ];
}
