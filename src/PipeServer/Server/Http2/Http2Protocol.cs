using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Http;
using PipeServer.Http.Frames;

namespace PipeServer.Server.Http2;

/// <summary>HTTP/2 (RFC 9113).</summary>
internal sealed class Http2Protocol(ServerContext server) : IProtocol
{
    // Kept for the next connections; more than this are left to the garbage collector after a peak.
    private const int KeptConnections = 1024;

    // The same of streams, which connections without a request do not hold: as many as 128 busy connections with 32 each. With 1,024, 64 such connections
    // made new ones all the time, 367 bytes a request.
    private const int KeptStreams = 4096;

    private readonly ObjectPool<Http2Connection> _connections = new DefaultObjectPool<Http2Connection>(
        new ConnectionPolicy(server, new DefaultObjectPool<Http2Stream>(new StreamPolicy(server), KeptStreams)), KeptConnections);

    public Connection Rent() => _connections.Get();

    public void Return(Connection connection) => _connections.Return((Http2Connection)connection);

    /// <summary>Says by GOAWAY that nothing was read, and why (RFC 9113 §6.8): the client may ask again on another connection.</summary>
    public void WriteRefusal(IBufferWriter<byte> output, RequestError reason)
    {
        var text = Encoding.ASCII.GetBytes(RequestErrors.Text(reason));
        var length = FrameHeader.Bytes + FrameHeader.Bytes + 8 + text.Length;
        var room = output.GetSpan(length);
        FrameHeader.Write(room, 0, FrameType.Settings, FrameFlags.None, 0); // every connection begins with them
        room = room[FrameHeader.Bytes..];
        FrameHeader.Write(room, 8 + text.Length, FrameType.GoAway, FrameFlags.None, 0);
        room = room[FrameHeader.Bytes..];
        BinaryPrimitives.WriteInt32BigEndian(room, 0);
        BinaryPrimitives.WriteUInt32BigEndian(room[4..], (uint)ErrorCode.RefusedStream);
        text.CopyTo(room[8..]);
        output.Advance(length);
    }

    private sealed class StreamPolicy(ServerContext server) : PooledObjectPolicy<Http2Stream>
    {
        public override Http2Stream Create() => new(server);

        public override bool Return(Http2Stream obj) => true;
    }

    private sealed class ConnectionPolicy(ServerContext server, ObjectPool<Http2Stream> streams) : PooledObjectPolicy<Http2Connection>
    {
        public override Http2Connection Create() => new(server, streams);

        public override bool Return(Http2Connection obj)
        {
            obj.Detach();
            return true;
        }
    }
}
