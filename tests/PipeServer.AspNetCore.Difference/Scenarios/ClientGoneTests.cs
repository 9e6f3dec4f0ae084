using System.Net.Sockets;
using System.Text;
using Difference.Runner;

namespace Difference.Scenarios;

/// <summary>What an application hears of a client who leaves, and of an answer that has ended.</summary>
public sealed class ClientGoneTests(TwoServers servers)
{
    [Fact]
    public async Task A_reset_during_the_answer_aborts_the_request()
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(static async server =>
        {
            const string Name = "reset";
            using (var socket = await AskAsync(server, $"/until-gone/{Name}"))
            {
                await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken);
                socket.LingerState = new LingerOption(true, 0);
            }

            return await server.Log.HearAsync(Name);
        });
        Assert.Equal("aborted", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_client_who_leaves_while_the_answer_goes_on_aborts_the_request(int version)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(server => LeaveAsync(server, version, "going-on", $"going-{version}"));
        Assert.Equal("aborted", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [Fact]
    public async Task A_client_who_leaves_while_the_answer_waits_aborts_the_request_over_http2()
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(static server => LeaveAsync(server, 2, "until-gone", "gone-2"));
        Assert.Equal("aborted", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    // A known difference: for the core a client who has only ended its own side still reads, as nc and old proxies do, until a write fails; for Kestrel
    // it is gone. An application that waits without writing hears of it later.
    [Fact]
    public async Task A_client_who_half_closes_is_gone_for_Kestrel_and_answered_by_PipeServer()
    {
        const string Name = "half-closed";
        using var ofKestrel = await AskAsync(servers.Kestrel, $"/half-closed/{Name}");
        ofKestrel.Shutdown(SocketShutdown.Send);
        Assert.Equal("aborted", await servers.Kestrel.Log.HearAsync(Name));
        using var ofPipeServer = await AskAsync(servers.PipeServer, $"/half-closed/{Name}");
        await using var stream = new NetworkStream(ofPipeServer);
        ofPipeServer.Shutdown(SocketShutdown.Send);
        servers.PipeServer.Log.Say($"{Name}-answer", "now");
        using var reader = new StreamReader(stream);
        Assert.Contains("answered", await reader.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(RawClient.Patience));
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\nabc")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nab")]
    public async Task A_client_who_leaves_within_the_body_fails_the_read(string rest)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            var name = $"body-{rest.Length}";
            using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
            {
                await socket.ConnectAsync(server.Plain, TestContext.Current.CancellationToken);
                var bytes = Encoding.ASCII.GetBytes($"POST /until-body-gone/{name} HTTP/1.1\r\nHost: example.test\r\n{rest}");
                await socket.SendAsync(bytes, TestContext.Current.CancellationToken);
            }

            return (await server.Log.HearAsync(name)).Split(' ')[0];
        });
        Assert.Equal("True", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Callbacks_run_in_the_same_order(int version)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            using var client = Clients.Create(server, version);
            var name = $"order-{version}";
            await client.GetStringAsync(new Uri($"/hook/order/{name}", UriKind.Relative), TestContext.Current.CancellationToken);
            return await server.Log.HearAsync(name);
        });
        Assert.Equal("starting 2, starting 1, handler, completed 2, completed 1; 200 True", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [Fact]
    public async Task What_is_registered_for_disposal_is_disposed_of()
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            using var client = Clients.Create(server, 1);
            await client.GetStringAsync(new Uri("/hook/disposed", UriKind.Relative), TestContext.Current.CancellationToken);
            return await server.Log.HearAsync("disposed");
        });
        Assert.Equal("yes", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    private static async Task<string> LeaveAsync(ServerUnderComparison server, int version, string path, string name)
    {
        using (var client = Clients.Create(server, version))
        {
            using var response = await client.GetAsync(
                new Uri($"/{path}/{name}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await stream.ReadExactlyAsync(new byte[5], TestContext.Current.CancellationToken);
        }

        return await server.Log.HearAsync(name);
    }

    private static async Task<Socket> AskAsync(ServerUnderComparison server, string target)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Plain, TestContext.Current.CancellationToken);
        var request = Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n");
        await socket.SendAsync(request, TestContext.Current.CancellationToken);
        return socket;
    }
}
