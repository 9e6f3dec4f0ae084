using System.Text;

namespace PipeServer.Instructions;

/// <summary>A fixed sequence of equal requests, whose instructions are counted.</summary>
/// <param name="Name">Its name on the command line and in the tables.</param>
/// <param name="Server">Which of the native files answers it.</param>
/// <param name="Method">The request's method.</param>
/// <param name="Path">The request's path.</param>
/// <param name="Depth">How many requests are sent in one write; all their answers are read before the next ones are sent.</param>
/// <param name="Lines">Header lines beside those that every request has.</param>
/// <param name="BodyBytes">The length of the request's body.</param>
/// <param name="IsConditional">Each request has an If-None-Match with the server's own entity tag.</param>
/// <param name="TakesNginx">nginx can do the same.</param>
internal sealed record Workload(
    string Name,
    MeasuredServer Server,
    string Method,
    string Path,
    int Depth = 1,
    string Lines = "",
    int BodyBytes = 0,
    bool IsConditional = false,
    bool TakesNginx = true)
{
    /// <summary>Requests before anything is counted: pools are filled and files in memory by then.</summary>
    public const int WarmUpRequests = 4_000;

    /// <summary>
    /// Requests that are counted at a time. In well under a second, even so slowed down: a cached file is compared with the disk once a
    /// second, which would be counted too.
    /// </summary>
    public const int CountedRequests = 2_000;

    // Twelve lines beside the three that every request has: what a browser sends that has been here before.
    private const string BrowserLines =
        "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
        + "Accept-Encoding: gzip, deflate, br, zstd\r\n"
        + "Referer: http://127.0.0.1/articles/2026/11/25/how-a-request-is-counted\r\n"
        + "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=necessary+statistics; visits=17\r\n"
        + "Connection: keep-alive\r\n"
        + "Cache-Control: max-age=0\r\n"
        + "Upgrade-Insecure-Requests: 1\r\n"
        + "Sec-Fetch-Dest: document\r\n"
        + "Sec-Fetch-Mode: navigate\r\n"
        + "Sec-Fetch-Site: same-origin\r\n"
        + "Sec-Fetch-User: ?1\r\n"
        + "DNT: 1\r\n";

    public static IReadOnlyList<Workload> All { get; } =
    [
        new("plaintext", MeasuredServer.CommandLine, "GET", "/plaintext"),
        new("plaintext-16", MeasuredServer.CommandLine, "GET", "/plaintext", Depth: 16),
        new("worker", MeasuredServer.CommandLine, "GET", "/worker/plaintext", TakesNginx: false),
        new("worker-16", MeasuredServer.CommandLine, "GET", "/worker/plaintext", Depth: 16, TakesNginx: false),
        new("json", MeasuredServer.CommandLine, "GET", "/json"),
        new("echo-1k", MeasuredServer.CommandLine, "POST", "/echo", BodyBytes: 1024, TakesNginx: false),
        new("file-1k", MeasuredServer.CommandLine, "GET", "/1k.bin"),
        new("not-modified", MeasuredServer.CommandLine, "GET", "/1k.bin", IsConditional: true),
        new("headers-15", MeasuredServer.CommandLine, "GET", "/plaintext", Lines: BrowserLines),
        new("not-found", MeasuredServer.Router, "GET", "/nothing"),
        new("parameter", MeasuredServer.Router, "GET", "/hello/world"),
    ];

    /// <summary>The bytes of one request.</summary>
    /// <param name="entityTag">With <see cref="IsConditional"/>: the tag that the server sent.</param>
    public byte[] Request(string? entityTag)
    {
        var head = new StringBuilder($"{Method} {Path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: instructions\r\nAccept: */*\r\n{Lines}");
        if (entityTag is not null)
        {
            head.Append("If-None-Match: ").Append(entityTag).Append("\r\n");
        }

        if (BodyBytes > 0)
        {
            head.Append("Content-Length: ").Append(BodyBytes).Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(head.Append("\r\n").Append('x', BodyBytes).ToString());
    }
}
