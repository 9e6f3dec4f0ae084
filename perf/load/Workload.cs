using System.Globalization;

namespace PipeServer.Load;

/// <summary>One kind of load.</summary>
/// <param name="Name">Its name on the command line and in the tables.</param>
/// <param name="Route">What is asked for; servers map it to their own path.</param>
/// <param name="Connections">How many at once.</param>
/// <param name="Header">An additional header for every request, or null.</param>
/// <param name="Script">A wrk script, or null.</param>
/// <param name="EndsConnections">Some requests ask for the end of their connection.</param>
/// <param name="IsConditional">Each request has an If-None-Match with the server's own entity tag.</param>
/// <param name="BodyBytes">Bytes of each answer's content, where they are what counts; else 0.</param>
/// <param name="WarmUpSeconds">Before anything is measured: some thousand requests, or a just-in-time compiler is at work yet.</param>
internal sealed record Workload(
    string Name,
    string Route,
    int Connections,
    string? Header = null,
    string? Script = null,
    bool EndsConnections = false,
    bool IsConditional = false,
    long BodyBytes = 0,
    int WarmUpSeconds = 2)
{
    public const string Idle = "idle-10000";

    /// <summary>So many small files, all of them in any cache.</summary>
    public const int SmallFiles = 1000;

    /// <summary>Bytes of each of them.</summary>
    public const int SmallFileBytes = 4096;

    /// <summary>So many files of 64 KiB: 128 MiB, twice what PipeServer keeps in memory by default.</summary>
    public const int MediumFiles = 2048;

    /// <summary>Bytes of each of them, and of the one that is asked for alone.</summary>
    public const int MediumFileBytes = 64 * 1024;

    /// <summary>Bytes of the large file.</summary>
    public const int LargeFileBytes = 10 * 1024 * 1024;

    // Sixteen requests in one write; wrk waits for all sixteen answers.
    private const string Pipelined = """
        init = function(args)
          local r = {}
          for i = 1, 16 do r[i] = wrk.format() end
          request16 = table.concat(r)
        end
        request = function() return request16 end
        """;

    // wrk counts by thread, not by connection: every tenth request of a thread ends its connection, so ten is the average.
    private const string TenPerConnection = """
        local n = 0
        request = function()
          n = n + 1
          if n % 10 == 0 then return wrk.format(nil, nil, { ["Connection"] = "close" }) end
          return wrk.format()
        end
        """;

    private const string Echo = """
        wrk.method = "POST"
        wrk.body = string.rep("x", 1024)
        wrk.headers["Content-Type"] = "application/octet-stream"
        """;

    // Any of the files, each as likely. The requests are made up before, so that wrk does no more than for one file.
    // With one seed for all, its threads would ask for the same files at the same time.
    private const string AnyOf = """
        local threads = 0
        setup = function(thread)
          threads = threads + 1
          thread:set("number", threads)
        end
        init = function(args)
          requests = {}
          for i = 1, COUNT do requests[i] = wrk.format(nil, wrk.path .. i .. ".bin") end
          math.randomseed(os.time() * 10 + number)
        end
        request = function() return requests[math.random(COUNT)] end
        """;

    public static IReadOnlyList<Workload> All { get; } =
    [
        new("plaintext-1", "/plaintext", 1),
        new("plaintext-64", "/plaintext", 64),
        new("plaintext-256", "/plaintext", 256),
        new("plaintext-1024", "/plaintext", 1024),
        new("pipelined-16", "/plaintext", 256, Script: Pipelined),
        new("one-per-connection", "/plaintext", 64, Header: "Connection: close", EndsConnections: true),
        new("ten-per-connection", "/plaintext", 64, Script: TenPerConnection, EndsConnections: true),
        new("json-256", "/json", 256),
        new("echo-1k", "/echo", 256, Script: Echo),
        new("file-1k", "/1k.bin", 256),
        new("file-1k-not-modified", "/1k.bin", 256, IsConditional: true),
        new("files-4k-1000", "/small/", 256, Script: Any(SmallFiles)),
        new("file-64k", "/64k.bin", 64, BodyBytes: MediumFileBytes),
        new("files-64k-2048", "/medium/", 64, Script: Any(MediumFiles), BodyBytes: MediumFileBytes),
        new("file-10m", "/10m.bin", 16, BodyBytes: LargeFileBytes, WarmUpSeconds: 8),
        new(Idle, "/plaintext", 10_000),
    ];

    public TimeSpan WarmUp => TimeSpan.FromSeconds(WarmUpSeconds);

    private static string Any(int count) => AnyOf.Replace("COUNT", count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
}
