using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>A start that fails leaves nothing behind. It counts what the whole process has.</summary>
[Collection(nameof(RunsAlone))]
public sealed class FailedStartTests
{
    // What was bound and started stayed behind when something after the bind failed.
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_start_that_fails_after_the_bind_gives_the_port_back(string transport)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var place = (IPEndPoint)probe.LocalEndPoint!;
        probe.Dispose();
        var before = ProcessResources.Now();
        var server = new HttpServer(new HttpServerOptions
        {
            Port = place.Port,
            Transport = Transports.Create(transport),
            LoggerFactory = new FailingLoggers(),
        });
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.StartAsync());
        await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(place));
        await server.DisposeAsync();
        await before.ReturnedAsync();
    }

    private sealed class FailingLoggers : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => categoryName == "PipeServer.Workers"
            ? throw new InvalidOperationException("On purpose.")
            : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }
}
