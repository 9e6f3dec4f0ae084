using System.Net.Sockets;

namespace PipeServer.Tests.Server;

/// <summary>What only a network can show: resets.</summary>
public abstract class Http1ConnectionOverNetworkTests(string transport) : Http1ConnectionTests(transport)
{
    private readonly string _transport = transport;

    // The abort of one response took the whole ones before it along: they were in the same unflushed batch.
    [Theory]
    [InlineData("/too-short")]
    [InlineData("/too-short-unflushed")]
    [InlineData("/too-long")]
    public async Task An_abort_does_not_take_the_answers_before_it_along(string target)
    {
        await using var server = await StartAsync(MapEverything);
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/inline/1") + TestClient.Get("/inline/2") + TestClient.Get(target));
        Assert.Equal("1", (await client.ReadResponseAsync()).Text);
        Assert.Equal("2", (await client.ReadResponseAsync()).Text);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await client.ReadResponseAsync();
            await client.ReadToEndAsync();
        });
        await Eventually.TrueAsync(() => server.Server.Requests is { Completed: 2, Aborted: 1 }, "two are completed, one is aborted");
    }

    // What lies in a unix socket was counted as not taken, and at more than it is: after five seconds every reader was too slow.
    [Fact]
    public async Task A_steady_reader_of_a_unix_socket_is_not_too_slow()
    {
        Assert.SkipUnless(Socket.OSSupportsUnixDomainSockets, "Unix sockets are not available here.");
        const int Length = 400_000;
        var path = Path.Combine(Path.GetTempPath(), $"pipeserver-{Guid.NewGuid():N}.sock");
        var body = new byte[Length];
        await using var server = await TestServer.StartAsync(
            _transport, server => server.MapGet("/", (_, response) => response.WriteBytes(body, "text/plain")), options => options.UnixSocketPath = path);
        await using var client = await TestClient.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await client.SendAsync(TestClient.Get("/", "Connection: close"));
        var read = 0;
        for (var part = -1; part != 0; read += part)
        {
            part = await client.ReadUpToAsync(read < Length / 4 ? 6_000 : Length);
            await Task.Delay(read < Length / 4 ? 500 : 0); // for eight seconds
        }

        Assert.InRange(read, Length + 50, Length + 1000);
    }
}
