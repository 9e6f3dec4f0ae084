using System.Globalization;
using System.Text;
using Difference.Application;
using Difference.Runner;

namespace Difference.Requests;

/// <summary>Bodies of requests, and how an application reads them.</summary>
internal static class BodyRequests
{
    private static readonly string[] Readers = ["stream", "pipe", "not-read", "buffered", "echo", "echo-pipe", "large", "trailers"];

    private static readonly int[] Sizes = [0, 1, 1000, 4096, 65_536, 300_000];

    public static IEnumerable<DifferenceRequest> All =>
        Readers.SelectMany(static reader => Sizes.SelectMany(size => (DifferenceRequest[])
        [
            Sized(reader, size),
            Sized(reader, size) with { Name = Text($"body {reader} of {size} in chunks"), ChunkSize = Math.Max(1, size / 7) },
        ]))
        .Concat(((string[])["mixed", "partly", "sync", "sync-allowed", "abilities", "replaced", "limit-late", "limit-caught"]).SelectMany(static reader =>
            (DifferenceRequest[])
            [
                Sentence(reader),
                Sentence(reader) with { Name = $"body {reader} in chunks", ChunkSize = 4 },
            ]))
        .Concat(
        [
            Sized("not-read", 1000) with { Name = "body not read, then another request", Times = 3 },
            Sized("partly", 1_000_000) with { Name = "body partly read of much", Times = 2, IsLarge = true },
            Sentence("sync-allowed") with { Name = "body again and again", Times = 4 },
            Sentence("trailers") with { Name = "body with trailers", ChunkSize = 10, Trailers = "X-One: 1\r\nX-Two: 2\r\nX-Two: 3\r\n", OverHttp2 = false },
            Sentence("trailers") with { Name = "body with a forbidden trailer", ChunkSize = 10, Trailers = "Content-Length: 5\r\n", OverHttp2 = false },
            Sentence("not-read") with { Name = "body with trailers not read", ChunkSize = 10, Trailers = "X-One: 1\r\n", Times = 2, OverHttp2 = false },
            new DifferenceRequest("body with trailers described", "POST", "/seen").WithText("text", "text/plain")
                with { ChunkSize = 2, Trailers = "X-One: 1\r\n", OverHttp2 = false },
            Raw("of one-byte chunks with extensions", "/body/stream", "Transfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n1;c=\"d\"\r\ny\r\n0;e\r\n\r\n"),
            Raw("of upper case and zeros", "/body/stream", "Transfer-Encoding: Chunked\r\n\r\n0000A\r\n0123456789\r\n00\r\n\r\n"),
            Raw("with a wrong chunk size", "/body/stream", "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"),
            Raw("with a chunk without an end", "/body/stream", "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n"),
            Raw("with a negative chunk", "/body/stream", "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n"),
            Raw("with a huge chunk", "/body/stream", "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
            Raw("with a wrong chunk not read", "/body/not-read", "Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"),
            Raw("continued", "/body/stream", "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"),
            Raw("continued in capitals", "/body/stream", "Content-Length: 3\r\nExpect: 100-Continue\r\n\r\nabc"),
            Raw("continued and not read", "/body/not-read", "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"),
            Raw("continued of none", "/body/stream", "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n"),
            Raw("continued in chunks", "/body/stream", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        ]);

    private static DifferenceRequest Sized(string reader, int size) =>
        new(Text($"body {reader} of {size}"), "POST", $"/body/{reader}")
        { Body = SiteFolder.Pattern(size), IsLarge = size > 65_536 && reader.StartsWith("echo") };

    private static DifferenceRequest Sentence(string reader) =>
        new($"body {reader}", "POST", $"/body/{reader}") { Body = Encoding.ASCII.GetBytes("A body of a sentence that has some words.") };

    private static DifferenceRequest Raw(string what, string target, string rest) =>
        DifferenceRequest.OfBytes($"body {what}", $"POST {target} HTTP/1.1\r\nHost: example.test\r\n{rest}", "POST");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
