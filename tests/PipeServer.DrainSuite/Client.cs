using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.DrainSuite;

/// <summary>One connection, byte by byte: what a client sees of a server that stops.</summary>
internal sealed class Client : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly StringBuilder _received = new();

    private Client(Socket socket) => _socket = socket;

    /// <summary>True when the last answer said that it was the last.</summary>
    public bool WasToldToClose { get; private set; }

    /// <summary>Null when nobody listens.</summary>
    public static async Task<Client?> TryConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            return new Client(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public static string Get(string path) => $"GET {path} HTTP/1.1\r\nHost: drain-suite\r\n\r\n";

    public static string Post(string path, string body) =>
        $"POST {path} HTTP/1.1\r\nHost: drain-suite\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>True when the server has ended the connection already: whoever looks first need not send.</summary>
    public bool IsEnded()
    {
        try
        {
            return _socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && _socket.Available == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    /// <summary>False when the connection does not take it any more.</summary>
    public async Task<bool> TrySendAsync(string text)
    {
        try
        {
            var bytes = Encoding.ASCII.GetBytes(text);
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await _socket.SendAsync(bytes.AsMemory(sent)).AsTask().WaitAsync(Patience);
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends a whole request and reads its whole answer.</summary>
    public async Task<RequestFate> ExchangeAsync(string request, string? expectedBody = null)
    {
        if (IsEnded())
        {
            return RequestFate.RefusedBeforeSending;
        }

        return await TrySendAsync(request) ? await ReadAnswerAsync(expectedBody) : RequestFate.Reset;
    }

    /// <summary>Reads one whole answer with status 200.</summary>
    public async Task<RequestFate> ReadAnswerAsync(string? expectedBody = null)
    {
        try
        {
            int end;
            while ((end = _received.ToString().IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
            {
                if (!await FillAsync())
                {
                    return RequestFate.Lost;
                }
            }

            var head = _received.ToString(0, end + 4);
            _received.Remove(0, end + 4);
            WasToldToClose = head.Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase);
            var body = await ReadBodyAsync(head);
            return body is null || !head.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) || (expectedBody is not null && body != expectedBody)
                ? RequestFate.Lost
                : RequestFate.Answered;
        }
        catch (SocketException)
        {
            return RequestFate.Reset;
        }
    }

    /// <summary>Reads until the server ends the connection; false when it ends with a reset.</summary>
    public async Task<bool> ReadToEndAsync()
    {
        try
        {
            while (await FillAsync())
            {
                _received.Clear();
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Waits for the first bytes; false when the connection ends instead.</summary>
    public async Task<bool> ReadSomeAsync() => await FillAsync();

    public void Dispose() => _socket.Dispose();

    private async Task<string?> ReadBodyAsync(string head)
    {
        var body = new StringBuilder();
        if (head.Contains("\r\nTransfer-Encoding: chunked\r\n", StringComparison.OrdinalIgnoreCase))
        {
            while (true)
            {
                var line = await ReadLineAsync();
                if (line is null)
                {
                    return null;
                }

                var size = int.Parse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                var chunk = await ReadExactlyAsync(size + 2);
                if (chunk is null || size == 0)
                {
                    return chunk is null ? null : body.ToString();
                }

                body.Append(chunk, 0, size);
            }
        }

        const string Field = "\r\nContent-Length: ";
        var at = head.IndexOf(Field, StringComparison.OrdinalIgnoreCase);
        var length = at < 0 ? 0 : int.Parse(head.AsSpan(at + Field.Length, head.IndexOf('\r', at + Field.Length) - at - Field.Length), NumberStyles.None, CultureInfo.InvariantCulture);
        return await ReadExactlyAsync(length);
    }

    private async Task<string?> ReadLineAsync()
    {
        int end;
        while ((end = _received.ToString().IndexOf("\r\n", StringComparison.Ordinal)) < 0)
        {
            if (!await FillAsync())
            {
                return null;
            }
        }

        var line = _received.ToString(0, end);
        _received.Remove(0, end + 2);
        return line;
    }

    private async Task<string?> ReadExactlyAsync(int length)
    {
        while (_received.Length < length)
        {
            if (!await FillAsync())
            {
                return null;
            }
        }

        var text = _received.ToString(0, length);
        _received.Remove(0, length);
        return text;
    }

    private async Task<bool> FillAsync()
    {
        var count = await _socket.ReceiveAsync(_buffer).WaitAsync(Patience);
        _received.Append(Encoding.Latin1.GetString(_buffer, 0, count));
        return count > 0;
    }
}
