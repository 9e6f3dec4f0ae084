using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using PipeServer.Http;

namespace PipeServer.WebSockets;

/// <summary>
/// Takes a client's frames apart, and holds them to RFC 6455 §5: answers its pings, and hands out what its messages hold. Reads bytes where they have been
/// received, and keeps none. One caller at a time.
/// </summary>
/// <param name="output">Where pongs go.</param>
/// <param name="maxMessageBytes">The longest message.</param>
/// <param name="mayBeCompressed">Messages may be compressed: their frames are handed out as they came, by <see cref="TryTakeRaw"/>.</param>
internal sealed class FrameReader(FrameWriter output, long maxMessageBytes, bool mayBeCompressed)
{
    private FrameHeader _frame; // of the message; in progress while _hasFrame
    private long _taken; // of its payload
    private bool _hasFrame;
    private FrameOpcode _message; // what the message in progress is; Continuation: there is none
    private bool _isCompressed; // the message in progress
    private long _messageBytes; // of its frames so far
    private Utf8Check _text;
    private byte[]? _raw; // the header of the frame in progress, or a whole close frame, as it is to be handed out
    private int _rawTaken;

    /// <summary>How many messages have come as a whole.</summary>
    public long Messages { get; private set; }

    /// <summary>The rule that the client has broken, and the status that it is told.</summary>
    public (WebSocketCloseStatus Status, string Text)? Violation { get; private set; }

    /// <summary>There is something to take that needs no more bytes to come: what was looked at, and has left nothing to be read.</summary>
    public bool IsAtHand => _raw is not null || (_hasFrame && _taken == _frame.PayloadLength);

    /// <summary>The client's close frame has come.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The status of that; <see cref="WebSocketCloseStatus.Empty"/> where it had none.</summary>
    public WebSocketCloseStatus CloseStatus { get; private set; }

    /// <summary>The reason of that, perhaps empty.</summary>
    public string CloseReason { get; private set; } = "";

    /// <summary>Takes the next bytes of a message out of what has come.</summary>
    /// <param name="bytes">What has come; what is left of it afterwards is to be kept.</param>
    /// <param name="destination">Gets the bytes, from one frame at most. Empty to be told that there is something, which stays where it is.</param>
    /// <param name="result">What was taken, with <see cref="FrameRead.Data"/> and <see cref="FrameRead.Close"/>.</param>
    public FrameRead TryTake(ref ReadOnlySequence<byte> bytes, Span<byte> destination, out ValueWebSocketReceiveResult result)
    {
        result = default;
        while (true)
        {
            var found = TryBegin(ref bytes);
            if (found != FrameRead.Data)
            {
                result = found == FrameRead.Close ? new ValueWebSocketReceiveResult(0, WebSocketMessageType.Close, endOfMessage: true) : result;
                return found;
            }

            var type = _message == FrameOpcode.Text ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
            var left = _frame.PayloadLength - _taken;
            if (left > 0 && bytes.IsEmpty)
            {
                return FrameRead.NeedsMore;
            }

            if (destination.IsEmpty && (left > 0 || _frame.IsFinal))
            {
                result = new ValueWebSocketReceiveResult(0, type, endOfMessage: false);
                return FrameRead.Data;
            }

            var count = (int)Math.Min(Math.Min(left, bytes.Length), destination.Length);
            CopyPayload(ref bytes, destination[..count]);
            var isEnd = _taken == _frame.PayloadLength && _frame.IsFinal;
            if (_message == FrameOpcode.Text && (!_text.TryAdd(destination[..count]) || (isEnd && !_text.IsBetweenCharacters)))
            {
                return Refuse(WebSocketCloseStatus.InvalidPayloadData, "a text is not UTF-8");
            }

            EndFrameIfTaken();
            if (count > 0 || isEnd)
            {
                result = new ValueWebSocketReceiveResult(count, type, isEnd);
                return FrameRead.Data;
            }
        }
    }

    /// <summary>Takes the next bytes of the frames of messages, and of a close frame, header and mask included: what somebody else is to read.</summary>
    /// <param name="bytes">What has come; what is left of it afterwards is to be kept.</param>
    /// <param name="destination">Gets the bytes. Empty to be told that there are some, which stay where they are.</param>
    /// <param name="count">How many were taken.</param>
    public FrameRead TryTakeRaw(ref ReadOnlySequence<byte> bytes, Span<byte> destination, out int count)
    {
        count = 0;
        if (_raw is null)
        {
            var before = bytes;
            var hadFrame = _hasFrame;
            var found = TryBegin(ref bytes);
            if (found is FrameRead.NeedsMore or FrameRead.Violation)
            {
                return found;
            }

            if (found == FrameRead.Close)
            {
                (_raw, _rawTaken) = (CloseFrame(), 0);
            }
            else if (!hadFrame)
            {
                // Control frames may have come before it, so it is found from its end.
                var header = before.Slice(before.Length - bytes.Length - _frame.Length, _frame.Length);
                (_raw, _rawTaken) = (header.ToArray(), 0);
            }
        }

        if (_raw is { } raw)
        {
            count = Math.Min(raw.Length - _rawTaken, destination.Length);
            raw.AsSpan(_rawTaken, count).CopyTo(destination);
            _rawTaken += count;
            if (_rawTaken == raw.Length)
            {
                _raw = null;
                EndFrameIfTaken();
            }

            return FrameRead.Data;
        }

        if (bytes.IsEmpty)
        {
            return FrameRead.NeedsMore;
        }

        count = (int)Math.Min(Math.Min(_frame.PayloadLength - _taken, bytes.Length), destination.Length);
        bytes.Slice(0, count).CopyTo(destination);
        bytes = bytes.Slice(count);
        _taken += count;
        EndFrameIfTaken();
        return FrameRead.Data;
    }

