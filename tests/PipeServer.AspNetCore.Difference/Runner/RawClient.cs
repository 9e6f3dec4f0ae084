using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Difference.Runner;

/// <summary>Sends a request's bytes over a socket of its own and reads what comes.</summary>
internal static class RawClient
{
    /// <summary>How long one exchange may take before the test fails; far above what it needs on a busy machine.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(40);

    private static byte[] Probe { get; } = Encoding.ASCII.GetBytes("GET /alive HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n");

    /// <summary>Every answer to the request, the last with whether the connection then answers another one.</summary>
    public static async Task<IReadOnlyList<Answer>> ExchangeAsync(IPEndPoint server, DifferenceRequest request, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, deadline.Token);
        await using var stream = new NetworkStream(socket);
        var reader = new AnswerReader(stream);
        var bytes = request.ToBytes();
        var answers = new List<Answer>();
        for (var time = 0; time < request.Times; time++)
        {
            // Beside the reading: a server may answer, and stop reading, before it has all of a long body.
            var sending = SendAsync(stream, bytes, deadline.Token);
            answers.Add(await reader.ReadAsync(request.Method, deadline.Token));
            await sending;
        }

        var last = answers[^1];
        answers[^1] = last with { StaysOpen = last.IsComplete && last.Status != 101 && await IsOpenAsync(stream, reader, deadline.Token) };
        return answers;
    }

    private static async Task<bool> IsOpenAsync(Stream stream, AnswerReader reader, CancellationToken cancellationToken)
    {
        await SendAsync(stream, Probe, cancellationToken);
        return (await reader.ReadAsync("GET", cancellationToken)) is { Status: 200 };
    }

    private static async Task SendAsync(Stream stream, byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException)
        {
            // The server has closed: what it said before is the answer.
        }
    }
}
