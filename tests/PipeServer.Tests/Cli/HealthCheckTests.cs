using System.Net;
using System.Net.Sockets;
using System.Text;
using PipeServer.Cli;

namespace PipeServer.Tests.Cli;

/// <summary><c>pipeserver healthcheck</c>: exit codes and lines, against our server and against ones that answer wrongly or not at all.</summary>
public sealed class HealthCheckTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory]
    [InlineData(Ok, null)]
    [InlineData("HTTP/1.0 204 No Content\r\n\r\n", null)]
    [InlineData("HTTP/1.1 301 Moved Permanently\r\nLocation: /a/\r\n\r\n", null)]
    [InlineData("HTTP/1.1 399\r\n\r\n", null)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + Ok, null)]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "the answer is 400")]
    [InlineData("HTTP/1.1 503 \u001b[2J\r\n\r\n", "the answer is 503")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\n\r\n", "the answer is 101")]
    [InlineData("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 Error\r\n\r\n", "the answer is 500")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n", "the answer breaks off")]
    [InlineData("HTTP/1.1 2000 OK\r\n\r\n", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 99 \r\n\r\n", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 +20 OK\r\n\r\n", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n", "the answer is not HTTP/1.1")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 2OO OK\r\n\r\n", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 200\tOK\r\n\r\n", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 20", "the answer breaks off")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", "the answer breaks off")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "the answer breaks off")]
    [InlineData("HTTP/1.1 503 No\r\nContent-Length: 3\r\n\r\nok", "the answer is 503")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\nok", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "the answer breaks off")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n", "the answer breaks off")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx", "the answer breaks off")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nok\r\n", "the answer is not HTTP/1.1")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 9\r\n\r\nok", null)]
    [InlineData("HTTP/1.0 200 OK\n\nok", null)]
    [InlineData("", "the connection was closed without an answer")]
    public async Task The_answers_status_decides(string answer, string? problem)
    {
        foreach (var pieces in new[] { [answer], answer.Select(static c => c.ToString()).ToArray() })
        {
            using var listener = Listen(out var url);
            var asking = Task.Factory.StartNew(
                () => CheckAsync(url, TestClient.Patience), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
            using (var server = await listener.AcceptAsync().WaitAsync(TestClient.Patience))
            {
                server.NoDelay = true;
                await ReadHeadAsync(server);
                try
                {
                    foreach (var piece in pieces)
                    {
                        await server.SendAsync(Encoding.Latin1.GetBytes(piece));
                    }

                    server.Shutdown(SocketShutdown.Send);
                }
                catch (SocketException)
                {
                    // It has seen enough of what is not HTTP, and has closed.
                }

                Assert.Equal(problem, await asking.WaitAsync(TestClient.Patience));
            }
        }
    }

    // A server that kept its connection open behind a whole answer was waited for until the timeout, and was unhealthy then.
    [Theory]
    [InlineData(Ok, null)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", null)]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", null)]
    [InlineData("HTTP/1.1 404 Not Found\r\nCONTENT-LENGTH:0\r\n\r\n", "the answer is 404")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n2;a=b\r\nok\r\nC\r\n0123456789ab\r\n0\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n00\r\nA: b\r\n\r\n", null)]
    public async Task A_whole_answer_needs_no_end_of_the_connection(string answer, string? problem)
    {
        using var listener = Listen(out var url);
        var asking = Task.Factory.StartNew(
            () => CheckAsync(url, 2 * TestClient.Patience), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        using var server = await listener.AcceptAsync().WaitAsync(TestClient.Patience);
        await ReadHeadAsync(server);
        await server.SendAsync(Encoding.Latin1.GetBytes(answer));
        Assert.Equal(problem, await asking.WaitAsync(TestClient.Patience));
    }

    [Theory]
    [InlineData("", "no answer within 0.2 s")]
    [InlineData("HTTP/1.1 200 OK\r\nA: b\r\n", "no answer within 0.2 s")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nok", "the answer has no end within 0.2 s")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "the answer has no end within 0.2 s")]
    [InlineData("HTTP/1.1 500 Error\r\nContent-Length: 3\r\n\r\nok", "the answer is 500")]
    public async Task A_server_that_does_not_go_on_is_waited_for_until_the_timeout(string answer, string problem)
    {
        using var listener = Listen(out var url);
        var asking = Task.Factory.StartNew(
            () => CheckAsync(url, TimeSpan.FromSeconds(0.2)), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        using var server = await listener.AcceptAsync().WaitAsync(TestClient.Patience);
        await server.SendAsync(Encoding.Latin1.GetBytes(answer));
        Assert.Equal(problem, await asking.WaitAsync(TestClient.Patience));
    }

    // A status was enough, whatever became of the head that it began.
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n", null)]
    [InlineData("HTTP/1.1 500 Error\r\n\r\n", "the answer is 500")]
    [InlineData("HTTP/1.1 200 ", "the answer has a head of more than 65536 bytes")]
    [InlineData("HTTP/1.1 103 Early Hints\r\n", "the answer has a head of more than 65536 bytes")]
    public async Task Of_an_answer_without_an_end_no_more_is_read_than_a_head_may_have(string answer, string? problem)
    {
        using var listener = Listen(out var url);
        var asking = Task.Factory.StartNew(
            () => CheckAsync(url, TestClient.Patience), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        using var server = await listener.AcceptAsync().WaitAsync(TestClient.Patience);
        await ReadHeadAsync(server);
        await server.SendAsync(Encoding.Latin1.GetBytes(answer));
        try
        {
            await server.SendAsync(new byte[200_000]);
        }
        catch (SocketException)
        {
            // It has read enough, and has closed.
        }

        Assert.Equal(problem, await asking.WaitAsync(TestClient.Patience));
    }

    // The system's call to wait takes microseconds in an int: 36 minutes ended the process by a crash.
    [Fact]
    public async Task A_long_timeout_is_waited_by_turns()
    {
        using var listener = Listen(out var url);
        var asking = Task.Factory.StartNew(
            () => CheckAsync(url, TimeSpan.FromSeconds(1_000_000)), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
        using var server = await listener.AcceptAsync().WaitAsync(TestClient.Patience);
        await ReadHeadAsync(server);
        await server.SendAsync(Encoding.ASCII.GetBytes(Ok));
        Assert.Null(await asking.WaitAsync(TestClient.Patience));
    }

    [Fact]
    public async Task A_unix_socket_whose_backlog_is_full_is_tried_again_until_the_timeout()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A full backlog of a unix socket is refused at once on Linux.");
        var path = Path.Combine(Path.GetTempPath(), $"ps-{Guid.NewGuid():N}.sock");
        try
        {
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(0);
            using var first = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            first.Connect(new UnixDomainSocketEndPoint(path));
            Assert.Equal("no answer within 0.1 s", await CheckAsync($"unix:{path}:/", TimeSpan.FromSeconds(0.1)));
            using var accepted = await listener.AcceptAsync();
            var asking = Task.Factory.StartNew(
                () => CheckAsync($"http://unix:{path}:/a b?c", TestClient.Patience), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
            using var server = await listener.AcceptAsync().WaitAsync(TestClient.Patience);
            Assert.StartsWith("GET /a%20b?c HTTP/1.1\r\nHost: localhost\r\n", await ReadHeadAsync(server));
            await server.SendAsync(Encoding.ASCII.GetBytes(Ok));
            server.Shutdown(SocketShutdown.Send);
            Assert.Null(await asking.WaitAsync(TestClient.Patience));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", "127.0.0.1:8080", "/", "127.0.0.1:8080")]
    [InlineData("HTTP://[::1]/a?b", "[::1]:80", "/a?b", "[::1]")]
    [InlineData("http://example:81/%0d%0aX:y", null, "/%0d%0aX:y", "example:81")]
    [InlineData("http://[::1%25lo]:81/a", "[::1%1]:81", "/a", "[::1]:81")]
    [InlineData("http://unix:8080/a", null, "/a", "unix:8080")]
    [InlineData("http://unix/a", null, "/a", "unix")]
    [InlineData("unix:/run/a.sock", "/run/a.sock", "/", "localhost")]
    [InlineData("unix:a,b.sock:/healthz/live", "a,b.sock", "/healthz/live", "localhost")]
    [InlineData("http://unix:/run/a.sock:/b:/c", "/run/a.sock", "/b:/c", "localhost")]
    [InlineData("unix:@name:/a", "@name", "/a", "localhost")]
    public void A_url_names_a_place_and_what_is_asked(string url, string? address, string target, string host)
    {
        Assert.True(HealthCheckTarget.TryParse(url, out var parsed, out var problem), problem);
        Assert.Equal(address, parsed.Address?.ToString());
        Assert.StartsWith($"GET {target} HTTP/1.1\r\nHost: {host}\r\n", Encoding.ASCII.GetString(parsed.Request.Span));
    }

    [Fact]
    public async Task A_server_is_healthy_on_a_port_and_on_a_unix_socket_and_keeps_a_clean_ledger()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals cannot be sent to a process on Windows.");
        var path = Path.Combine(Path.GetTempPath(), $"ps-{Guid.NewGuid():N}.sock");
        await using var cli = await CliProcess.ServeAsync("--health", "--listen", "127.0.0.1:0", "--listen", $"unix:{path}");
        foreach (var url in new[] { $"http://{cli.EndPoint}/healthz/live", $"http://localhost:{cli.EndPoint.Port}/", $"unix:{path}:/healthz/ready", $"http://unix:{path}" })
        {
            Assert.Equal((0, ""), await RunAsync(url));
        }

        Assert.Equal((1, $"pipeserver: http://{cli.EndPoint}/nothing: the answer is 404."), await RunAsync($"http://{cli.EndPoint}/nothing"));
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.EndsWith("connections: 5 accepted, 5 closed, 0 aborted; requests: 5 received, 5 completed, 0 refused, 0 aborted.", cli.Output[^1]);
        Assert.Equal((1, $"pipeserver: unix:{path}: there is no such socket."), await RunAsync($"unix:{path}"));
        Assert.Equal((1, "pipeserver: unix:@pipeserver-nobody: Connection refused."), await RunAsync("unix:@pipeserver-nobody"));
        Assert.Equal((1, $"pipeserver: http://a.localhost:{cli.EndPoint.Port}: Connection refused."), await RunAsync($"http://a.localhost:{cli.EndPoint.Port}"));
        Assert.Equal((1, $"pipeserver: http://localhost:{cli.EndPoint.Port}: Connection refused."), await RunAsync($"http://localhost:{cli.EndPoint.Port}"));
    }

    [Theory]
    [InlineData("", "A URL is missing, like http://127.0.0.1:7878/healthz/live.")]
    [InlineData("127.0.0.1:7878", "'127.0.0.1:7878' is not a URL like http://127.0.0.1:7878/healthz/live or unix:/run/pipeserver.sock:/healthz/live.")]
    [InlineData("/healthz/live", "'/healthz/live'")]
    [InlineData("ftp://127.0.0.1/", "'ftp://127.0.0.1/': the scheme must be http or https, like ")]
    [InlineData("http://user:secret@127.0.0.1/", "a URL with a user or password in it is not supported.")]
    [InlineData("http://127.0.0.1/#a", "'http://127.0.0.1/#a': a fragment (#) is not sent to a server. Leave it out.")]
    [InlineData("http://127.0.0.1:0/", "'http://127.0.0.1:0/': no server has port 0.")]
    [InlineData("http://127.0.0.1:70000/", "'http://127.0.0.1:70000/' is not a URL like ")]
    [InlineData("unix:", "'unix:' is no unix socket: the path must have from 1 to 103 bytes.")]
    [InlineData("http://a/ b", "One URL is asked, and 'b' is too much.")]
    [InlineData("http://a/ --timeuot 1", "There is no option '--timeuot' for a health check. Did you mean --timeout?")]
    [InlineData("--version", "There is no option '--version' for a health check.")] // an option in the place of the URL crashed it
    [InlineData("-x", "There is no option '-x' for a health check.")]
    [InlineData("-1", "'-1' is not a URL like ")]
    [InlineData("-- -x", "'-x' is not a URL like ")]
    [InlineData("@file", "'@file' is not a URL like ")]
    [InlineData("http://a/ --port 1", "There is no option '--port' for a health check.")]
    [InlineData("http://a/ --timeout -1", "--timeout must be from 0.001 to 1000000; '-1' is not.")]
    [InlineData("http://a/ --timeout", "Required argument missing for option: '--timeout'.")]
    public async Task A_bad_command_line_is_one_line_and_exit_1(string arguments, string message)
    {
        var (exitCode, error) = await RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(1, exitCode);
        Assert.StartsWith($"pipeserver: {message}", error);
        Assert.EndsWith(" See 'pipeserver healthcheck --help'.", error);
        Assert.DoesNotContain("secret", error);
    }

    [Fact]
    public async Task Help_and_completion_know_it()
    {
        foreach (var (arguments, lines) in new (string[], string[])[]
        {
            (["--help"], ["healthcheck"]),
            (["healthcheck", "--help"], ["pipeserver healthcheck URL [options]", "--timeout SECONDS", "[3]", "unix:/run/pipeserver.sock:/healthz/ready"]),
            (["[suggest:4]", "heal"], ["healthcheck"]),
            (["[suggest:15]", "healthcheck --t"], ["--timeout"]),
        })
        {
            await using var cli = CliProcess.Start(CliProcess.PipeServer, arguments);
            Assert.Equal(0, await cli.EndAsync());
            Assert.All(lines, line => Assert.Contains(line, string.Join('\n', cli.Output)));
            Assert.Empty(cli.Errors);
        }
    }

    private static Task<string?> CheckAsync(string url, TimeSpan timeout)
    {
        Assert.True(HealthCheckTarget.TryParse(url, out var target, out var problem), problem);
        return new HealthCheck(target, timeout).RunAsync();
    }

    private static async Task<(int ExitCode, string Error)> RunAsync(params string[] arguments)
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, ["healthcheck", .. arguments]);
        var exitCode = await cli.EndAsync();
        Assert.Empty(cli.Output);
        return (exitCode, string.Join('\n', cli.Errors));
    }

    private static Socket Listen(out string url)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        url = $"http://{listener.LocalEndPoint}/";
        return listener;
    }

    private static async Task<string> ReadHeadAsync(Socket socket)
    {
        var buffer = new byte[4096];
        var length = 0;
        while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length)).AsTask().WaitAsync(TestClient.Patience);
            Assert.NotEqual(0, received);
            length += received;
        }

        return Encoding.ASCII.GetString(buffer, 0, length);
    }
}
