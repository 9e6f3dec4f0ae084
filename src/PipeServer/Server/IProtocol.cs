using System.Buffers;

namespace PipeServer.Server;

/// <summary>The protocol of a listener's connections: makes their objects, and refuses clients in its own words. Thread-safe.</summary>
internal interface IProtocol
{
    /// <summary>An object for a new connection, from the pool.</summary>
    Connection Rent();

    /// <summary>Gives back the object of a connection that has ended in order: nobody holds on to it any more.</summary>
    void Return(Connection connection);

    /// <summary>Writes the answer to a client beyond the limit of connections, whose request is not read.</summary>
    void WriteRefusal(IBufferWriter<byte> output);
}
