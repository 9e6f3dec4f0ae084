using System.Buffers;

namespace PipeServer.Server;

/// <summary>What is spoken on the connections of a listener: makes their objects, and says no in its own words. Thread-safe.</summary>
internal interface IProtocol
{
    /// <summary>An object for a new connection, from the pool.</summary>
    Connection Rent();

    /// <summary>Gives back the object of a connection that has ended in order: nobody holds on to it any more.</summary>
    void Return(Connection connection);

    /// <summary>Writes the answer to a client beyond the number of connections, whose request is not read.</summary>
    void WriteRefusal(IBufferWriter<byte> output);
}
