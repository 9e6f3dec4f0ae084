using System.Text;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>The client's end of a WebSocket, that sends any bytes and reads strictly. Every wait has a deadline.</summary>
/// <param name="stream">What carries it.</param>
/// <param name="endSending">Ends the client's direction of it.</param>
internal sealed class WebSocketConnection(Stream stream, Action endSending)
{
    private const string Key = "dGhlIHNhbXBsZSBub25jZQ=="; // RFC 6455 §1.3, with what must be answered
    private const string Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    private const int MaxHeadBytes = 8192;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ServerFrames _frames = new(null);
    private string? _fault;

    /// <summary>What was agreed on by the handshake; null for no extension.</summary>
    public string? Extensions { get; private set; }

    /// <summary>Completes with the server's close frame, or with the end of the connection.</summary>
    public Task Closed => _closed.Task;

    /// <summary>What has come so far. To be read when the connection has ended, or when nothing comes.</summary>
    public IReadOnlyList<WebSocketEvent> Events => _frames.Events;

    /// <summary>A request for a WebSocket.</summary>
    public static byte[] Request(string path, string? extensions = null) => Encoding.ASCII.GetBytes(
        $"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {Key}\r\n"
        + (extensions is null ? "" : $"Sec-WebSocket-Extensions: {extensions}\r\n") + "\r\n");

    /// <summary>
    /// Asks for a WebSocket, sends what it is given, answers the server's close frame where none of its own is among that, and reads to the end.
    /// </summary>
    /// <param name="path">Where the WebSocket is.</param>
    /// <param name="extensions">What is offered.</param>
    /// <param name="pieces">What is sent; each piece by a write of its own.</param>
    /// <param name="isBehindHead">The first piece goes with the request, before the server has answered.</param>
    /// <param name="isCut">The client ends its direction behind them.</param>
    public async Task<WebSocketOutcome> RunAsync(string path, string? extensions, IReadOnlyList<ReadOnlyMemory<byte>> pieces, bool isBehindHead = false, bool isCut = false)
    {
        var reading = ReadAsync();
        try
        {
            await SendAllAsync(Request(path, extensions), pieces, isBehindHead).WaitAsync(Patience);
            if (isCut)
            {
                endSending();
            }

            await _closed.Task.WaitAsync(Patience);
            if (!isCut)
            {
                // Who is told to close says so too (RFC 6455 §5.5.1); the server has sent its own, so that this may be one too many for it.
                await SendAsync(new Frame(Opcode.Close, []).Encode());
            }

            await reading.WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            _fault ??= $"the server neither answers nor ends the connection, {_frames.Pending} bytes of a frame are there";
        }

        return new WebSocketOutcome([.. _frames.Events], _frames.Close, _frames.Part, _fault ?? _frames.Fault);
    }

    /// <summary>Asks for a WebSocket, and reads from then on; true when the server has agreed.</summary>
    public async Task<bool> OpenAsync(string path, string? extensions = null)
    {
        Reading = ReadAsync();
        await SendAsync(Request(path, extensions));
        await _open.Task.WaitAsync(Patience);
        return _fault is null;
    }

    /// <summary>Completes with the end of the connection: null, or what was wrong.</summary>
    public Task Reading { get; private set; } = Task.CompletedTask;

    /// <summary>What was wrong with it.</summary>
    public string? Fault => _fault ?? _frames.Fault;

    /// <summary>The code of the server's close frame.</summary>
    public int Close => _frames.Close;

    /// <summary>Sends; a server that takes nothing more is none of its business.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await stream.WriteAsync(bytes);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // What it says to it is read, or is missed.
        }
    }

    private async Task SendAllAsync(byte[] request, IReadOnlyList<ReadOnlyMemory<byte>> pieces, bool isBehindHead)
    {
        await SendAsync(isBehindHead ? (byte[])[.. request, .. pieces[0].Span] : request);
        if (!isBehindHead)
        {
            await _open.Task;
        }

        for (var i = isBehindHead ? 1 : 0; i < pieces.Count; i++)
        {
            await SendAsync(pieces[i]);
            await Task.Yield();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            if (await ReadHeadAsync() is { } rest)
            {
                rest.CopyTo(_frames.GetMemory());
                _frames.Add(rest.Length);
                await ReadFramesAsync();
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            _fault ??= $"the connection was reset behind close {_frames.Close}: {exception.Message}";
        }
        finally
        {
            _open.TrySetResult();
            _closed.TrySetResult();
        }
    }

    private async Task ReadFramesAsync()
    {
        while (true)
        {
            if (_frames.Close != CloseCode.None || _frames.Fault is not null)
            {
                _closed.TrySetResult();
            }

            var count = await stream.ReadAsync(_frames.GetMemory());
            if (count == 0)
            {
                _fault ??= _frames.Pending > 0 && _frames.Fault is null ? "the connection ends within a frame" : null;
                return;
            }

            _frames.Add(count);
        }
    }

    // What follows the head; null when the server has not agreed.
    private async Task<byte[]?> ReadHeadAsync()
    {
        var buffer = new byte[MaxHeadBytes];
        var filled = 0;
        int end;
        while ((end = buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(filled));
            if (count == 0)
            {
                _fault = "the connection ends before the handshake is answered";
                return null;
            }

            filled += count;
        }

        var head = Encoding.Latin1.GetString(buffer, 0, end + 2);
        Extensions = Field(head, "Sec-WebSocket-Extensions");
        _fault = !head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal) || Field(head, "Sec-WebSocket-Accept") != Accept
            || !string.Equals(Field(head, "Upgrade"), "websocket", StringComparison.OrdinalIgnoreCase) || Field(head, "Connection") is not { } connection
            || !connection.Contains("upgrade", StringComparison.OrdinalIgnoreCase)
            ? $"the handshake was answered by {ParserCheck.Escape(head)}"
            : null;
        if (_fault is not null)
        {
            return null;
        }

        if (Extensions is not null)
        {
            _frames = new ServerFrames(new Inflater(
                Parameter(Extensions, "server_max_window_bits") ?? 15, !Extensions.Contains("server_no_context_takeover", StringComparison.Ordinal)));
        }

        _open.TrySetResult();
        return buffer[(end + 4)..filled];
    }

    /// <summary>The value of a field of a head; null where there is none.</summary>
    private static string? Field(string head, string name)
    {
        var at = head.IndexOf($"\r\n{name}: ", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : head[(at + name.Length + 4)..head.IndexOf("\r\n", at + 2, StringComparison.Ordinal)];
    }

    /// <summary>The number that a parameter of an extension has; null where it is not there, or says nothing.</summary>
    public static int? Parameter(string extensions, string name)
    {
        var at = extensions.IndexOf(name + "=", StringComparison.Ordinal);
        return at < 0 ? null : int.Parse(extensions[(at + name.Length + 1)..].Split(';', ',')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}
