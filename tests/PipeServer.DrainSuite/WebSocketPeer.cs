using System.Buffers.Binary;
using System.Text;

namespace PipeServer.DrainSuite;

/// <summary>The client's end of one WebSocket (RFC 6455), as far as the scenarios need one.</summary>
internal sealed class WebSocketPeer : IDisposable
{
    /// <summary>What a server that goes away closes with (§7.4.1).</summary>
    public const int GoingAway = 1001;

    private const int Text = 1;
    private const int CloseFrame = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Wire _wire;
    private readonly List<byte> _received = [];
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly List<byte> _message = [];

    private WebSocketPeer(Wire wire) => _wire = wire;

    /// <summary>The code of the server's close frame; 0 before it.</summary>
    public int CloseCode { get; private set; }

    /// <summary>Null when nobody listens, or the connection ends before the handshake was sent or answered: see <paramref name="wasSent"/>.</summary>
    /// <param name="port">Where, on 127.0.0.1.</param>
    /// <param name="isTls">It speaks TLS.</param>
    /// <param name="path">The route.</param>
    /// <param name="wasSent">Called when the handshake's request is with the system.</param>
    /// <param name="refused">Called with what has come instead.</param>
    public static async Task<WebSocketPeer?> TryOpenAsync(int port, bool isTls, string path, Action? wasSent = null, Action<string>? refused = null)
    {
        var wire = await Client.TryConnectWireAsync(port, isTls);
        if (wire is null)
        {
            refused?.Invoke("no connection");
            return null;
        }

        var peer = new WebSocketPeer(wire);
        try
        {
            await wire.OpenAsync().WaitAsync(Patience);
            if (await wire.IsEndedAsync().AsTask().WaitAsync(Patience))
            {
                refused?.Invoke("the connection has ended before the request");
                peer.Dispose();
                return null;
            }

            await wire.SendAsync(Encoding.ASCII.GetBytes(
                $"GET {path} HTTP/1.1\r\nHost: drain-suite\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")).WaitAsync(Patience);
            wasSent?.Invoke();
            if (await peer.IsAcceptedAsync())
            {
                return peer;
            }

            refused?.Invoke($"the answer is {Encoding.Latin1.GetString([.. peer._received])}");
        }
        catch (IOException exception)
        {
            refused?.Invoke(exception.Message);
        }

        peer.Dispose();
        return null;
    }

    /// <summary>Sends a text as one frame, or as one of several. False when the connection does not take it any more.</summary>
    /// <param name="text">ASCII.</param>
    /// <param name="isFirst">The message begins with it.</param>
    /// <param name="isLast">The message ends with it.</param>
    public Task<bool> TrySendAsync(string text, bool isFirst = true, bool isLast = true) => TrySendAsync(isFirst ? Text : 0, isLast, Encoding.ASCII.GetBytes(text));

    /// <summary>Reads the next message; null when the server closes instead, or ends the connection: <see cref="CloseCode"/>.</summary>
    public async Task<string?> ReadAsync()
    {
        try
        {
            while (CloseCode == 0)
            {
                var (isLast, opcode, payload) = await ReadFrameAsync();
                if (opcode == CloseFrame)
                {
                    CloseCode = payload.Length < 2 ? 1005 : BinaryPrimitives.ReadUInt16BigEndian(payload);
                }
                else if (opcode < CloseFrame)
                {
                    _message.AddRange(payload);
                    if (isLast)
                    {
                        var text = Encoding.ASCII.GetString([.. _message]);
                        _message.Clear();
                        return text;
                    }
                }
            }
        }
        catch (IOException)
        {
            // The end, as the code says.
        }

        return null;
    }

    /// <summary>What became of a message that was sent: echoed, or followed by the server's word that it goes.</summary>
    public async Task<RequestFate> ReadEchoAsync(string text) =>
        await ReadAsync() == text || CloseCode == GoingAway ? RequestFate.Answered : CloseCode != 0 ? RequestFate.Lost : RequestFate.Reset;

    /// <summary>Reads on until the server closes, answers that, and waits for the end; true when it was closed with 1001 and has ended in order.</summary>
    public async Task<bool> FinishAsync()
    {
        while (await ReadAsync() is not null)
        {
            // Echoes that nobody waits for.
        }

        await TrySendAsync(CloseFrame, isLast: true, [0x03, 0xE9]);
        return await EndsInOrderAsync() && CloseCode == GoingAway;
    }

    /// <summary>Closes, unless the server has, and waits for the end; true when that was in order.</summary>
    public async Task<bool> FinishAfterAsync()
    {
        await TrySendAsync(CloseFrame, isLast: true, [0x03, 0xE8]);
        while (await ReadAsync() is not null)
        {
            // Echoes that nobody waits for.
        }

        return CloseCode is GoingAway or 1000 && await EndsInOrderAsync();
    }

    public void Dispose() => _wire.Dispose();

    private async Task<bool> EndsInOrderAsync()
    {
        try
        {
            while (await FillAsync())
            {
                _received.Clear();
            }

            return _wire.HasEndedInOrder;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<bool> TrySendAsync(int opcode, bool isLast, byte[] payload)
    {
        byte[] mask = [0x12, 0x34, 0x56, 0x78];
        var frame = new List<byte> { (byte)((isLast ? 0x80 : 0) | opcode) };
        if (payload.Length <= 125)
        {
            frame.Add((byte)(0x80 | payload.Length));
        }
        else
        {
            var length = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
            frame.Add((byte)(0x80 | (payload.Length <= ushort.MaxValue ? 126 : 127)));
            frame.AddRange(payload.Length <= ushort.MaxValue ? length[6..] : length);
        }

        frame.AddRange(mask);
        frame.AddRange(payload.Select((value, at) => (byte)(value ^ mask[at & 3])));
        try
        {
            await _wire.SendAsync(frame.ToArray()).WaitAsync(Patience);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<bool> IsAcceptedAsync()
    {
        int end;
        while ((end = _received.ToArray().AsSpan().IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (!await FillAsync())
            {
                return false;
            }
        }

        var head = Encoding.Latin1.GetString([.. _received[..end]]);
        if (!head.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal) || !head.Contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", StringComparison.Ordinal))
        {
            return false;
        }

        _received.RemoveRange(0, end + 4);
        return true;
    }

    private async Task<(bool IsLast, int Opcode, byte[] Payload)> ReadFrameAsync()
    {
        var head = await TakeAsync(2);
        var length = (head[1] & 0x7F) switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await TakeAsync(2)),
            127 => (int)BinaryPrimitives.ReadUInt64BigEndian(await TakeAsync(8)),
            var small => small,
        };
        return (head[0] >= 0x80, head[0] & 0x0F, await TakeAsync(length));
    }

    private async Task<byte[]> TakeAsync(int count)
    {
        while (_received.Count < count)
        {
            if (!await FillAsync())
            {
                throw new IOException("The connection has ended within a frame, or without a close frame.");
            }
        }

        byte[] bytes = [.. _received[..count]];
        _received.RemoveRange(0, count);
        return bytes;
    }

    private async Task<bool> FillAsync()
    {
        var count = await _wire.ReceiveAsync(_buffer).WaitAsync(Patience);
        _received.AddRange(_buffer.AsSpan(0, count));
        return count > 0;
    }
}
