using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using PipeServer.Tls.OpenSsl;

namespace PipeServer.Tests.Tls;

/// <summary>
/// A keep-alive request over OpenSSL allocates nothing once everything is warm: counted over a thousand requests, the client in the same process by blocking
/// calls. And connections leave nothing behind, however they end.
/// </summary>
[Collection(AllocationTests.Name)]
public sealed class OpenSslAllocationTests
{
    private const int Requests = 1000;
    private const int Overhead = 4096;

    [Theory]
    [InlineData("/plaintext", 0)]
    [InlineData("/worker", 0)]
    [InlineData("/large", 0)]
    [InlineData("/pinned", 0)]
    [InlineData("/echo", 1024)]
    [InlineData("/echo", 40_000)]
    public async Task A_request_allocates_nothing(string target, int bodyBytes)
    {
        var large = new byte[60_000];
        var prepared = new PreparedResponse(200, [new("Content-Type", "text/plain")], large);
        await using var server = await OpenSslServer.StartAsync(
            "epoll",
            server =>
            {
                server.MapGet("/plaintext", static (_, response) => response.WriteBytes("Hello, World!"u8, "text/plain"), Dispatch.Inline);
                server.MapGet("/worker", static (_, response) => response.WriteBytes("Hello, World!"u8, "text/plain"));
                server.MapGet("/large", (_, response) => response.WriteBytes(large, "text/plain"), Dispatch.Inline);
                server.MapGet("/pinned", (_, response) => response.Send(prepared), Dispatch.Inline);
                server.MapPost("/echo", EchoAsync, Dispatch.Inline);
            },
            static options => options.LoggerFactory = Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        var text = $"{(bodyBytes > 0 ? "POST" : "GET")} {target} HTTP/1.1\r\nHost: a\r\n{(bodyBytes > 0 ? $"Content-Length: {bodyBytes}\r\n" : "")}\r\n";
        var request = Encoding.ASCII.GetBytes(text + new string('x', bodyBytes));
        await using var client = await server.ConnectAsync(isBlocking: true);
        var buffer = new byte[64 * 1024];
#pragma warning disable CA1849, VSTHRD103 // Asynchronous calls would allocate.
        client.Write(request);
        var length = 0;
        var total = int.MaxValue;
        while (length < total)
        {
            length += client.Read(buffer, length, buffer.Length - length);
            var soFar = Encoding.ASCII.GetString(buffer, 0, length);
            if (soFar.IndexOf("\r\n\r\n", StringComparison.Ordinal) is > 0 and var end)
            {
                var field = soFar.IndexOf("Content-Length: ", StringComparison.Ordinal);
                total = field < 0
                    ? soFar.EndsWith("0\r\n\r\n", StringComparison.Ordinal) ? length : int.MaxValue
                    : end + 4 + int.Parse(soFar[(field + 16)..soFar.IndexOf('\r', field)], System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(buffer, 0, 20));
        await AllocationTests.AssertAllocatesAtMostAsync(Overhead, () =>
        {
            for (var i = 0; i < Requests; i++)
            {
                client.Write(request);
                for (var received = 0; received < length;)
                {
                    received += client.Read(buffer, 0, buffer.Length);
                }
            }

            return Task.CompletedTask;
        });
#pragma warning restore CA1849, VSTHRD103
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task Connections_leave_nothing_behind_however_they_end(string transport)
    {
        OpenSslServer.SkipWhereMissing();
        await using (var server = await OpenSslServer.StartAsync(transport, configure: static options => options.MaxConnections = 10_000))
        {
            for (var round = 0; round < 20; round++)
            {
                await Task.WhenAll(Enumerable.Range(0, 50).Select(i => UseAsync(server, i)));
            }
        }

        await Eventually.TrueAsync(static () => OpenSslHandle.Live == 0, "all is given back");

        static async Task UseAsync(OpenSslServer server, int number)
        {
            if (number % 5 == 4)
            {
                // Half a handshake.
                await using var raw = await TestClient.ConnectAsync(server.Server.EndPoints[0]);
                await raw.SendAsync(new byte[] { 22, 3, 1, 0, 200, 1 });
                return;
            }

            await using var client = await server.ConnectHttpAsync();
            if (number % 5 > 0)
            {
                Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/info", number % 5 == 1 ? ["Connection: close"] : []))).Status);
            }

            if (number % 5 == 3)
            {
                await client.SendAsync("GET /half");
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response)
    {
        response.ContentLength = request.ContentLength;
        while (true)
        {
            var read = await request.Body.ReadAsync(request.Aborted);
            foreach (var memory in read.Buffer)
            {
                response.Body.Write(memory.Span);
            }

            request.Body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }
}
