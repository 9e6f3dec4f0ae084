using System.Buffers;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Http;

namespace PipeServer.Server.Http2;

/// <summary>HTTP/2 (RFC 9113).</summary>
internal sealed class Http2Protocol(ServerContext server) : IProtocol
{
    // Kept for the next connections; more than this are left to the garbage collector after a peak.
    private const int KeptConnections = 1024;

    private readonly ObjectPool<Http2Connection> _connections = new DefaultObjectPool<Http2Connection>(new ConnectionPolicy(server), KeptConnections);

    public Connection Rent() => _connections.Get();

    public void Return(Connection connection) => _connections.Return((Http2Connection)connection);

    /// <summary>Says by GOAWAY that nothing was read, and why (RFC 9113 §6.8): the client may ask again on another connection.</summary>
    public void WriteRefusal(IBufferWriter<byte> output, RequestError reason) => throw new NotSupportedException();

    private sealed class ConnectionPolicy(ServerContext server) : PooledObjectPolicy<Http2Connection>
    {
        public override Http2Connection Create() => new(server);

        public override bool Return(Http2Connection obj)
        {
            obj.Detach();
            return true;
        }
    }
}
