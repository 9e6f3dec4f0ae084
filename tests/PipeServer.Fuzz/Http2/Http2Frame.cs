using System.Buffers.Binary;
using System.Text;

namespace PipeServer.Fuzz.Http2;

/// <summary>A frame, right or wrong as the caller wants it.</summary>
/// <param name="Kind">One of <see cref="FrameKind"/>, or any other.</param>
/// <param name="Flags">Of <see cref="Flag"/>.</param>
/// <param name="StreamId">With the reserved bit, if it is negative.</param>
/// <param name="Payload">What stands behind the header.</param>
internal sealed record Http2Frame(byte Kind, byte Flags, int StreamId, byte[] Payload)
{
    /// <summary>The length of a frame's header.</summary>
    public const int HeaderBytes = 9;

    /// <summary>The length that the header tells, where it is not the payload's.</summary>
    public int? ToldLength { get; init; }

    /// <summary>The first bytes of a connection (RFC 9113 §3.4).</summary>
    public static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    public bool EndsStream => Kind is FrameKind.Data or FrameKind.Headers && (Flags & Flag.EndStream) != 0;

    public bool EndsHeaders => (Flags & Flag.EndHeaders) != 0;

    public bool IsAck => Kind is FrameKind.Settings or FrameKind.Ping && (Flags & Flag.Ack) != 0;

    /// <summary>The payload without padding and without priority.</summary>
    public ReadOnlySpan<byte> Content
    {
        get
        {
            var at = (Flags & Flag.Padded) != 0 ? 1 : 0;
            var padding = at == 1 ? Payload[0] : 0;
            at += Kind == FrameKind.Headers && (Flags & Flag.Priority) != 0 ? 5 : 0;
            return Payload.AsSpan(at, Payload.Length - at - padding);
        }
    }

    /// <summary>The number of RST_STREAM, WINDOW_UPDATE, and GOAWAY's last stream.</summary>
    public int Number => Payload.Length < 4 ? -1 : BinaryPrimitives.ReadInt32BigEndian(Payload) & int.MaxValue;

    /// <summary>GOAWAY's error code.</summary>
    public int GoAwayCode => BinaryPrimitives.ReadInt32BigEndian(Payload.AsSpan(4));

    /// <summary>GOAWAY's words.</summary>
    public string GoAwayDebug => Encoding.Latin1.GetString(Payload.AsSpan(8));

    /// <summary>The pairs of SETTINGS.</summary>
    public IEnumerable<(int Id, uint Value)> Settings => Payload.Chunk(6)
        .Select(static pair => ((int)BinaryPrimitives.ReadUInt16BigEndian(pair), BinaryPrimitives.ReadUInt32BigEndian(pair.AsSpan(2))));

    public static Http2Frame Data(int stream, ReadOnlySpan<byte> bytes, bool end = false) =>
        new(FrameKind.Data, end ? Flag.EndStream : Flag.None, stream, bytes.ToArray());

    public static Http2Frame Data(int stream, string text, bool end = false) => Data(stream, Encoding.UTF8.GetBytes(text), end);

    /// <summary>A whole head.</summary>
    public static Http2Frame Headers(int stream, byte[] block, bool end = true) =>
        new(FrameKind.Headers, end ? Flag.EndBoth : Flag.EndHeaders, stream, block);

    public static Http2Frame Continuation(int stream, byte[] block, bool end = true) =>
        new(FrameKind.Continuation, end ? Flag.EndHeaders : Flag.None, stream, block);

    /// <summary>A head as HEADERS and as many frames of CONTINUATION as it needs.</summary>
    public static IEnumerable<Http2Frame> Head(int stream, byte[] block, bool end, int maxFrameBytes = 16384)
    {
        var pieces = block.Length == 0 ? [[]] : block.Chunk(maxFrameBytes).ToArray();
        return pieces.Select((piece, at) => at == 0
            ? new Http2Frame(FrameKind.Headers, (byte)((end ? Flag.EndStream : 0) | (pieces.Length == 1 ? Flag.EndHeaders : 0)), stream, piece)
            : Continuation(stream, piece, at == pieces.Length - 1));
    }

    public static Http2Frame Priority(int stream, int dependency, byte weight = 15) =>
        new(FrameKind.Priority, Flag.None, stream, [.. BigEndian(dependency), weight]);

    public static Http2Frame Reset(int stream, int code = Code.Cancel) => new(FrameKind.RstStream, Flag.None, stream, BigEndian(code));

    public static Http2Frame SettingsOf(params (int Id, long Value)[] settings) =>
        new(FrameKind.Settings, Flag.None, 0, [.. settings.SelectMany(static one => (byte[])[(byte)(one.Id >> 8), (byte)one.Id, .. BigEndian((int)one.Value)])]);

    public static Http2Frame SettingsAck() => new(FrameKind.Settings, Flag.Ack, 0, []);

    public static Http2Frame Ping(string eightCharacters = "pingpong", bool ack = false) =>
        new(FrameKind.Ping, ack ? Flag.Ack : Flag.None, 0, Encoding.Latin1.GetBytes(eightCharacters));

    public static Http2Frame GoAway(int last = 0, int code = Code.NoError, string debug = "") =>
        new(FrameKind.GoAway, Flag.None, 0, [.. BigEndian(last), .. BigEndian(code), .. Encoding.Latin1.GetBytes(debug)]);

    public static Http2Frame WindowUpdate(int stream, int increment) => new(FrameKind.WindowUpdate, Flag.None, stream, BigEndian(increment));

    public static Http2Frame PriorityUpdate(int prioritized, string value, int stream = 0) =>
        new(FrameKind.PriorityUpdate, Flag.None, stream, [.. BigEndian(prioritized), .. Encoding.Latin1.GetBytes(value)]);

    public static byte[] BigEndian(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    /// <summary>The same with padding: of DATA and HEADERS.</summary>
    public Http2Frame Pad(int bytes) => this with { Flags = (byte)(Flags | Flag.Padded), Payload = [(byte)bytes, .. Payload, .. new byte[bytes]] };

    /// <summary>HEADERS with the fields of RFC 7540's priority; padded behind, not before.</summary>
    public Http2Frame Depend(int dependency, byte weight = 15) =>
        this with { Flags = (byte)(Flags | Flag.Priority), Payload = [.. BigEndian(dependency), weight, .. Payload] };

    public byte[] Encode()
    {
        var length = ToldLength ?? Payload.Length;
        return [(byte)(length >> 16), (byte)(length >> 8), (byte)length, Kind, Flags, .. BigEndian(StreamId), .. Payload];
    }

    public override string ToString()
    {
        var name = Kind switch
        {
            FrameKind.Data => "DATA",
            FrameKind.Headers => "HEADERS",
            FrameKind.Priority => "PRIORITY",
            FrameKind.RstStream => $"RST_STREAM({Number})",
            FrameKind.Settings => "SETTINGS",
            FrameKind.PushPromise => "PUSH_PROMISE",
            FrameKind.Ping => "PING",
            FrameKind.GoAway => Payload.Length < 8 ? "GOAWAY" : $"GOAWAY({Number}, {GoAwayCode}, \"{GoAwayDebug}\")",
            FrameKind.WindowUpdate => $"WINDOW_UPDATE({Number})",
            FrameKind.Continuation => "CONTINUATION",
            FrameKind.PriorityUpdate => "PRIORITY_UPDATE",
            _ => $"frame {Kind}",
        };
        return $"{name} stream {StreamId} flags {Flags:x} length {ToldLength ?? Payload.Length}";
    }
}
