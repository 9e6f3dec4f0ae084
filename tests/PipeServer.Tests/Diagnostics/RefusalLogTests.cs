using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Tests.Diagnostics;

/// <summary>Refused clients in the log: the first at once, the others counted for a second, nothing kept for later and nothing lost.</summary>
public sealed class RefusalLogTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly TestLog _log = new();
    private readonly RefusalLog _refusals;

    public RefusalLogTests() => _refusals = new RefusalLog(_log, _time);

    public void Dispose() => _log.Dispose();

    [Fact]
    public void The_first_is_told_at_once_and_the_others_are_counted_when_the_second_is_over()
    {
        Refuse(400);
        Assert.Equal(["Refused 127.0.0.1:9: 400, because"], _log.Messages);
        _time.Advance(TimeSpan.FromSeconds(0.6));
        Refuse(503);
        Refuse(400);
        Refuse(503);
        Assert.Single(_log.Messages);
        _time.Advance(TimeSpan.FromSeconds(0.4)); // nothing else happens, and they are told all the same
        Assert.Equal("Refused 3 more within a second: 400 (1), 503 (2).", _log.Messages[^1]);
        Refuse(431);
        Assert.Equal("Refused 127.0.0.1:9: 431, because", _log.Messages[^1]);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(3, _log.Messages.Count);
        Assert.All(_log.Entries, static entry => Assert.Equal(LogLevel.Warning, entry.Level));
    }

    // A client of IPv4 on a socket for both families was told as [::ffff:192.0.2.7].
    [Theory]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7:9")]
    [InlineData("2001:db8::7", "[2001:db8::7]:9")]
    public void The_address_is_the_one_of_the_access_log(string address, string told)
    {
        _refusals.Tell(new IPEndPoint(IPAddress.Parse(address), 9), 400, "because");
        Assert.Equal([$"Refused {told}: 400, because"], _log.Messages);
    }

    [Fact]
    public void One_that_comes_alone_is_told_at_once_each_time()
    {
        for (var count = 1; count <= 3; count++)
        {
            Refuse(400);
            Assert.Equal(count, _log.Messages.Count);
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void The_end_tells_what_was_counted()
    {
        Refuse(400);
        Refuse(400);
        _refusals.TellCounted();
        _refusals.TellCounted();
        Assert.Equal(["Refused 127.0.0.1:9: 400, because", "Refused 1 more within a second: 400 (1)."], _log.Messages);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, _log.Messages.Count);
    }

    [Fact]
    public void A_client_of_a_unix_socket_has_no_address()
    {
        _refusals.Tell(null, 400, "because");
        _refusals.Tell(new UnixDomainSocketEndPoint("/x"), 400, "because");
        Assert.All(_log.Messages, static message => Assert.Equal("Refused a client of a unix socket: 400, because", message));
    }

    [Fact]
    public void A_log_without_warnings_costs_nothing()
    {
        var lines = new List<string>();
        var refusals = new RefusalLog(new LineLogger("", new LineLoggerFactory(LogLevel.Error, lines.Add, new PlainLineFormat(namesCategories: false))), _time);
        Assert.False(refusals.IsToBeTold(400));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(lines);
    }

    // Each is told or counted, whatever many threads do at the same time.
    [Fact]
    public async Task Nothing_is_lost_among_threads()
    {
        const int Threads = 4, Each = 5000;
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                Refuse(400);
                if (i % 100 == 0)
                {
                    _refusals.TellCounted();
                }
            }
        })));
        _refusals.TellCounted();
        var told = _log.Messages.Sum(static message => message.Contains(" more ") ? int.Parse(message.Split(' ')[1], null) : 1);
        Assert.Equal(Threads * Each, told);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    [InlineData("memory")]
    public async Task A_malformed_request_is_told_with_its_clients_address_and_the_reason(string transport)
    {
        await using var server = await TestServer.StartAsync(transport, static _ => { });
        await using var client = await server.ConnectAsync();
        Assert.Equal(400, (await client.RequestAsync("GET / HTTP/1.1\r\n\r\n")).Status);
        await Eventually.TrueAsync(() => server.Log.CountOf("Refused ") == 1, "the refusal is told");
        Assert.Contains(
            server.Log.Entries,
            static entry => entry.Level == LogLevel.Warning && entry.Message.EndsWith(": 400, an HTTP/1.1 request needs a Host header", StringComparison.Ordinal));
        if (transport != "memory")
        {
            Assert.Contains(server.Log.Messages, static message => message.StartsWith("Refused 127.0.0.1:", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_client_too_many_is_told()
    {
        await using var server = await TestServer.StartAsync("epoll", static _ => { }, static options => options.MaxConnections = 1);
        await using var first = await server.ConnectAsync();
        Assert.Equal(404, (await first.RequestAsync(TestClient.Get("/"))).Status);
        await using var second = await server.ConnectAsync();
        Assert.Equal(503, (await second.ReadResponseAsync()).Status);
        Assert.Equal(1, server.Log.CountOf("Refused 127.0.0.1:"));
    }

    private void Refuse(int status)
    {
        if (_refusals.IsToBeTold(status))
        {
            _refusals.Tell(new IPEndPoint(IPAddress.Loopback, 9), status, "because");
        }
    }
}
