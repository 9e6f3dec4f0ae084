using PipeServer.Transport;
using PipeServer.Transport.Sockets;

namespace PipeServer.Tests.Transport;

public sealed class SocketTransportTests : NetworkTransportTests
{
    private protected override ITransport CreateTransport() => new SocketTransport();
}
