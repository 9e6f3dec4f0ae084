namespace PipeServer.Load;

/// <summary>One kind of load.</summary>
/// <param name="Name">Its name on the command line and in the tables.</param>
/// <param name="Route">What is asked for; servers map it to their own path.</param>
/// <param name="Connections">How many at once.</param>
/// <param name="Header">An additional header for every request, or null.</param>
/// <param name="Script">A wrk script, or null.</param>
/// <param name="EndsConnections">Some requests ask for the end of their connection.</param>
internal sealed record Workload(
    string Name, string Route, int Connections, string? Header = null, string? Script = null, bool EndsConnections = false)
{
    public const string Idle = "idle-10000";

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
        new("file-64k", "/64k.bin", 64),
        new(Idle, "/plaintext", 10_000),
    ];
}
