using PipeServer.Diagnostics;
using PipeServer.Tls;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer.Server.Tls;

/// <summary>
/// Makes the handshake of an endpoint's connections. Until it is done nothing is written in plaintext: who breaks it off, takes too long or is one
/// too many is closed without a word.
/// </summary>
internal sealed class TlsFilter(ServerContext server, WorkerPool threads, ITlsEngine engine) : IConnectionFilter
{
    private volatile ITlsEngine _engine = engine;

    /// <summary>What new connections are given.</summary>
    public ITlsEngine Engine
    {
        get => _engine;
        set => _engine = value;
    }

    public async ValueTask<TransportConnection?> ApplyAsync(TransportConnection transport, long id, ConnectionDeadlines deadlines)
    {
        var connection = _engine.Accept(transport);
        try
        {
            await connection.HandshakeAsync(new HandshakeIo(transport, deadlines, threads)).ConfigureAwait(false);
            return connection;
        }
        catch (TlsHandshakeException exception)
        {
            Log.ConnectionAborted(server.Logger, id, exception.Message);
            return null;
        }
    }
}
