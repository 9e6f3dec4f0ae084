using PipeServer.Transport;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>
/// Sends streams of frames to a server over one transport and holds all that comes back against <see cref="WebSocketReference"/>: which messages and
/// pongs, in which order, and how it ends. Nobody hangs, nothing is a fault of the server's, and in the end nothing is left.
/// </summary>
internal sealed class WebSocketCheck : IAsyncDisposable
{
    private const int Staying = 5;

    private static readonly string[] Paths = ["/ws", "/ws/small", "/ws/deflate", "/ws/deflate/small", "/ws/deflate/nine", "/ws/deflate/alone"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpServer _server;
    private readonly ITransport _transport;
    private readonly FaultLog _log;

    private WebSocketCheck(HttpServer server, ITransport transport, FaultLog log)
    {
        _server = server;
        _transport = transport;
        _log = log;
    }

    public static async Task<WebSocketCheck> StartAsync(string transport)
    {
        var used = Transports.Create(transport);
        var log = new FaultLog();
        var server = new HttpServer(new HttpServerOptions
        {
            Port = 0,
            Workers = 2,
            Transport = used,
            LoggerFactory = log,
            ShutdownGracePeriod = TimeSpan.FromSeconds(10),
        });
        WebSocketServer.Map(server);
        await server.StartAsync();
        return new WebSocketCheck(server, used, log);
    }

    /// <summary>What a number stands for.</summary>
    public static WebSocketAttack AttackOf(int seed)
    {
        var random = new Random(seed);
        var path = Paths[random.Next(Paths.Length)];
        return new WebSocketAttack(path, random.Next(), new FrameStreams(random, path).Next());
    }

    /// <summary>One connection; null, or what should not have happened.</summary>
    public async Task<string?> FindAsync(WebSocketAttack attack)
    {
        var random = new Random(attack.Splits);
        using var end = await ClientEnd.ConnectAsync(_server, _transport);
        var connection = new WebSocketConnection(end.Stream, end.EndSending);
        var extensions = attack.Path.Contains("/deflate", StringComparison.Ordinal) ? "permessage-deflate; client_max_window_bits" : null;
        if (random.Next(16) == 0)
        {
            await LeaveAsync(end, connection, attack, extensions, random);
            return Faults();
        }

        var outcome = await connection.RunAsync(attack.Path, extensions, Pieces(attack.Bytes, random), isBehindHead: random.Next(4) == 0, isCut: true);
        var inflater = connection.Extensions is not { } agreed ? null : new Inflater(
            WebSocketConnection.Parameter(agreed, "client_max_window_bits") ?? 15,
            !agreed.Contains("client_no_context_takeover", StringComparison.Ordinal),
            WebSocketServer.LimitOf(attack.Path));
        var expected = WebSocketReference.Expect(attack.Bytes, inflater, WebSocketServer.LimitOf(attack.Path));
        return expected.Check(outcome) ?? Faults();
    }

    /// <summary>Stops the server, while some clients are there; null, or what is left behind.</summary>
    public async Task<string?> EndAsync()
    {
        var ends = new List<ClientEnd>();
        var staying = new List<WebSocketConnection>();
        for (var number = 0; number < Staying; number++)
        {
            ends.Add(await ClientEnd.ConnectAsync(_server, _transport));
            staying.Add(new WebSocketConnection(ends[^1].Stream, ends[^1].EndSending));
            await staying[^1].OpenAsync(Paths[number % Paths.Length]);
        }

        var stopping = _server.StopAsync();
        foreach (var client in staying)
        {
            await client.Closed.WaitAsync(Patience);
            await client.SendAsync(new Frame(Opcode.Close, [0x03, 0xE9]).Encode());
            await client.Reading.WaitAsync(Patience);
        }

        ends.ForEach(static end => end.Dispose());
        var report = await stopping;
        var (connections, requests) = (_server.Connections, _server.Requests);
        return staying.Find(static client => client.Close != CloseCode.GoingAway || client.Fault is not null) is { } wrong ? $"a client that stayed was closed by {wrong.Close}, {wrong.Fault}"
            : connections.Accepted != connections.Closed + connections.Aborted + connections.Refused ? $"the ledger of connections does not add up: {connections}"
            : requests.InFlight != 0 || requests.Received != requests.Completed + requests.Refused + requests.Aborted ? $"the ledger of requests does not add up: {requests}"
            : report.Outcome != ShutdownOutcome.Drained ? $"the stop was not clean: {report}"
            : Faults();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private string? Faults() => _log.Faults.Count == 0 ? null : string.Join('\n', _log.Faults.Take(3));

    // Gone without a word, in the middle of anything.
    private static async Task LeaveAsync(ClientEnd end, WebSocketConnection connection, WebSocketAttack attack, string? extensions, Random random)
    {
        if (await connection.OpenAsync(attack.Path, extensions))
        {
            await connection.SendAsync(attack.Bytes.AsMemory(0, random.Next(attack.Bytes.Length + 1)));
        }

        end.Leave();
        await connection.Reading.WaitAsync(Patience);
    }

    private static List<ReadOnlyMemory<byte>> Pieces(byte[] bytes, Random random)
    {
        var pieces = new List<ReadOnlyMemory<byte>>();
        var most = random.Next(4) switch { 0 => 1, 1 => random.Next(2, 20), 2 => random.Next(20, 5000), _ => int.MaxValue };
        for (var at = 0; at < bytes.Length;)
        {
            // At most so many of them: who sends a long message byte by byte tests the network.
            var length = most == int.MaxValue || pieces.Count > 300 ? bytes.Length - at : Math.Min(random.Next(1, most + 1), bytes.Length - at);
            pieces.Add(bytes.AsMemory(at, length));
            at += length;
        }

        return pieces.Count == 0 ? [ReadOnlyMemory<byte>.Empty] : pieces;
    }
}
