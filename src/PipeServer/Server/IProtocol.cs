using System.Buffers;
using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>The protocol of a listener's connections: makes their objects, and refuses clients in its own words. Thread-safe.</summary>
internal interface IProtocol
{
    /// <summary>An object for a new connection, from the pool.</summary>
    Connection Rent();

    /// <summary>Gives back the object of a connection that has ended in order: nobody holds on to it any more.</summary>
    void Return(Connection connection);

    /// <summary>Writes the answer to a client that is refused before its request is read.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="reason">Why.</param>
    void WriteRefusal(IBufferWriter<byte> output, RequestError reason);
}
