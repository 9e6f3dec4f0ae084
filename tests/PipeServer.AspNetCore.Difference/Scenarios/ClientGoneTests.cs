using System.Net.Sockets;
using System.Text;
using Difference.Runner;

namespace Difference.Scenarios;

/// <summary>What an application hears of a client who leaves, and of an answer that has ended.</summary>
public sealed class ClientGoneTests(TwoServers servers)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_client_who_leaves_during_the_answer_aborts_the_request(int version)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            var name = $"gone-{version}";
            using (var client = Clients.Create(server, version))
            {
                using var response = await client.GetAsync(
                    new Uri($"/until-gone/{name}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
                await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
                await stream.ReadExactlyAsync(new byte[5], TestContext.Current.CancellationToken);
            }

            return await server.Log.HearAsync(name);
        });
        Assert.Equal("aborted", kestrel);
        Assert.Equal(kestrel, pipeServer);
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
}
