using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using PipeServer.Http.Frames;
using PipeServer.Platform;

namespace PipeServer.Server.Http2;

/// <summary>
/// Takes the client's frames, and holds each to RFC 9113 §4 to §6: what is a fault of the connection ends it, what is one of a stream resets that. What they
/// mean is the connection's business. The owner's.
/// </summary>
internal sealed class FrameReceiver(Http2Connection connection, FrameOutput output)
{
    private readonly ControlFrames _control = new(connection);
    private HeaderBlock _block;
    private bool _hasPreface;
    private bool _hasSettings;

    /// <summary>The connection has begun as RFC 9113 §3.4 wants it.</summary>
    public bool HasBegun => _hasSettings;

    /// <summary>The stream whose header block has begun and is not complete; 0: there is none.</summary>
    public int BlockStreamId => _block.StreamId;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        _block.End();
        _hasPreface = _hasSettings = false;
    }

    /// <summary>Takes all whole frames of a buffer, until the output is full or the connection has failed; what is left stays in it.</summary>
    public void Take(ref ReadOnlySequence<byte> buffer)
    {
        connection.LastStreamBefore = connection.LastStreamId;
        ThreadTurn.Begin();
        try
        {
            while (!buffer.IsEmpty && !connection.HasFailed && !output.IsFull)
            {
                var first = buffer.FirstSpan;
                var taken = Take(first);
                if (taken > 0)
                {
                    buffer = buffer.Slice(taken);
                }
                else if (buffer.IsSingleSegment || !TryTakeAcross(ref buffer))
                {
                    break;
                }
            }
        }
        finally
        {
            ThreadTurn.End();
        }
    }

    // Whole frames of one piece of memory.
    private int Take(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        if (!_hasPreface && !TryTakePreface(bytes, ref at))
        {
            return at;
        }

        while (bytes.Length - at >= FrameHeader.Bytes && !connection.HasFailed && !output.IsFull)
        {
            var header = FrameHeader.Read(bytes[at..]);
            if (header.Length > FrameHeader.MaxLength)
            {
                connection.Fail(ErrorCode.FrameSizeError, "a frame is longer than SETTINGS_MAX_FRAME_SIZE");
                break;
            }

            if (bytes.Length - at - FrameHeader.Bytes < header.Length)
            {
                break;
            }

            var payload = bytes.Slice(at + FrameHeader.Bytes, header.Length);
            at += FrameHeader.Bytes + header.Length;
            if (header.Type == FrameType.Headers && _hasSettings && _block.StreamId == 0)
            {
                OnHeaders(in header, payload);
            }
            else
            {
                OnOther(in header, payload);
            }
        }

        return at;
    }

    private bool TryTakePreface(ReadOnlySpan<byte> bytes, ref int at)
    {
        var length = Math.Min(bytes.Length, Preface.Length);
        if (!bytes[..length].SequenceEqual(Preface[..length]))
        {
            connection.Fail(ErrorCode.ProtocolError, "the connection does not begin with HTTP/2's preface");
            return false;
        }

        if (length < Preface.Length)
        {
            return false;
        }

        at = length;
        return _hasPreface = true;
    }

    // A frame, or the preface, that lies in several pieces; false where it is not whole.
    private bool TryTakeAcross(ref ReadOnlySequence<byte> buffer)
    {
        int length;
        if (!_hasPreface)
        {
            length = Preface.Length;
        }
        else if (buffer.Length < FrameHeader.Bytes)
        {
            return false;
        }
        else
        {
            Span<byte> bytes = stackalloc byte[FrameHeader.Bytes];
            buffer.Slice(0, FrameHeader.Bytes).CopyTo(bytes);
            var header = FrameHeader.Read(bytes);
            length = FrameHeader.Bytes + (header.Length > FrameHeader.MaxLength ? 0 : header.Length); // too long: its header is enough to tell
        }

        if (!_hasPreface && buffer.Length < length)
        {
            length = (int)buffer.Length; // a wrong one is told at once
        }

        if (buffer.Length < length)
        {
            return false;
        }

        var joined = ArrayPool<byte>.Shared.Rent(length);
        buffer.Slice(0, length).CopyTo(joined);
        var taken = Take(joined.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(joined);
        buffer = buffer.Slice(taken);
        return taken > 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void OnOther(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_block.StreamId != 0 && (header.Type != FrameType.Continuation || header.StreamId != _block.StreamId))
        {
            connection.Fail(ErrorCode.ProtocolError, "a header block was interrupted by another frame");
            return;
        }

        if (!_hasSettings && header.Type != FrameType.Settings)
        {
            connection.Fail(ErrorCode.ProtocolError, "the first frame is not SETTINGS");
            return;
        }

        switch (header.Type)
        {
            case FrameType.Data:
                OnData(in header, payload);
                break;
            case FrameType.Continuation:
                OnContinuation(in header, payload);
                break;
            case FrameType.Settings:
                _hasSettings |= _control.TryTakeSettings(in header, payload, isFirst: !_hasSettings);
                break;
            default:
                _control.Take(in header, payload);
                break;
        }
    }

    private void OnHeaders(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var id = header.StreamId;
        if ((id & 1) == 0)
        {
            connection.Fail(ErrorCode.ProtocolError, "HEADERS on a stream that no client can open");
            return;
        }

        var dependsOn = -1;
        if (header.Has(FrameFlags.Padded | FrameFlags.Priority) && !TryStrip(in header, ref payload, ref dependsOn))
        {
            return;
        }

        var endsStream = header.Has(FrameFlags.EndStream);
        if (dependsOn == id)
        {
            connection.Heads.MarkMalformed(id);
        }

        if (header.Has(FrameFlags.EndHeaders))
        {
            connection.Heads.OnHeaders(id, payload, endsStream);
            return;
        }

        _block.Begin(id, endsStream);
        AddFragment(payload);
    }

    private bool TryStrip(in FrameHeader header, ref ReadOnlySpan<byte> payload, ref int dependsOn)
    {
        var padding = 0;
        if (header.Has(FrameFlags.Padded))
        {
            if (payload.IsEmpty)
            {
                connection.Fail(ErrorCode.FrameSizeError, "a padded frame has no length of its padding");
                return false;
            }

            padding = payload[0];
            payload = payload[1..];
        }

        if (header.Type == FrameType.Headers && header.Has(FrameFlags.Priority))
        {
            if (payload.Length < 5)
            {
                connection.Fail(ErrorCode.FrameSizeError, "HEADERS is too short for the priority that it has");
                return false;
            }

            dependsOn = (int)(BinaryPrimitives.ReadUInt32BigEndian(payload) & 0x7FFF_FFFF);
            payload = payload[5..];
        }

        if (padding > payload.Length)
        {
            connection.Fail(ErrorCode.ProtocolError, "a frame has more padding than bytes");
            return false;
        }

        payload = payload[..^padding];
        return true;
    }

    private void OnContinuation(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_block.StreamId == 0)
        {
            connection.Fail(ErrorCode.ProtocolError, "CONTINUATION without HEADERS before it");
            return;
        }

        if (!connection.Spend(payload.IsEmpty ? ControlBudget.Empty : ControlBudget.Small, "CONTINUATION frames") || !AddFragment(payload)
            || !header.Has(FrameFlags.EndHeaders))
        {
            return;
        }

        connection.Heads.OnHeaders(_block.StreamId, _block.Bytes, _block.EndsStream);
        _block.End();
    }

    // As many bytes as a head may have are more than it has when it is encoded: beyond that nobody decodes it.
    private bool AddFragment(ReadOnlySpan<byte> fragment)
    {
        if (_block.TryAdd(fragment, connection.Rules.Head.MaxRequestHeadBytes * 2))
        {
            return true;
        }

        connection.Calm("a header block is longer than the server decodes");
        return false;
    }

    private void OnData(in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var unused = 0;
        if (header.StreamId == 0)
        {
            connection.Fail(ErrorCode.ProtocolError, "DATA on stream 0");
        }
        else if (!header.Has(FrameFlags.Padded) || TryStrip(in header, ref payload, ref unused))
        {
            connection.OnData(header.StreamId, payload, header.Length, header.Has(FrameFlags.EndStream));
        }
    }
}
