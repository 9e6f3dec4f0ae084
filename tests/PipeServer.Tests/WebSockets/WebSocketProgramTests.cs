using System.Collections.Concurrent;
using System.Net.Sockets;
using PipeServer.Fuzz.WebSockets;

namespace PipeServer.Tests.WebSockets;

/// <summary>The table once more, against the program itself: its <c>/ws</c> and <c>/ws/deflate</c>.</summary>
public sealed class WebSocketProgramTests
{
    [Fact]
    public async Task Every_case_goes_the_same_way_at_the_program()
    {
        await using var cli = await CliProcess.ServeAsync("--demo");
        var problems = new ConcurrentQueue<string>();

        // Limits are of the tests' own server.
        var cases = WebSocketCases.All.Where(static item => item.Path is "/ws" or "/ws/deflate" && !item.Close.Contains(CloseCode.TooBig));
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (item, _) =>
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(cli.EndPoint);
            await using var stream = new NetworkStream(socket);
            var connection = new WebSocketConnection(stream, () => socket.Shutdown(SocketShutdown.Send));
            if (item.Check(await connection.RunAsync(item.Path, item.Extensions, [item.Sent], isCut: item.IsCut)) is { } problem)
            {
                problems.Enqueue(problem);
            }
        });
        Assert.True(problems.IsEmpty, string.Join('\n', problems.Take(40)));
        Assert.DoesNotContain(cli.Errors, static line => line.Contains("threw", StringComparison.Ordinal));
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }
}
