using PipeServer.Transport;

namespace PipeServer.Tests.Transport;

public sealed class MemoryTransportTests : TransportConformanceTests
{
    private protected override ITransport CreateTransport() => new MemoryTransport();

    private protected override Task<TestClient> ConnectAsync(ITransport transport, IConnectionListener listener) =>
        Task.FromResult(new TestClient(((MemoryTransport)transport).Connect()));
}
