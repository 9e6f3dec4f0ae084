using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Http;
using PipeServer.Routing;
using PipeServer.Server;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;
using PipeServer.Workers;

namespace PipeServer.Tests.Server;

public sealed class AddressQuotaTests
{
    // A client that came by IPv4 and by the same address mapped to IPv6 was two, and got twice its share.
    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    [InlineData("fe80::1", "fe80::1%2")]
    public void An_address_counts_once_however_it_is_written(string one, string other)
    {
        var quota = new AddressQuota(1);
        Assert.True(quota.TryTake(IPAddress.Parse(one)));
        Assert.False(quota.TryTake(IPAddress.Parse(other)));
        quota.Return(IPAddress.Parse(one));
        Assert.True(quota.TryTake(IPAddress.Parse(other)));
    }

    // A reload that began to count still had the object of a connection that had ended; it was another client's by then, admitted and not yet marked as
    // counted, and counted twice: its address had one connection less for ever.
    [Fact]
    public async Task A_connection_is_marked_as_counted_before_anybody_can_find_its_address()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It listens by epoll.");
        var options = new HttpServerOptions { Port = 0, MaxConnectionsPerAddress = 5 }.Validated();
        using var workers = new WorkerPool(1, 16);
        var transport = new EpollTransport();
        var late = new AddressQuota(1);
        var protocol = new Impatient(late);
        var context = new ServerContext(options, new RouteMap().ToTable(), workers, TimeProvider.System, NullLogger.Instance);
        protocol.Server = context;
        var listeners = await EndpointListeners.OpenAsync(options, transport, TestContext.Current.CancellationToken);
        var dispatcher = new ConnectionDispatcher(context, [new BoundListener(listeners[0].Listener, [], protocol)]);
        dispatcher.Start();
        await using (await TestClient.ConnectAsync((IPEndPoint)listeners[0].Listener.EndPoint))
        {
            await protocol.Served.Task.WaitAsync(TestClient.Patience, TestContext.Current.CancellationToken);
        }

        await dispatcher.StopAcceptingAsync();
        context.Heartbeat.Dispose();
        await EndpointListeners.CloseAsync(listeners.Select(static item => item.Listener), transport);
        Assert.True(late.TryTake(IPAddress.Loopback));
    }

    // Its connections are counted once more as soon as they have an address, if they let themselves be.
    private sealed class Impatient(AddressQuota quota) : IProtocol
    {
        public ServerContext Server { get; set; } = null!;

        public TaskCompletionSource Served { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Connection Rent() => new CountedOnceMore(this, quota);

        public void Return(Connection connection)
        {
        }

        public void WriteRefusal(IBufferWriter<byte> output, RequestError reason) => throw new NotSupportedException();
    }

    private sealed class CountedOnceMore(Impatient owner, AddressQuota quota) : Connection(owner.Server)
    {
        public override void Attach(TransportConnection transport, long id)
        {
            base.Attach(transport, id);
            CountBy(quota);
        }

        public override void Detach()
        {
        }

        public override void DescribeRequests(ICollection<RequestDescription> descriptions)
        {
        }

        protected override Task ServeAsync()
        {
            owner.Served.TrySetResult();
            return Task.CompletedTask;
        }
    }
}
