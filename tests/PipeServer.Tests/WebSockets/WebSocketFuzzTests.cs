using PipeServer.Fuzz.WebSockets;

namespace PipeServer.Tests.WebSockets;

/// <summary>
/// A short run of the fuzzer of frames, and all that it has ever found. By hand: <c>dotnet run --project tests/PipeServer.Fuzz -c Release -- --over websocket
/// --seconds 600</c>.
/// </summary>
public sealed class WebSocketFuzzTests
{
    private const int Connections = 600;
    private const int AtOnce = 16;

    public static TheoryData<string> Names => OperatingSystem.IsLinux() ? ["memory", "epoll", "sockets"] : ["memory", "sockets"];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Whatever_frames_come_the_answers_are_the_references(string transport)
    {
        await using var check = await WebSocketCheck.StartAsync(transport);
        foreach (var file in WebSocketAttack.Files)
        {
            Assert.Null(await check.FindAsync(WebSocketAttack.Read(file)));
        }

        var next = 20261126;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            for (var round = 0; round < Connections / AtOnce; round++)
            {
                var seed = Interlocked.Increment(ref next);
                var problem = await check.FindAsync(WebSocketCheck.AttackOf(seed));
                Assert.True(problem is null, $"--case {seed}: {problem}");
            }
        }));
        Assert.Null(await check.EndAsync());
    }
}
