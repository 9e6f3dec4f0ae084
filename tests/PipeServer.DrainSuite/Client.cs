using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.DrainSuite;

/// <summary>One connection, byte by byte: what a client sees of a server that stops.</summary>
internal sealed class Client : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Wire _wire;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly StringBuilder _received = new();

    private Client(Wire wire) => _wire = wire;

    /// <summary>The body of the last answer; null when there was no whole one.</summary>
    public string? Body { get; private set; }

    /// <summary>The head of the last answer, whatever its status; null when there was none.</summary>
    public string? Head { get; private set; }

    /// <summary>True when the last answer said that it was the last.</summary>
    public bool WasToldToClose { get; private set; }

    /// <summary>True unless the connection was cut without a word: over TLS, without a close_notify.</summary>
    public bool HasEndedInOrder => _wire.HasEndedInOrder;

    /// <summary>Null when nobody listens, or when the handshake is not finished.</summary>
    /// <param name="port">Where.</param>
    /// <param name="isTls">It speaks TLS.</param>
    /// <param name="address">On which host; 127.0.0.1 if not named.</param>
    public static async Task<Client?> TryConnectAsync(int port, bool isTls, IPAddress? address = null)
    {
        var client = await TryBeginAsync(port, isTls, address: address);
        try
        {
            await (client?._wire.OpenAsync().WaitAsync(Patience) ?? Task.CompletedTask);
            return client;
        }
        catch (IOException)
        {
            client!.Dispose();
            return null;
        }
    }

    /// <summary>Connects and, with TLS, begins the handshake, which is finished when something is sent. Null when nobody listens.</summary>
    /// <param name="port">Where.</param>
    /// <param name="isTls">It speaks TLS.</param>
    /// <param name="held">How much of the handshake is held back until <see cref="Release"/>.</param>
    /// <param name="address">On which host; 127.0.0.1 if not named.</param>
    public static async Task<Client?> TryBeginAsync(int port, bool isTls, HeldHandshake held = HeldHandshake.None, IPAddress? address = null)
    {
        var wire = await TryConnectWireAsync(port, isTls, held, address: address);
        return wire is null ? null : new Client(wire);
    }

    /// <summary>What carries a connection, as <see cref="TryBeginAsync"/> makes it. Null when nobody listens.</summary>
    public static async Task<Wire?> TryConnectWireAsync(int port, bool isTls, HeldHandshake held = HeldHandshake.None, bool isHttp2 = false, IPAddress? address = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address ?? IPAddress.Loopback, port));
            return isTls ? new TlsWire(socket, held, isHttp2) : new PlainWire(socket);
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

    /// <summary>Lets the rest of the handshake go.</summary>
    public void Release() => (_wire as TlsWire)?.Release();

    /// <summary>False when the connection does not take it any more.</summary>
    public async Task<bool> TrySendAsync(string text)
    {
        try
        {
            await _wire.SendAsync(Encoding.ASCII.GetBytes(text)).WaitAsync(Patience);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Sends a whole request and reads its whole answer.</summary>
    public async Task<RequestFate> ExchangeAsync(string request, string? expectedBody = null)
    {
        // Whoever looks first need not send.
        if (await IsEndedAsync())
        {
            return RequestFate.RefusedBeforeSending;
        }

        return await TrySendAsync(request) ? await ReadAnswerAsync(expectedBody) : RequestFate.Reset;
    }

    /// <summary>Reads one whole answer with status 200.</summary>
    public async Task<RequestFate> ReadAnswerAsync(string? expectedBody = null)
    {
        Head = null;
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

            var head = Head = _received.ToString(0, end + 4);
            _received.Remove(0, end + 4);
            WasToldToClose = head.Contains("\r\nConnection: close\r\n", StringComparison.OrdinalIgnoreCase);
            var body = Body = await ReadBodyAsync(head);
            return body is null || !head.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal) || (expectedBody is not null && body != expectedBody)
                ? RequestFate.Lost
                : RequestFate.Answered;
        }
        catch (IOException)
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
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Waits for the first bytes; false when the connection ends instead.</summary>
    public async Task<bool> ReadSomeAsync() => await FillAsync();

    public void Dispose() => _wire.Dispose();

    private async Task<bool> IsEndedAsync()
    {
        try
        {
            return await _wire.IsEndedAsync().AsTask().WaitAsync(Patience);
        }
        catch (IOException)
        {
            return true;
        }
    }

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
        var count = await _wire.ReceiveAsync(_buffer).WaitAsync(Patience);
        _received.Append(Encoding.Latin1.GetString(_buffer, 0, count));
        return count > 0;
    }
}
