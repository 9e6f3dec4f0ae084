using System.Net.Sockets;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// The bug: the streams of a client who left before its answers were garbage with their connection. One that opened a hundred and left, again and again, had
/// the collector stop everybody else for 20 ms at a time.
/// </summary>
[Collection(AllocationTests.Name)]
public sealed class LeavingClientTests
{
    private const int Streams = 100;

    // A stream with its fields is some 2 KB. The connection itself is not used again.
    private const int MostBytes = Streams * 500;

    [Theory]
    [InlineData("")]
    [InlineData("/worker")]
    public async Task Streams_of_a_client_that_leaves_before_its_answers_are_used_again(string way)
    {
        await using var host = await Http2Host.StartAsync("epoll", static server =>
        {
            server.MapGet("/file", Answer, Dispatch.Inline);
            server.MapGet("/worker/file", Answer);
        });
        byte[] opening = [.. Http2Frame.Preface, .. Http2Frame.SettingsOf((Setting.InitialWindowSize, 0)).Encode(), .. Http2Frame.SettingsAck().Encode()];
        var block = HpackBytes.Block([new(":method", "GET"), new(":scheme", "http"), new(":path", way + "/file"), new(":authority", "localhost")]);
        byte[] requests = [.. opening, .. Enumerable.Range(0, Streams).SelectMany(at => Http2Frame.Headers((2 * at) + 1, block).Encode())];
        await AllocationTests.AssertAllocatesAtMostAsync(MostBytes, () =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(enable: true, seconds: 0) };
#pragma warning disable VSTHRD103 // Asynchronous calls allocate.
            socket.Connect(host.Server.EndPoints[0]);
            socket.Send(requests);
            Await(() => host.Server.Requests.InFlight == Streams);
            socket.Close(); // by a reset
#pragma warning restore VSTHRD103
            Await(() => host.Server.Connections is var all && all.Closed + all.Aborted == all.Accepted);
            return Task.CompletedTask;
        });
        Assert.Equal(0, host.Server.Requests.InFlight);
    }

    private static void Answer(HttpRequest request, HttpResponse response) => response.WriteBytes("Hello, World!"u8, "text/plain");

    private static void Await(Func<bool> condition) =>
        Assert.True(SpinWait.SpinUntil(condition, TestClient.Patience), "the server has not come so far");
}
