using System.Globalization;
using System.Net;

namespace PipeServer.Fuzz.Http2;

/// <summary>Runs the table of cases, each once and in one piece, and says which fail.</summary>
internal static class Http2Against
{
    /// <summary>Against any server that speaks HTTP/2 by prior knowledge and has <c>/index.html</c> of eleven bytes.</summary>
    /// <returns>Whether all cases passed.</returns>
    public static Task<bool> RunAsync(IPEndPoint peer) => RunAsync(() => ClientEnd.ConnectAsync(peer));

    /// <summary>Against <see cref="ProtocolServer"/>, over one of <see cref="Transports"/>.</summary>
    /// <returns>Whether all cases passed.</returns>
    public static async Task<bool> RunAsync(string transport)
    {
        var used = Transports.Create(transport);
        var log = new FaultLog();
        await using var server = new HttpServer(new HttpServerOptions
        {
            Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0) { Protocols = HttpProtocols.Http1 | HttpProtocols.Http2 }],
            Workers = 2,
            Transport = used,
            LoggerFactory = log,
        });
        ProtocolServer.Map(server);
        await server.StartAsync();
        var isWell = await RunAsync(() => ClientEnd.ConnectAsync(server, used));
        Console.WriteLine(log.Faults.FirstOrDefault() ?? "no fault in the log");
        return isWell && log.Faults.Count == 0;
    }

    private static async Task<bool> RunAsync(Func<Task<ClientEnd>> connectAsync)
    {
        var failed = 0;
        foreach (var item in Http2Cases.All)
        {
            using var end = await connectAsync();
            var runner = new Http2CaseRunner(end.Stream, end.EndSending) { Patience = TimeSpan.FromSeconds(2) };
            if (await runner.RunAsync(item) is { } problem)
            {
                failed++;
                Console.WriteLine($"  {problem}");
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Http2Cases.All.Count - failed} of {Http2Cases.All.Count} cases passed"));
        return failed == 0;
    }
}
