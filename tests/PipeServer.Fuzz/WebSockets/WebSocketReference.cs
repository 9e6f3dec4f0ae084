using System.Buffers.Binary;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>
/// What a server that echoes makes of all that a client sends and then ends its direction, written from RFC 6455 and RFC 7692 in the most direct way:
/// over the whole of the bytes, a frame at a time.
/// </summary>
/// <param name="inflater">Of the client's messages, where permessage-deflate was agreed on.</param>
/// <param name="maxMessageBytes">The server's limit of a message.</param>
internal sealed class WebSocketReference(Inflater? inflater, int maxMessageBytes)
{
    private readonly List<WebSocketEvent> _events = [];
    private readonly List<byte> _message = [];
    private int _kind; // of the message that is being received; 0 for none
    private bool _isCompressed;

    /// <summary>What is expected.</summary>
    public static WebSocketExpectation Expect(byte[] bytes, Inflater? inflater, int maxMessageBytes) =>
        new WebSocketReference(inflater, maxMessageBytes).Run(bytes);

    private WebSocketExpectation Run(byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            if (Take(bytes.AsSpan(at), out var length) is { } end)
            {
                return end;
            }

            at += length;
        }

        return Ends(CloseCode.None);
    }

    private WebSocketExpectation Ends(params int[] codes) => new(_events, codes);

    // Null: it goes on behind so many bytes.
    private WebSocketExpectation? Take(ReadOnlySpan<byte> bytes, out int taken)
    {
        taken = 0;
        var (isFinal, reserved, kind) = (bytes[0] >= 0x80, bytes[0] & 0x70, bytes[0] & 0x0F);
        var isWrong = (reserved & ~Frame.Compressed) != 0
            || (reserved != 0 && (inflater is null || kind is not Opcode.Text and not Opcode.Binary))
            || kind is (>= 3 and <= 7) or >= 11
            || (Opcode.IsControl(kind) && !isFinal)
            || (kind == Opcode.Continuation && _kind == 0)
            || (kind is Opcode.Text or Opcode.Binary && _kind != 0);
        if (bytes.Length == 1)
        {
            return isWrong ? Ends(CloseCode.None, CloseCode.ProtocolError) : Ends(CloseCode.None);
        }

        isWrong |= bytes[1] < 0x80 || (Opcode.IsControl(kind) && (bytes[1] & 0x7F) > 125);
        var (told, head) = (bytes[1] & 0x7F) switch { 126 => (126, 8), 127 => (127, 14), var small => (small, 6) };
        if (bytes.Length < head)
        {
            // Servers may say so already, or wait for the whole head.
            return isWrong || told > 125 || kind == Opcode.Close ? Ends(CloseCode.None, CloseCode.ProtocolError, CloseCode.TooBig) : Ends(CloseCode.None);
        }

        var length = told switch { 126 => BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]), 127 => BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]), _ => (ulong)told };
        if (isWrong || length >= 1UL << 63 || (told == 126 && length < 126) || (told == 127 && length <= ushort.MaxValue))
        {
            return Ends(CloseCode.ProtocolError);
        }

        var isWhole = (ulong)(bytes.Length - head) >= length;
        var payload = bytes.Slice(head, isWhole ? (int)length : bytes.Length - head).ToArray();
        var mask = bytes.Slice(head - 4, 4);
        for (var i = 0; i < payload.Length; i++)
        {
            payload[i] ^= mask[i & 3];
        }

        taken = head + payload.Length;
        return Opcode.IsControl(kind) ? (isWhole ? TakeControl(kind, payload) : kind == Opcode.Close && length == 1 ? Ends(CloseCode.None, CloseCode.ProtocolError) : Ends(CloseCode.None)) : TakeData(kind, payload, length, isFinal, isWhole, reserved != 0);
    }

    private WebSocketExpectation? TakeControl(int kind, byte[] payload)
    {
        if (kind == Opcode.Ping)
        {
            _events.Add(new WebSocketEvent(Opcode.Pong, payload));
        }

        if (kind != Opcode.Close)
        {
            return null;
        }

        if (payload.Length == 0)
        {
            return Ends(CloseCode.Empty, CloseCode.Normal);
        }

        var code = payload.Length == 1 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(payload);
        return !CloseCode.IsAllowed(code) ? Ends(CloseCode.ProtocolError)
            : Utf8Text.Look(payload.AsSpan(2)) != Utf8.Whole ? Ends(CloseCode.InvalidPayload)
            : Ends(code);
    }

    private WebSocketExpectation? TakeData(int kind, byte[] payload, ulong length, bool isFinal, bool isWhole, bool isCompressed)
    {
        if (kind != Opcode.Continuation)
        {
            (_kind, _isCompressed) = (kind, isCompressed);
        }

        var isTooLong = !_isCompressed && length + (ulong)_message.Count > (ulong)maxMessageBytes;
        _message.AddRange(payload);
        if (_isCompressed)
        {
            return TakeCompressed(isFinal && isWhole, isWhole);
        }

        var text = _kind == Opcode.Text ? Utf8Text.Look([.. _message]) : Utf8.Whole;
        if (isTooLong)
        {
            return text == Utf8.Wrong ? Ends(CloseCode.TooBig, CloseCode.InvalidPayload) : Ends(CloseCode.TooBig);
        }

        if (text == Utf8.Wrong && !isWhole && inflater is not null)
        {
            return Ends(CloseCode.InvalidPayload, CloseCode.None); // where a message may be compressed, a frame is looked at when it is whole
        }

        if (text == Utf8.Wrong || (text == Utf8.Half && isFinal && isWhole))
        {
            return Ends(CloseCode.InvalidPayload);
        }

        if (!isWhole)
        {
            return Ends(CloseCode.None);
        }

        if (isFinal)
        {
            Complete([.. _message]);
        }

        return null;
    }

    // A server decompresses as far as it can: when it notices what is wrong depends on how.
    private WebSocketExpectation? TakeCompressed(bool isLast, bool isWhole)
    {
        var result = inflater!.Inflate([.. _message], out var plain, isLast);
        var text = _kind == Opcode.Text ? Utf8Text.Look(plain) : Utf8.Whole;
        if (result == InflateResult.Doubtful || (isLast && result == InflateResult.Unfinished))
        {
            return new WebSocketExpectation(_events, [], IsPrefix: true);
        }

        if (result is InflateResult.Corrupt or InflateResult.TooLong || text == Utf8.Wrong)
        {
            int[] codes = [CloseCode.ProtocolError, CloseCode.InvalidPayload, CloseCode.TooBig];
            return isLast ? Ends(codes) : new WebSocketExpectation(_events, [], IsPrefix: true);
        }

        if (!isWhole)
        {
            return Ends(CloseCode.None);
        }

        if (isLast)
        {
            if (text == Utf8.Half)
            {
                return Ends(CloseCode.InvalidPayload);
            }

            Complete(plain);
        }

        return null;
    }

    private void Complete(byte[] message)
    {
        _events.Add(new WebSocketEvent(_kind, message));
        _message.Clear();
        _kind = 0;
    }
}
