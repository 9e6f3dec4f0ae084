using System.Buffers.Binary;
using System.Text;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>Reads what a server sends, as strictly as RFC 6455 says what a server may send.</summary>
/// <param name="inflater">Decompresses, where permessage-deflate was agreed on; null where it was not.</param>
internal sealed class ServerFrames(Inflater? inflater)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<WebSocketEvent> _events = [];
    private readonly List<byte> _message = [];
    private byte[] _bytes = new byte[16 * 1024];
    private int _start;
    private int _end;
    private int _kind; // of the message that is being received; 0 for none
    private bool _isCompressed;

    /// <summary>What was received whole.</summary>
    public IReadOnlyList<WebSocketEvent> Events => _events;

    /// <summary>The close frame's code; <see cref="CloseCode.None"/> before it.</summary>
    public int Close { get; private set; } = CloseCode.None;

    /// <summary>What is wrong with what was received.</summary>
    public string? Fault { get; private set; }

    /// <summary>What has come of a message that has not ended: compressed, none.</summary>
    public WebSocketEvent? Part => _kind == 0 ? null : new WebSocketEvent(_kind, _isCompressed ? [] : _message.ToArray());

    /// <summary>Bytes that are no whole frame yet.</summary>
    public int Pending => _end - _start;

    /// <summary>Room for what is received next.</summary>
    public Memory<byte> GetMemory()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }

        if (_end == _bytes.Length)
        {
            if (_start > _bytes.Length / 2)
            {
                _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
                (_start, _end) = (0, _end - _start);
            }
            else
            {
                Array.Resize(ref _bytes, _bytes.Length * 4);
            }
        }

        return _bytes.AsMemory(_end);
    }

    /// <summary>Takes what has been received into <see cref="GetMemory"/>.</summary>
    public void Add(int count)
    {
        _end += count;
        while (Fault is null && TryTake())
        {
        }
    }

    private bool TryTake()
    {
        var bytes = _bytes.AsSpan(_start, _end - _start);
        if (bytes.Length < 2)
        {
            return false;
        }

        var (isFinal, reserved, kind) = (bytes[0] >= 0x80, bytes[0] & 0x70, bytes[0] & 0x0F);
        var (head, length) = (2, (ulong)(bytes[1] & 0x7F));
        Fault = Close != CloseCode.None ? "a frame follows the close frame"
            : bytes[1] >= 0x80 ? "a frame of the server is masked (RFC 6455 §5.1)"
            : (reserved & ~Frame.Compressed) != 0 || (reserved != 0 && (inflater is null || kind is not Opcode.Text and not Opcode.Binary)) ? "a reserved bit is set (§5.2)"
            : kind is not Opcode.Continuation and not Opcode.Text and not Opcode.Binary and not Opcode.Close and not Opcode.Ping and not Opcode.Pong ? "a reserved opcode (§5.2)"
            : Opcode.IsControl(kind) && (!isFinal || length > 125) ? "a control frame is fragmented or too long (§5.5)"
            : kind == Opcode.Continuation && _kind == 0 ? "a continuation of nothing (§5.4)"
            : kind is Opcode.Text or Opcode.Binary && _kind != 0 ? "a message within a message (§5.4)"
            : null;
        if (Fault is not null)
        {
            return false;
        }

        if (length >= 126)
        {
            head += length == 126 ? 2 : 8;
            if (bytes.Length < head)
            {
                return false;
            }

            var least = length == 126 ? 126u : 65536u;
            length = length == 126 ? BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) : BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]);
            if (length < least || length > int.MaxValue)
            {
                Fault = "a length is not told in the shortest way (§5.2)";
                return false;
            }
        }

        if ((ulong)(bytes.Length - head) < length)
        {
            return false;
        }

        _start += head + (int)length;
        Take(kind, isFinal, reserved != 0, bytes.Slice(head, (int)length));
        return true;
    }

    private void Take(int kind, bool isFinal, bool isCompressed, ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case Opcode.Close:
                TakeClose(payload);
                return;
            case Opcode.Ping or Opcode.Pong:
                _events.Add(new WebSocketEvent(kind, payload.ToArray()));
                return;
            case not Opcode.Continuation:
                (_kind, _isCompressed) = (kind, isCompressed);
                break;
        }

        _message.AddRange(payload);
        if (!isFinal)
        {
            return;
        }

        byte[] message = [.. _message];
        if (_isCompressed)
        {
            Fault = inflater!.TryInflate(message, out message);
        }

        Fault ??= _kind == Opcode.Text && !IsUtf8(message) ? "a text is not UTF-8 (§8.1)" : null;
        if (Fault is null)
        {
            _events.Add(new WebSocketEvent(_kind, message));
        }

        _message.Clear();
        _kind = 0;
    }

    private void TakeClose(ReadOnlySpan<byte> payload)
    {
        Close = payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : CloseCode.Empty;
        Fault = payload.Length == 1 || (payload.Length >= 2 && !CloseCode.IsAllowed(Close)) ? $"no code for a close frame: {Close} (§7.4)"
            : payload.Length > 2 && !IsUtf8(payload[2..].ToArray()) ? "a reason is not UTF-8 (§5.5.1)"
            : null;
    }

    private static bool IsUtf8(byte[] bytes)
    {
        try
        {
            StrictUtf8.GetCharCount(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }
}
