using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;
using PipeServer.Transport.Sockets;

namespace PipeServer.Tests.Transport;

public sealed class SocketTransportTests : TransportConformanceTests
{
    [Fact]
    public async Task A_reset_of_the_client_fails_the_read_and_signals_closed()
    {
        var listener = (await new SocketTransport().ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        var client = await TestClient.ConnectAsync(listener.EndPoint);
        var server = (await listener.AcceptAsync())!;
        var pending = server.Input.ReadAsync().AsTask();
        await client.ResetAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => pending.WaitAsync(TestClient.Patience));
        Assert.True(server.Closed.IsCancellationRequested);
        await server.DisposeAsync();
        await listener.DisposeAsync();
    }

    [Fact]
    public async Task A_port_in_use_is_refused_and_IPv6_any_takes_IPv4_too()
    {
        var transport = new SocketTransport();
        var first = (await transport.ListenAsync(new IPEndPoint(IPAddress.Loopback, 0), 8, CancellationToken.None))[0];
        var exception = await Assert.ThrowsAsync<SocketException>(async () => await transport.ListenAsync(first.EndPoint, 8, CancellationToken.None));
        Assert.Equal(SocketError.AddressAlreadyInUse, exception.SocketErrorCode);
        await first.DisposeAsync();

        if (Socket.OSSupportsIPv6)
        {
            var any = (await transport.ListenAsync(new IPEndPoint(IPAddress.IPv6Any, 0), 8, CancellationToken.None))[0];
            await using var client = await TestClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ((IPEndPoint)any.EndPoint).Port));
            await using var server = await any.AcceptAsync();
            Assert.NotNull(server);
            await any.DisposeAsync();
        }
    }

    private protected override ITransport CreateTransport() => new SocketTransport();

    private protected override Task<TestClient> ConnectAsync(ITransport transport, IConnectionListener listener) =>
        TestClient.ConnectAsync(listener.EndPoint);
}
