using System.Globalization;
using Difference.Application;
using Difference.Runner;

namespace Difference.Requests;

/// <summary>Limits of a body's size: the server's, and those of an application.</summary>
internal static class LimitRequests
{
    public static IEnumerable<DifferenceRequest> All =>
        ((int[])[0, 9, 10, 11, 1000]).SelectMany(static size => (DifferenceRequest[])
        [
            Post(Text($"of 10, {size} bytes"), "/body/limit/10", size),
            Post(Text($"of 10, {size} bytes in chunks"), "/body/limit/10", size) with { ChunkSize = 100 },
        ]).Concat(
        [
            Post("of the server, just below", "/body/stream", DifferenceApplication.MaxBodyBytes),
            Post("of the server, just above", "/body/stream", DifferenceApplication.MaxBodyBytes + 1) with { OverHttp2 = false },
            Post("of the server, just below in chunks", "/body/stream", DifferenceApplication.MaxBodyBytes) with { ChunkSize = 50_000 },
            Post("of the server, just above in chunks", "/body/stream", DifferenceApplication.MaxBodyBytes + 1) with { ChunkSize = 50_000, OverHttp2 = false },
            Post("of the server, lifted", "/body/large", DifferenceApplication.MaxBodyBytes + 1),
            Post("of the server, lifted in chunks", "/body/large", DifferenceApplication.MaxBodyBytes + 1) with { ChunkSize = 50_000 },
            Post("of zero", "/body/limit/0", 5),
            Post("of zero, no body", "/body/limit/0", 0),
            Post("of the server, bound", "/bind/stream", DifferenceApplication.MaxBodyBytes + 1) with { OverHttp2 = false },
            DifferenceRequest.OfBytes(
                "limit of the server, announced only", "POST /body/stream HTTP/1.1\r\nHost: example.test\r\nContent-Length: 99999999999\r\n\r\n", "POST"),
            DifferenceRequest.OfBytes(
                "limit of the server, announced and not read", "POST /alive HTTP/1.1\r\nHost: example.test\r\nContent-Length: 99999999999\r\n\r\n", "POST"),
            DifferenceRequest.OfBytes(
                "limit announced and asked for leave",
                "POST /body/stream HTTP/1.1\r\nHost: example.test\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n",
                "POST"),
        ]);

    private static DifferenceRequest Post(string what, string target, int size) =>
        new($"limit {what}", "POST", target) { Body = SiteFolder.Pattern(size) };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
