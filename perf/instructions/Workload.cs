using System.Text;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>A fixed sequence of equal requests, whose instructions are counted.</summary>
/// <param name="Name">Its name on the command line and in the tables.</param>
/// <param name="Server">Which of the native files answers it.</param>
/// <param name="Method">The request's method.</param>
/// <param name="Path">The request's path.</param>
/// <param name="Depth">
/// How many requests are sent in one write, pipelined or as streams of HTTP/2; all their answers are read before the next ones are sent.
/// </param>
/// <param name="Lines">Header lines beside those that every request has.</param>
/// <param name="BodyBytes">The length of the request's body.</param>
/// <param name="IsConditional">Each request has an If-None-Match with the server's own entity tag.</param>
/// <param name="IsThroughWorker">A worker takes part: who sleeps when is in the figure.</param>
/// <param name="TakesNginx">nginx can do the same.</param>
/// <param name="TakesKestrel">The Kestrel peer can do the same.</param>
/// <param name="IsHttp2">By HTTP/2 in clear text, by prior knowledge: as h2load asks.</param>
internal sealed record Workload(
    string Name,
    NativeProgram Server,
    string Method,
    string Path,
    int Depth = 1,
    string Lines = "",
    int BodyBytes = 0,
    bool IsConditional = false,
    bool IsThroughWorker = false,
    bool TakesNginx = true,
    bool TakesKestrel = false,
    bool IsHttp2 = false)
{
    /// <summary>Requests before anything is counted: pools are filled and files in memory by then.</summary>
    public const int WarmUpRequests = 4_000;

    /// <summary>
    /// Requests that are counted at a time. In well under a second, even so slowed down: a cached file is compared with the disk once a second,
    /// which would be counted too.
    /// </summary>
    public const int CountedRequests = 2_000;

    /// <summary>So many requests, or as many more as fill the last batch.</summary>
    public int Counted(int requests) => (requests + Depth - 1) / Depth * Depth;

    private static readonly string BrowserLines = string.Concat(BrowserHead.Lines.Select(static line => line + "\r\n"));

    public static IReadOnlyList<Workload> All { get; } =
    [
        new("plaintext", NativeProgram.CommandLine, "GET", "/plaintext", TakesKestrel: true),
        new("plaintext-16", NativeProgram.CommandLine, "GET", "/plaintext", Depth: 16, TakesKestrel: true),
        new("worker", NativeProgram.CommandLine, "GET", "/worker/plaintext", IsThroughWorker: true, TakesNginx: false),
        new("worker-16", NativeProgram.CommandLine, "GET", "/worker/plaintext", Depth: 16, IsThroughWorker: true, TakesNginx: false),
        new("json", NativeProgram.CommandLine, "GET", "/json", IsThroughWorker: true, TakesKestrel: true),
        new("echo-1k", NativeProgram.CommandLine, "POST", "/echo", BodyBytes: 1024, IsThroughWorker: true, TakesNginx: false, TakesKestrel: true),
        new("file-1k", NativeProgram.CommandLine, "GET", "/1k.bin", TakesKestrel: true),
        new("not-modified", NativeProgram.CommandLine, "GET", "/1k.bin", IsConditional: true, TakesKestrel: true),
        new("headers-15", NativeProgram.CommandLine, "GET", "/plaintext", Lines: BrowserLines, TakesKestrel: true),
        new("not-found", NativeProgram.Router, "GET", "/nothing"),
        new("parameter", NativeProgram.Router, "GET", "/hello/world"),
        new("http2-plaintext-1", NativeProgram.CommandLine, "GET", "/plaintext", TakesKestrel: true, IsHttp2: true),
        new("http2-plaintext-32", NativeProgram.CommandLine, "GET", "/plaintext", Depth: 32, TakesKestrel: true, IsHttp2: true),
        new("http2-file-1k-32", NativeProgram.CommandLine, "GET", "/1k.bin", Depth: 32, TakesKestrel: true, IsHttp2: true),
        new("http2-worker-32", NativeProgram.CommandLine, "GET", "/worker/plaintext", Depth: 32, IsThroughWorker: true, TakesNginx: false, IsHttp2: true),
    ];

    /// <summary>The workloads of these names; all without a name.</summary>
    /// <exception cref="MeasurementException">There is none of a name.</exception>
    public static IReadOnlyList<Workload> Choose(string[] names)
    {
        var unknown = names.FirstOrDefault(static name => All.All(workload => workload.Name != name));
        return unknown is null
            ? [.. All.Where(workload => names.Length == 0 || names.Contains(workload.Name))]
            : throw new MeasurementException($"there is no workload '{unknown}'. There are: {string.Join(", ", All.Select(static workload => workload.Name))}.");
    }

    /// <summary>True when a workload of this name goes through a worker.</summary>
    public static bool IsThroughWorkerByName(string name) => All.Any(workload => workload.Name == name && workload.IsThroughWorker);

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
