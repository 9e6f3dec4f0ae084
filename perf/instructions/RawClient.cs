using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>One connection that sends the same request over and over, and knows how long each answer is.</summary>
internal sealed class RawClient : ICountedClient
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 120_000 };
    private readonly byte[] _received = new byte[256 * 1024];
    private readonly byte[] _batch;
    private readonly int _depth;
    private readonly int _answerBytes;

    private RawClient(int port, byte[] request, int depth)
    {
        _socket.Connect(IPAddress.Loopback, port);
        Head = Ask(request, out _answerBytes);
        _depth = depth;
        _batch = [.. Enumerable.Repeat(request, depth).SelectMany(static bytes => bytes)];
    }

    /// <summary>The head of the first answer.</summary>
    public string Head { get; }

    /// <summary>Connects, and sends the request once.</summary>
    public static RawClient Connect(int port, Workload workload)
    {
        if (!workload.IsConditional)
        {
            return new RawClient(port, workload.Request(entityTag: null), workload.Depth);
        }

        using var first = new RawClient(port, workload.Request(entityTag: null), depth: 1);
        return new RawClient(port, workload.Request(Field(first.Head, "ETag")), workload.Depth);
    }

    /// <inheritdoc/>
    /// <exception cref="MeasurementException">The server has ended the connection.</exception>
    public void Run(int requests, Action? pause = null)
    {
        for (var sent = 0; sent < requests; sent += _depth)
        {
            pause?.Invoke();
            _socket.Send(_batch);
            for (var left = _answerBytes * _depth; left > 0;)
            {
                left -= Receive(_received, left);
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private static string? Field(string head, string name) =>
        head.Split("\r\n").FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    private string Ask(byte[] request, out int answerBytes)
    {
        _socket.Send(request);
        var length = 0;
        while (true)
        {
            length += Receive(_received.AsSpan(length), _received.Length - length);
            var end = _received.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                continue;
            }

            var head = Encoding.ASCII.GetString(_received, 0, end);
            if (Field(head, "Transfer-Encoding") is not null)
            {
                // Kestrel's JSON.
                while (!_received.AsSpan(0, length).EndsWith("\r\n0\r\n\r\n"u8))
                {
                    length += Receive(_received.AsSpan(length), _received.Length - length);
                }

                answerBytes = length;
                return head;
            }

            var body = head.StartsWith("HTTP/1.1 304", StringComparison.Ordinal)
                ? 0
                : int.Parse(Field(head, "Content-Length") ?? throw new MeasurementException($"an answer without a length:\n{head}"), CultureInfo.InvariantCulture);
            answerBytes = end + 4 + body;
            while (length < answerBytes)
            {
                length += Receive(_received.AsSpan(length), answerBytes - length);
            }

            return head;
        }
    }

    private int Receive(Span<byte> buffer, int most)
    {
        var received = _socket.Receive(buffer[..Math.Min(buffer.Length, most)]);
        return received > 0 ? received : throw new MeasurementException("the server has ended the connection.");
    }
}
