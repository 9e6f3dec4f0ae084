using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer.Tests.Server;

/// <summary>localhost on machines that this one is not: without IPv6, without IPv4, with a busy port.</summary>
public sealed class LocalhostTests
{
    [Theory]
    [InlineData(SocketError.AddressFamilyNotSupported)]
    [InlineData(SocketError.AddressNotAvailable)]
    public async Task Where_there_is_no_IPv6_it_is_127_0_0_1_alone(SocketError error)
    {
        var transport = new Machine { Refuse = place => place.Address.AddressFamily == AddressFamily.InterNetworkV6 ? error : null };
        await using var server = await StartAsync(transport, 0);
        Assert.Equal([IPAddress.Loopback], server.EndPoints.Cast<IPEndPoint>().Select(static place => place.Address).Where(static ip => ip.AddressFamily == AddressFamily.InterNetwork).Take(1));
        Assert.DoesNotContain(server.EndPoints.Cast<IPEndPoint>(), static place => place.Address.AddressFamily == AddressFamily.InterNetworkV6);
    }

    [Fact]
    public async Task Where_there_is_no_IPv4_it_is_IPv6_alone()
    {
        var transport = new Machine { Refuse = static place => place.Address.AddressFamily == AddressFamily.InterNetwork ? SocketError.AddressNotAvailable : null };
        await using var server = await StartAsync(transport, 8080);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 8080), Assert.Single(server.EndPoints));
    }

    [Fact]
    public async Task Where_there_is_neither_the_start_fails()
    {
        var transport = new Machine { Refuse = static _ => SocketError.AddressNotAvailable };
        var exception = await Assert.ThrowsAsync<ListenException>(() => StartAsync(transport, 0));
        Assert.Equal("Cannot listen on localhost:0: this machine does not have that address. Choose one of its own.", exception.Message);
    }

    [Fact]
    public async Task A_free_port_that_is_taken_at_the_second_address_is_given_back_for_another()
    {
        var busy = new HashSet<int> { 50_001, 50_002 };
        var transport = new Machine
        {
            Refuse = place => place.Address.Equals(IPAddress.IPv6Loopback) && busy.Contains(place.Port) ? SocketError.AddressAlreadyInUse : null,
        };
        await using var server = await StartAsync(transport, 0);
        Assert.All(server.EndPoints.Cast<IPEndPoint>(), static place => Assert.Equal(50_003, place.Port));
        Assert.Equal(server.EndPoints.Count, transport.Open);
    }

    [Fact]
    public async Task No_free_port_is_looked_for_without_an_end()
    {
        var transport = new Machine
        {
            Refuse = static place => place.Address.Equals(IPAddress.IPv6Loopback) ? SocketError.AddressAlreadyInUse : null,
        };
        await Assert.ThrowsAsync<ListenException>(() => StartAsync(transport, 0));
        Assert.Equal(0, transport.Open);
    }

    private static async Task<HttpServer> StartAsync(Machine transport, int port)
    {
        var server = new HttpServer(new HttpServerOptions { Transport = transport, Workers = 1, Endpoints = [HttpEndpoint.Localhost(port)] });
        await server.StartAsync();
        return server;
    }

    /// <summary>A machine's addresses and ports, without its network.</summary>
    private sealed class Machine : ITransport
    {
        private int _port = 50_000;

        public required Func<IPEndPoint, SocketError?> Refuse { get; init; }

        public int Open { get; private set; }

        public string Name => "machine";

        public ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(EndPoint endPoint, int backlog, CancellationToken cancellationToken)
        {
            var place = (IPEndPoint)endPoint;
            place = new IPEndPoint(place.Address, place.Port == 0 ? ++_port : place.Port);
            if (Refuse(place) is { } error)
            {
                throw new SocketException((int)error);
            }

            Open++;
            return new([new Listener(place, () => Open--)]);
        }

        public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => new([]);
    }

    private sealed class Listener(EndPoint endPoint, Action close) : IConnectionListener
    {
        private readonly TaskCompletionSource<TransportConnection?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndPoint EndPoint => endPoint;

        public ValueTask<TransportConnection?> AcceptAsync() => new(_end.Task);

        public ValueTask StopListeningAsync()
        {
            _end.TrySetResult(null);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            if (_end.TrySetResult(null))
            {
                close();
            }

            return ValueTask.CompletedTask;
        }
    }
}
