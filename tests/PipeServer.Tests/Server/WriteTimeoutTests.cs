using System.Net.Sockets;

namespace PipeServer.Tests.Server;

/// <summary>The write timeout counts from the client's last byte, by a clock in the test's hand, over the network and over unix sockets.</summary>
public abstract class WriteTimeoutTests(string transport)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();

    // The deadline was extended from when it was looked at, which was when it was over: a client that had read a little of a response, and
    // nothing more, was cut off after up to twice the timeout.
    [Theory]
    [InlineData("tcp", "/endless")]
    [InlineData("tcp", "/file")]
    [InlineData("unix", "/endless")]
    [InlineData("unix", "/file")]
    public async Task A_client_that_stops_reading_is_cut_off_by_the_timeout_after_its_last_byte(string place, string target)
    {
        var (server, path) = await StartAsync(place);
        await using var serving = server;
        try
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get(target));
            await client.ReadExactlyAsync(1000);
            await SettleAsync(TimeSpan.FromSeconds(3)); // the flush waits by now
            await client.ReadExactlyAsync(3_000_000);
            for (var beat = 0; beat < 12; beat++)
            {
                await SettleAsync(Beat); // what is on its way arrives, some of it with a probe of the system's, and beats find it
            }

            Advance(Timeout - TimeSpan.FromSeconds(3) - Beat); // a beat less than the timeout after the last byte that was read
            await Task.Delay(50);
            Assert.Equal(0, server.Server.Connections.Aborted);
            Advance(TimeSpan.FromSeconds(3) + Beat + Beat + Beat); // and the timeout after the last one that was acknowledged
            await Eventually.TrueAsync(() => server.Server.Connections.Aborted == 1, "it is cut off");
            Assert.Equal(1, server.Server.Requests.Aborted);
        }
        finally
        {
            await server.Server.StopAsync(new CancellationToken(canceled: true)); // no grace period: its clock stands still
            File.Delete(path);
        }
    }

    // Over a unix socket the time counted from when the system had last taken something, which it does when three quarters of its buffer
    // have been read, and over System.Net.Sockets from the end of the last whole send: a client that read steadily was cut off.
    [Theory]
    [InlineData("tcp")]
    [InlineData("unix")]
    public async Task A_client_that_reads_slowly_is_not_cut_off(string place)
    {
        var (server, path) = await StartAsync(place);
        await using var serving = server;
        try
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get("/large"));
            for (var round = 0; round < 6; round++)
            {
                // More than a piece of the system's buffer for each timeout, and over a unix socket less than makes room in it; over TLS a record more,
                // which the client may have already.
                for (var left = place != "unix" ? 1_000_000 : transport.Contains('/') ? 60_000 : 40_000; left > 0;)
                {
                    left -= await client.ReadUpToAsync(left); // not by the client's buffer
                }

                for (var beat = 0; beat < 36; beat++)
                {
                    await SettleAsync(Beat, 10);
                }
            }

            Assert.Equal(0, server.Server.Connections.Aborted);
        }
        finally
        {
            await server.Server.StopAsync(new CancellationToken(canceled: true)); // no grace period: its clock stands still
            File.Delete(path);
        }
    }

    private async Task SettleAsync(TimeSpan by, int milliseconds = 100)
    {
        await Task.Delay(milliseconds);
        Advance(by);
    }

    private void Advance(TimeSpan by) => _time.Advance(by);

    private async Task<(TestServer Server, string Path)> StartAsync(string place)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells what a client has taken.");
        Assert.SkipUnless(place == "tcp" || Socket.OSSupportsUnixDomainSockets, "Unix sockets are not available here.");
        var path = Path.Combine(Path.GetTempPath(), $"ps-{Guid.NewGuid():N}.sock");
        var file = path + ".bin";
        await using (var content = File.Create(file))
        {
            content.SetLength(40_000_000);
        }

        var opened = File.OpenHandle(file);
        File.Delete(file);
        var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/file", async (_, response) =>
                {
                    response.ContentLength = 40_000_000;
                    await response.SendFileAsync(opened, 0, 40_000_000);
                });
                server.MapGet("/large", static async (_, response) => await response.Body.WriteAsync(new byte[20_000_000]));
                server.MapGet("/endless", static async (_, response) =>
                {
                    var piece = new byte[10_000];
                    while (!(await response.Body.WriteAsync(piece)).IsCompleted)
                    {
                        // The client still takes it.
                    }
                });
            },
            options =>
            {
                options.TimeProvider = _time;
                options.ResponseWriteTimeout = Timeout;
                options.MinDataRate = 0;
                options.Endpoints = place == "unix" ? [HttpEndpoint.Unix(path)] : [];
            });
        return (server, path);
    }
}
