using PipeServer.Fuzz.Http2Fuzz;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// A short run of the fuzzer of HTTP/2's frames, and all that it has ever found. By hand: <c>dotnet run --project tests/PipeServer.Fuzz -c Release -- --over
/// http2 --seconds 600</c>, and with <c>--tls</c>.
/// </summary>
public sealed class Http2FuzzTests
{
    private const int Connections = 480;
    private const int AtOnce = 16;

    /// <summary>Transports, and engines of TLS.</summary>
    public static TheoryData<string, TlsEngine?> Servers
    {
        get
        {
            var servers = new TheoryData<string, TlsEngine?> { { "memory", null }, { "sockets", null }, { "sockets", TlsEngine.SslStream } };
            if (OperatingSystem.IsLinux())
            {
                servers.Add("epoll", null);
                servers.Add("epoll", TlsFuzz.Engines[0]);
            }

            return servers;
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Whatever_frames_come_the_answers_are_the_references(string transport, TlsEngine? engine)
    {
        await using var check = await Http2Check.StartAsync(transport, engine);
        foreach (var file in Http2Attack.Files)
        {
            var problem = await check.FindAsync(Http2Attack.Read(file));
            Assert.True(problem is null, $"{file}: {problem}");
        }

        var next = 20261126;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            for (var round = 0; round < Connections / AtOnce; round++)
            {
                var seed = Interlocked.Increment(ref next);
                var problem = await check.FindAsync(Http2Attack.Of(seed));
                Assert.True(problem is null, $"--case {seed}: {problem}");
            }
        }));
        Assert.Null(await check.EndAsync());
    }
}
