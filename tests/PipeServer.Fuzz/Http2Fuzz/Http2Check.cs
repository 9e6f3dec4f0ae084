using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>
/// Sends frames to a server over one transport, in clear text or over TLS, and holds all that comes back against <see cref="Http2Reference"/>. Nobody hangs,
/// nothing is a fault of the server's, no answer is another request's, and in the end nothing is left.
/// </summary>
internal sealed class Http2Check : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpServer _server;
    private readonly ITransport _transport;
    private readonly FaultLog _log;
    private readonly Http2FuzzServer _routes;
    private readonly FuzzCertificate? _certificate;
    private int _clients;

    private Http2Check(HttpServer server, ITransport transport, FaultLog log, Http2FuzzServer routes, FuzzCertificate? certificate)
    {
        _server = server;
        _transport = transport;
        _log = log;
        _routes = routes;
        _certificate = certificate;
    }

    /// <summary>Starts a server.</summary>
    /// <param name="transport">Over what.</param>
    /// <param name="engine">It speaks TLS by this; null: clear text, by prior knowledge.</param>
    public static async Task<Http2Check> StartAsync(string transport, TlsEngine? engine = null)
    {
        var used = Transports.Create(transport);
        var log = new FaultLog();
        var certificate = engine is null ? null : new FuzzCertificate();
        var options = new HttpServerOptions { Workers = 2, Transport = used, LoggerFactory = log, ShutdownGracePeriod = TimeSpan.FromSeconds(10) };
        options.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0)
        {
            Protocols = HttpProtocols.Http1 | HttpProtocols.Http2,
            Tls = engine is null ? null : new TlsOptions { Certificates = certificate!, Engine = engine.Value },
        });
        var server = new HttpServer(options);
        var routes = new Http2FuzzServer();
        routes.Map(server);
        await server.StartAsync();
        return new Http2Check(server, used, log, routes, certificate);
    }

    /// <summary>One connection; null, or what should not have happened.</summary>
    public async Task<string?> FindAsync(Http2Attack attack)
    {
        var (stream, end) = await ConnectAsync();
        using (end)
        {
            await using (stream)
            {
                var connection = new Http2FuzzConnection(stream, end.EndSending, attack, Http2Reference.Expect(attack.Bytes));
                var random = new Random(attack.Splits);
                if (random.Next(16) == 0)
                {
                    await connection.LeaveAsync(end.Leave, random.Next(attack.Bytes.Length + 1));
                    return Faults();
                }

                return await connection.RunAsync() is { } problem ? $"{problem}; {_routes.Running} handlers at work, {_server.Requests}, {_server.Connections}" : Faults();
            }
        }
    }

    /// <summary>Stops the server; null, or what is left behind.</summary>
    public async Task<string?> EndAsync()
    {
        // Handlers of clients that have left see it, and return.
        var started = TimeProvider.System.GetTimestamp();
        while (_routes.Running > 0 && TimeProvider.System.GetElapsedTime(started) < Patience)
        {
            await Task.Delay(10);
        }

        var running = _routes.Running;
        var report = await _server.StopAsync();
        var (connections, requests) = (_server.Connections, _server.Requests);
        return running > 0 ? $"{running} handlers have not returned"
            : connections.Accepted != connections.Closed + connections.Aborted + connections.Refused ? $"the ledger of connections does not add up: {connections}"
            : requests.InFlight != 0 || requests.Received != requests.Completed + requests.Refused + requests.Aborted ? $"the ledger of requests does not add up: {requests}"
            : report.Outcome != ShutdownOutcome.Drained ? $"the stop was not clean: {report}"
            : Faults();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificate?.Dispose();
    }

    private string? Faults() => _log.Faults.Count == 0 ? null : string.Join('\n', _log.Faults.Take(3));

    private async Task<(Stream Stream, ClientEnd End)> ConnectAsync()
    {
        // Each from an address of its own, where there are any: what one client may have the server do is bounded by its address, too.
        var number = Interlocked.Increment(ref _clients);
        var address = new IPAddress([127, (byte)(1 + (number >> 16)), (byte)(number >> 8), (byte)number]);
        var end = await ClientEnd.ConnectAsync(_server, _transport, OperatingSystem.IsLinux() ? address : null);
        if (_certificate is null)
        {
            return (end.Stream, end);
        }

        var stream = new SslStream(end.Stream, leaveInnerStreamOpen: true);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [SslApplicationProtocol.Http2],
#pragma warning disable CA5359 // The certificate has signed itself, a moment ago.
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        }).WaitAsync(Patience);
        return stream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2 ? (stream, end) : throw new SocketException((int)SocketError.ProtocolNotSupported);
    }
}
