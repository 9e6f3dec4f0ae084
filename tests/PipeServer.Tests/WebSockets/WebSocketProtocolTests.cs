using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PipeServer.Fuzz.WebSockets;

namespace PipeServer.Tests.WebSockets;

/// <summary>
/// Every case of <see cref="WebSocketCases"/> on the wire: in one piece, in one piece with the handshake's request, a byte at a time and in pieces of any
/// sizes; over memory cut in two at every point. One suite, unchanged over each transport.
/// </summary>
public abstract class WebSocketProtocolTests(string transport)
{
    private const int AtOnce = 16;

    // Longer cases are about sizes.
    private const int MaxBytesOneByOne = 300;
    private const int MaxBytesCutEverywhere = 64;

    public static TheoryData<string> Sections => [.. WebSocketCases.All.Select(static item => item.Section).Distinct()];

    [Theory]
    [MemberData(nameof(Sections))]
    public async Task Every_case_goes_as_the_standard_says(string section)
    {
        await using var server = await TestServer.StartAsync(transport, WebSocketServer.Map);
        var problems = new ConcurrentQueue<string>();
        var runs = WebSocketCases.All.Where(item => item.Section == section).SelectMany(item => Ways(item).Select(way => (item, way)));
        await Parallel.ForEachAsync(runs, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (run, _) =>
        {
            var (item, (name, pieces, isBehindHead)) = run;
            if (problems.Count > AtOnce)
            {
                return;
            }

            await using var client = await server.ConnectAsync();
            var connection = new WebSocketConnection(client.Stream, client.ShutdownSend);
            if (item.Check(await connection.RunAsync(item.Path, item.Extensions, pieces, isBehindHead, item.IsCut)) is { } problem)
            {
                problems.Enqueue($"{name}: {problem}");
            }
        });
        Assert.True(problems.IsEmpty, string.Join('\n', [.. problems.Take(40), .. server.Log.Entries.Where(static entry => entry.Level >= LogLevel.Warning).Take(3).Select(static entry => $"{entry.Message} {entry.Exception}")]));
        Assert.DoesNotContain(server.Log.Entries, static entry => entry.Level >= LogLevel.Warning);
    }

    private IEnumerable<(string Name, IReadOnlyList<ReadOnlyMemory<byte>> Pieces, bool IsBehindHead)> Ways(WebSocketCase item)
    {
        var sent = item.Sent.AsMemory();
        yield return ("in one piece", [sent], false);
        if (transport.Contains('/') && sent.Length > MaxBytesOneByOne)
        {
            yield break; // over TLS each piece is a record
        }

        yield return ("with the handshake", [sent], true);
        if (sent.Length <= MaxBytesOneByOne)
        {
            yield return ("a byte at a time", [.. Enumerable.Range(0, sent.Length).Select(at => (ReadOnlyMemory<byte>)sent.Slice(at, 1))], false);
        }

        var pieces = new List<ReadOnlyMemory<byte>>();
        var random = new Random(sent.Length);
        var most = Math.Max(2, sent.Length / 5);
        for (var at = 0; at < sent.Length;)
        {
            var length = Math.Min(random.Next(1, most), sent.Length - at);
            pieces.Add(sent.Slice(at, length));
            at += length;
        }

        yield return ("in pieces", pieces, false);
        if (transport == "memory" && sent.Length <= MaxBytesCutEverywhere)
        {
            for (var split = 1; split < sent.Length; split++)
            {
                yield return ($"cut at {split}", [sent[..split], sent[split..]], false);
            }
        }
    }
}