    /// <summary>Counts a message that somebody else has read.</summary>
    public void CountMessage() => Messages++;

    // Data: a frame of a message is in progress. Deals with the control frames before it.
    private FrameRead TryBegin(ref ReadOnlySequence<byte> bytes)
    {
        while (!_hasFrame)
        {
            if (IsClosed)
            {
                bytes = bytes.Slice(bytes.End); // RFC 6455 §1.4: what comes behind a close frame is discarded
                return FrameRead.NeedsMore;
            }

            if (!TryReadHeader(bytes, out var header))
            {
                return Violation is null ? FrameRead.NeedsMore : FrameRead.Violation;
            }

            if (!header.IsControl)
            {
                bytes = bytes.Slice(header.Length);
                return Begin(header);
            }

            if (bytes.Length < header.Length + header.PayloadLength)
            {
                return FrameRead.NeedsMore;
            }

            var payload = bytes.Slice(header.Length, header.PayloadLength);
            bytes = bytes.Slice(payload.End);
            if (Control(header, payload) is var found and not FrameRead.Data)
            {
                return found;
            }
        }

        return FrameRead.Data;
    }

    private bool TryReadHeader(in ReadOnlySequence<byte> bytes, out FrameHeader header)
    {
        var first = bytes.FirstSpan;
        if (first.Length < FrameHeader.MaxLength && !bytes.IsSingleSegment)
        {
            var part = bytes.Slice(0, Math.Min(FrameHeader.MaxLength, bytes.Length));
            var copy = new byte[(int)part.Length]; // once in a block of received bytes at most
            part.CopyTo(copy);
            first = copy;
        }

        var isWhole = FrameHeader.TryRead(first, _message != FrameOpcode.Continuation, mayBeCompressed, out header, out var violation);
        if (violation is not null)
        {
            Refuse(WebSocketCloseStatus.ProtocolError, violation);
        }

        return isWhole;
    }

    private FrameRead Begin(in FrameHeader header)
    {
        (_frame, _taken) = (header, 0);
        if (header.Opcode != FrameOpcode.Continuation)
        {
            (_message, _isCompressed, _messageBytes) = (header.Opcode, header.IsCompressed, 0);
            _text.Reset();
        }

        // Of a compressed message only who decompresses it knows the length.
        if (!_isCompressed && header.PayloadLength > maxMessageBytes - _messageBytes)
        {
            return Refuse(WebSocketCloseStatus.MessageTooBig, "a message is longer than this server takes");
        }

        _messageBytes += _isCompressed ? 0 : header.PayloadLength;
        _hasFrame = true;
        return FrameRead.Data;
    }

    // Data: nothing to tell of.
    private FrameRead Control(in FrameHeader header, in ReadOnlySequence<byte> masked)
    {
        Span<byte> buffer = stackalloc byte[FrameHeader.MaxControlPayload];
        var payload = buffer[..(int)header.PayloadLength];
        var at = 0;
        foreach (var memory in masked)
        {
            FrameMask.Copy(memory.Span, payload[at..], header.Mask, at);
            at += memory.Length;
        }

        switch (header.Opcode)
        {
            case FrameOpcode.Ping:
                output.Pong(payload);
                return FrameRead.Data;
            case FrameOpcode.Pong:
                return FrameRead.Data;
            default:
                return Close(payload);
        }
    }

    private FrameRead Close(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
        {
            (CloseStatus, IsClosed) = (WebSocketCloseStatus.Empty, true);
            return FrameRead.Close;
        }

        var status = (payload[0] << 8) | payload[1];
        if (!CloseFrames.IsValid(status))
        {
            return Refuse(WebSocketCloseStatus.ProtocolError, "a close frame has a status code that must not be sent");
        }

        var reason = payload[2..];
        if (!System.Text.Unicode.Utf8.IsValid(reason))
        {
            return Refuse(WebSocketCloseStatus.InvalidPayloadData, "the reason in a close frame is not UTF-8");
        }

        (CloseStatus, CloseReason, IsClosed) = ((WebSocketCloseStatus)status, Encoding.UTF8.GetString(reason), true);
        return FrameRead.Close;
    }

    private void CopyPayload(ref ReadOnlySequence<byte> bytes, Span<byte> destination)
    {
        var part = bytes.Slice(0, destination.Length);
        if (part.IsSingleSegment)
        {
            FrameMask.Copy(part.FirstSpan, destination, _frame.Mask, _taken);
            _taken += destination.Length;
        }
        else
        {
            foreach (var memory in part)
            {
                FrameMask.Copy(memory.Span, destination, _frame.Mask, _taken);
                destination = destination[memory.Length..];
                _taken += memory.Length;
            }
        }

        bytes = bytes.Slice(part.End);
    }

    private void EndFrameIfTaken()
    {
        if (!_hasFrame || _taken < _frame.PayloadLength || _raw is not null)
        {
            return;
        }

        _hasFrame = false;
        if (_frame.IsFinal)
        {
            _message = FrameOpcode.Continuation;
            Messages += mayBeCompressed ? 0 : 1;
        }
    }

    private FrameRead Refuse(WebSocketCloseStatus status, string text)
    {
        Violation ??= (status, text);
        return FrameRead.Violation;
    }

    // As it came, but for the mask, which is zero.
    private byte[] CloseFrame()
    {
        var payload = CloseFrames.Payload(CloseStatus, CloseReason);
        return [0x88, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];
    }
}
