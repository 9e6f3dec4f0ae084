using System.Buffers;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>HTTP/1.0 and HTTP/1.1 (RFC 9112).</summary>
internal sealed class Http1Protocol(ServerContext server) : IProtocol
{
    // Kept for the next connections; more than this are left to the garbage collector after a peak.
    private const int KeptConnections = 1024;

    private readonly ObjectPool<Http1Connection> _connections =
        new DefaultObjectPool<Http1Connection>(new ConnectionPolicy(server, new ExchangePool(server)), KeptConnections);

    public Connection Rent() => _connections.Get();

    public void Return(Connection connection) => _connections.Return((Http1Connection)connection);

    public void WriteRefusal(IBufferWriter<byte> output, RequestError reason)
    {
        var answer = server.ErrorAnswers.Unread(reason);
        ResponseHeadWriter.Write(
            output, answer.StatusCode, server.Heartbeat.ServerAndDate, fields: null, ResponseFraming.None, contentLength: 0,
            ConnectionHeader.Close, answer.Fields);
        output.Write(answer.Body.Span);
    }

    private sealed class ConnectionPolicy(ServerContext server, ExchangePool exchanges) : PooledObjectPolicy<Http1Connection>
    {
        public override Http1Connection Create() => new(server, exchanges);

        public override bool Return(Http1Connection obj)
        {
            obj.Detach();
            return !obj.IsLost;
        }
    }
}
