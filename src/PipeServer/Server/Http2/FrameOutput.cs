using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using PipeServer.Http.Frames;

namespace PipeServer.Server.Http2;

/// <summary>
/// Where a connection's frames are written to: the transport's output, with one flush for a turn. While a flush waits for the client nothing may be written
/// there: control frames go aside until then, and responses wait in their streams. The owner's.
/// </summary>
internal sealed class FrameOutput(Http2Connection connection)
{
    /// <summary>So much is written before it is flushed, and no more is taken from the client meanwhile.</summary>
    public const int MostUnflushed = 64 * 1024;

    /// <summary>So many bytes of control frames may wait for a client that does not read: then it is not read from either.</summary>
    public const int MostAside = 16 * 1024;

    // The reasons in GOAWAY are short sentences.
    private const int LongestReason = 256;

    private byte[]? _array; // the transport's block, between two flushes
    private bool _isCopied; // the transport's blocks are no arrays: what is written here is copied there
    private int _start; // what has been advanced over
    private int _at;
    private int _end;
    private int _written; // since the last flush
    private byte[] _aside = [];
    private int _asideLength;

    /// <summary>A flush is pending: only control frames are taken.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>The client reads so slowly that nothing more is to be taken from it.</summary>
    public bool IsFull => IsBusy ? _asideLength > MostAside : _written > MostUnflushed;

    /// <summary>There is something to flush.</summary>
    public bool HasWritten => _written > 0;

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset()
    {
        _array = null;
        _start = _at = _end = _written = _asideLength = 0;
        _aside = [];
        IsBusy = false;
    }

    /// <summary>Room for a frame, all of which is written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Take(int size)
    {
        if (_end - _at < size)
        {
            MakeRoom(size);
        }

        var room = new Span<byte>(_array, _at, size);
        _at += size;
        _written += size;
        return room;
    }

    /// <summary>Gives back the end of the room that was taken last.</summary>
    public void GiveBack(int size)
    {
        _at -= size;
        _written -= size;
    }

    /// <summary>All that was written is the transport's: before a flush.</summary>
    public void BeginFlush()
    {
        Advance();
        _array = null;
        _at = _start = _end = _written = 0;
    }

    /// <summary>The flush waits for the client.</summary>
    public void Wait() => IsBusy = true;

    /// <summary>It has ended: what was put aside follows.</summary>
    public void EndWait()
    {
        IsBusy = false;
        if (_asideLength > 0)
        {
            _aside.AsSpan(0, _asideLength).CopyTo(Take(_asideLength));
            _asideLength = 0;
        }
    }

    /// <summary>Begins a frame of control: its room but for the header, which is written.</summary>
    public Span<byte> Control(int length, FrameType type, FrameFlags flags, int streamId)
    {
        var room = IsBusy ? TakeAside(FrameHeader.Bytes + length) : Take(FrameHeader.Bytes + length);
        FrameHeader.Write(room, length, type, flags, streamId);
        return room[FrameHeader.Bytes..];
    }

    /// <summary>RST_STREAM.</summary>
    public void ResetStream(int streamId, ErrorCode code) =>
        BinaryPrimitives.WriteUInt32BigEndian(Control(4, FrameType.ResetStream, FrameFlags.None, streamId), (uint)code);

    /// <summary>WINDOW_UPDATE.</summary>
    public void WindowUpdate(int streamId, int increment) =>
        BinaryPrimitives.WriteInt32BigEndian(Control(4, FrameType.WindowUpdate, FrameFlags.None, streamId), increment);

    /// <summary>PING, or its acknowledgement.</summary>
    public void Ping(ReadOnlySpan<byte> payload, bool isAck) =>
        payload.CopyTo(Control(8, FrameType.Ping, isAck ? FrameHeader.Ack : FrameFlags.None, 0));

    /// <summary>The acknowledgement of SETTINGS.</summary>
    public void AcknowledgeSettings() => Control(0, FrameType.Settings, FrameHeader.Ack, 0);

    /// <summary>SETTINGS.</summary>
    public void Settings(ReadOnlySpan<(SettingId Id, int Value)> settings)
    {
        var room = Control(settings.Length * PeerSettings.EntryBytes, FrameType.Settings, FrameFlags.None, 0);
        foreach (var (id, value) in settings)
        {
            BinaryPrimitives.WriteUInt16BigEndian(room, (ushort)id);
            BinaryPrimitives.WriteInt32BigEndian(room[2..], value);
            room = room[PeerSettings.EntryBytes..];
        }
    }

    /// <summary>GOAWAY.</summary>
    public void GoAway(int lastStreamId, ErrorCode code, string reason)
    {
        Span<byte> text = stackalloc byte[LongestReason];
        var length = Encoding.ASCII.GetBytes(reason.AsSpan(0, Math.Min(reason.Length, LongestReason)), text);
        var room = Control(8 + length, FrameType.GoAway, FrameFlags.None, 0);
        BinaryPrimitives.WriteInt32BigEndian(room, lastStreamId);
        BinaryPrimitives.WriteUInt32BigEndian(room[4..], (uint)code);
        text[..length].CopyTo(room[8..]);
    }

    private Span<byte> TakeAside(int size)
    {
        if (_asideLength + size > _aside.Length)
        {
            Array.Resize(ref _aside, Math.Max(256, (_asideLength + size) * 2));
        }

        _asideLength += size;
        return _aside.AsSpan(_asideLength - size, size);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MakeRoom(int size)
    {
        Advance();
        var memory = connection.Output.GetMemory(size);
        _isCopied = !MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> segment);
        segment = _isCopied ? new ArraySegment<byte>(new byte[Math.Max(size, 4096)]) : segment;
        (_array, _start, _at, _end) = (segment.Array, segment.Offset, segment.Offset, segment.Offset + segment.Count);
    }

    private void Advance()
    {
        if (_at > _start)
        {
            if (_isCopied)
            {
                connection.Output.Write(new ReadOnlySpan<byte>(_array, _start, _at - _start));
            }
            else
            {
                connection.Output.Advance(_at - _start);
            }

            _start = _at;
        }
    }
}
