using System.Net.Security;
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

    // Both tell the application: most such clients have left. Kestrel drops the answer that it still writes; PipeServer sends it, for clients that read on.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_who_half_closes_aborts_the_request(bool isTls)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            var name = $"half-closed-{isTls}";
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(isTls ? server.Secure : server.Plain, TestContext.Current.CancellationToken);
            await using var stream = await OpenAsync(socket, isTls);
            await stream.WriteAsync(Request($"/half-closed/{name}"), TestContext.Current.CancellationToken);
            await server.Log.HearAsync($"{name}-begun");
            socket.Shutdown(SocketShutdown.Send);
            var heard = await server.Log.HearAsync(name);
            using var reader = new StreamReader(stream);
            var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(RawClient.Patience);
            return (heard, IsAnswered: answer.Contains("answered"));
        });
        Assert.Equal(("aborted", false), kestrel);
        Assert.Equal(("aborted", true), pipeServer);
    }

    // GOAWAY alone says that the client opens no more streams of its own; the end of the connection is its end.
    [Fact]
    public async Task The_end_of_a_connection_of_http2_aborts_its_requests()
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(static async server =>
        {
            Socket? socket = null;
            using var client = Clients.Create(server, 2, connected: made => socket = made);
            var answer = client.GetAsync(new Uri("/half-closed/ended-2", UriKind.Relative), TestContext.Current.CancellationToken);
            await server.Log.HearAsync("ended-2-begun");
            socket!.Shutdown(SocketShutdown.Send);
            var heard = await server.Log.HearAsync("ended-2");
            await Record.ExceptionAsync(() => answer); // Kestrel drops it, PipeServer answers
            return heard;
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
        await socket.SendAsync(Request(target), TestContext.Current.CancellationToken);
        return socket;
    }

    private static byte[] Request(string target) => Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n");

    private static async Task<Stream> OpenAsync(Socket socket, bool isTls)
    {
        var stream = new NetworkStream(socket);
        if (!isTls)
        {
            return stream;
        }

        var tls = new SslStream(stream, leaveInnerStreamOpen: false, static (_, certificate, _, _) =>
            certificate?.GetCertHashString() == TestCertificate.Localhost.GetCertHashString());
        await tls.AuthenticateAsClientAsync("localhost");
        return tls;
    }
}
