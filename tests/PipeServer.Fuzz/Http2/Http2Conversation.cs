using System.Globalization;
using System.Text;

namespace PipeServer.Fuzz.Http2;

/// <summary>
/// Both directions of one connection as its client sees them: what was sent (<see cref="Note"/>), what came (<see cref="Take"/>), and whether a server
/// may send that: states, windows, sizes, heads. Throws <see cref="InvalidDataException"/> where it may not.
/// </summary>
internal sealed class Http2Conversation
{
    private const int DefaultWindow = 65535;
    private readonly Queue<(int Id, uint Value)[]> _unacknowledged = new();
    private readonly Queue<byte[]> _pings = new();
    private readonly NaiveHpackDecoder _decoder = new();
    private readonly List<byte> _block = [];
    private readonly HashSet<int> _prioritized = [];
    private Http2Frame? _blockStart;
    private long _initialWindow = DefaultWindow;

    /// <summary>All frames that came.</summary>
    public List<Http2Frame> Frames { get; } = [];

    /// <summary>The streams that the client has opened.</summary>
    public SortedDictionary<int, Http2Response> Responses { get; } = [];

    /// <summary>The server's settings, the last value of each.</summary>
    public Dictionary<int, uint> ServerSettings { get; } = [];

    /// <summary>The streams that the server has reset, idle ones that the client had prioritized too, and the codes.</summary>
    public Dictionary<int, int> Resets { get; } = [];

    /// <summary>The last GOAWAY.</summary>
    public Http2Frame? GoAway { get; private set; }

    /// <summary>The largest frame that the server may send.</summary>
    public int MaxFrameBytes { get; private set; } = 16384;

    /// <summary>What the server may still send on the connection.</summary>
    public long Window { get; private set; } = DefaultWindow;

    /// <summary>What the client may still send on the connection.</summary>
    public long SendWindow { get; private set; } = DefaultWindow;

    /// <summary>What the server allows a stream at its begin.</summary>
    public long ServerInitialWindow { get; private set; } = DefaultWindow;

    /// <summary>Bytes read for which no WINDOW_UPDATE was sent on the connection.</summary>
    public int Unacknowledged { get; set; }

    /// <summary>How many SETTINGS of the client the server has not acknowledged.</summary>
    public int UnacknowledgedSettings => _unacknowledged.Count;

    /// <summary>How many PINGs of the client the server has not answered.</summary>
    public int UnansweredPings => _pings.Count;

    /// <summary>The code that the server has reset a stream with; null for none.</summary>
    public int? ResetOf(int stream) => Resets.TryGetValue(stream, out var code) ? code : null;

    /// <summary>The client sends this frame.</summary>
    public void Note(Http2Frame frame)
    {
        frame = frame with { StreamId = frame.StreamId & int.MaxValue };
        var stream = Responses.GetValueOrDefault(frame.StreamId);
        switch (frame.Kind)
        {
            case FrameKind.Headers when stream is null && frame.StreamId > 0:
                _prioritized.Remove(frame.StreamId);
                stream = Responses[frame.StreamId] = new Http2Response(frame.StreamId) { Window = _initialWindow, SendWindow = ServerInitialWindow };
                break;
            case FrameKind.Settings when !frame.IsAck && frame.Payload.Length % 6 == 0:
                NoteSettings([.. frame.Settings]);
                break;
            case FrameKind.Ping when !frame.IsAck:
                _pings.Enqueue(frame.Payload);
                break;
            case FrameKind.WindowUpdate when frame.Payload.Length == 4 && frame.StreamId == 0:
                Window += frame.Number;
                break;
            case FrameKind.WindowUpdate when frame.Payload.Length == 4 && stream is not null:
                stream.Window += frame.Number;
                break;
            case FrameKind.Data when stream is not null:
                stream.SendWindow -= frame.Payload.Length;
                SendWindow -= frame.Payload.Length;
                break;
            case FrameKind.Priority when stream is null:
                _prioritized.Add(frame.StreamId);
                break;
            case FrameKind.RstStream when stream is not null:
                stream.IsAbandoned = true;
                stream.IsRequestOver = true;
                break;
            default:
                break;
        }

        if (stream is not null && frame.EndsStream)
        {
            stream.IsRequestOver = true;
        }
    }

    /// <summary>This frame came.</summary>
    public void Take(Http2Frame frame)
    {
        Require(Frames.Count > 0 || (frame.Kind == FrameKind.Settings && !frame.IsAck), frame, "SETTINGS come first");
        Frames.Add(frame);
        Require(_blockStart is null || (frame.Kind == FrameKind.Continuation && frame.StreamId == _blockStart.StreamId), frame, "CONTINUATION is due");
        switch (frame.Kind)
        {
            case FrameKind.Headers:
                _blockStart = frame;
                _block.Clear();
                TakeBlock(frame, frame.Content);
                break;
            case FrameKind.Continuation:
                Require(_blockStart is not null, frame, "no head is open");
                TakeBlock(frame, frame.Payload);
                break;
            case FrameKind.Data:
                TakeData(frame);
                break;
            case FrameKind.RstStream:
                Require(frame.Payload.Length == 4 && Resets.TryAdd(frame.StreamId, frame.Number), frame, "4 bytes, once");
                if (!_prioritized.Contains(frame.StreamId))
                {
                    Opened(frame).ResetCode = frame.Number;
                }

                break;
            case FrameKind.Settings:
                TakeSettings(frame);
                break;
            case FrameKind.Ping:
                Require(frame.StreamId == 0 && frame.Payload.Length == 8, frame, "stream 0 and 8 bytes");
                Require(!frame.IsAck || (_pings.TryDequeue(out var sent) && sent.AsSpan().SequenceEqual(frame.Payload)), frame, "it answers no PING");
                break;
            case FrameKind.GoAway:
                Require(frame.StreamId == 0 && frame.Payload.Length >= 8 && (GoAway is null || frame.Number <= GoAway.Number), frame, "stream 0, 8 bytes, a last stream that never grows");
                GoAway = frame;
                break;
            case FrameKind.WindowUpdate:
                TakeWindowUpdate(frame);
                break;
            default:
                Require(frame.Kind != FrameKind.PushPromise, frame, "nobody asked for a push");
                break;
        }
    }

    private static void Require(bool condition, Http2Frame frame, string rule)
    {
        if (!condition)
        {
            throw new InvalidDataException($"The server sent {frame}: {rule}.");
        }
    }

    private Http2Response Opened(Http2Frame frame) => Responses.GetValueOrDefault(frame.StreamId)
        ?? throw new InvalidDataException($"The server sent {frame} on a stream that was never opened.");

    private void NoteSettings((int Id, uint Value)[] settings)
    {
        _unacknowledged.Enqueue(settings);
        foreach (var (id, value) in settings)
        {
            if (id == Setting.MaxFrameSize && value is >= 16384 and < 1 << 24)
            {
                MaxFrameBytes = Math.Max(MaxFrameBytes, (int)value);
            }
            else if (id == Setting.InitialWindowSize && value >= _initialWindow)
            {
                SetInitialWindow(value); // the server may use more from now on, and must use less from its ACK on
            }
        }
    }

    private void SetInitialWindow(uint value)
    {
        foreach (var response in Responses.Values)
        {
            response.Window += value - _initialWindow;
        }

        _initialWindow = value;
    }

    private void TakeBlock(Http2Frame frame, ReadOnlySpan<byte> piece)
    {
        _block.AddRange(piece);
        if (!frame.EndsHeaders)
        {
            return;
        }

        var start = _blockStart!;
        _blockStart = null;
        var fields = _decoder.Decode(_block.ToArray());
        var response = Opened(start);
        Require(GoAway is null || start.StreamId <= GoAway.Number, start, "the stream is beyond GOAWAY's last");
        Require(response.ResetCode is null, start, "the server has reset the stream");
        if (!response.IsAbandoned)
        {
            response.TakeHead(fields, start.EndsStream);
        }
    }

    private void TakeData(Http2Frame frame)
    {
        var response = Opened(frame);
        Require(response.ResetCode is null, frame, "the server has reset the stream");
        Window -= frame.Payload.Length;
        response.Window -= frame.Payload.Length;
        Require(frame.Payload.Length == 0 || Window >= 0, frame, string.Create(CultureInfo.InvariantCulture, $"the connection's window is exceeded by {-Window}"));
        Require(frame.Payload.Length == 0 || response.Window >= 0, frame, string.Create(CultureInfo.InvariantCulture, $"the stream's window is exceeded by {-response.Window}"));
        Unacknowledged += frame.Payload.Length;
        response.Unacknowledged += frame.Payload.Length;
        if (!response.IsAbandoned)
        {
            response.TakeData(frame.Content, frame.EndsStream);
        }
    }

    private void TakeSettings(Http2Frame frame)
    {
        Require(frame.StreamId == 0 && frame.Payload.Length % (frame.IsAck ? int.MaxValue : 6) == 0, frame, "stream 0 and 6 bytes each");
        if (frame.IsAck)
        {
            Require(_unacknowledged.TryDequeue(out var settings), frame, "there is no SETTINGS to acknowledge");
            var isLast = !_unacknowledged.Any(static later => later.Any(static one => one.Id == Setting.InitialWindowSize));
            foreach (var (id, value) in settings!)
            {
                if (id == Setting.InitialWindowSize && isLast)
                {
                    SetInitialWindow(value);
                }
                else if (id == Setting.MaxFrameSize && value is >= 16384 and < 1 << 24)
                {
                    MaxFrameBytes = (int)value;
                }
            }

            return;
        }

        foreach (var (id, value) in frame.Settings)
        {
            ServerSettings[id] = value;
            Require(id != Setting.EnablePush || value == 0, frame, "a server sends no ENABLE_PUSH but 0");
            Require(id != Setting.MaxFrameSize || value is >= 16384 and < 1 << 24, frame, "MAX_FRAME_SIZE is out of range");
            Require(id != Setting.InitialWindowSize || value <= int.MaxValue, frame, "INITIAL_WINDOW_SIZE is out of range");
            if (id == Setting.InitialWindowSize)
            {
                foreach (var response in Responses.Values)
                {
                    response.SendWindow += value - ServerInitialWindow;
                }

                ServerInitialWindow = value;
            }
        }
    }

    private void TakeWindowUpdate(Http2Frame frame)
    {
        Require(frame.Payload.Length == 4 && frame.Number > 0, frame, "4 bytes and no 0");
        if (frame.StreamId == 0)
        {
            SendWindow += frame.Number;
            Require(SendWindow <= int.MaxValue, frame, "the window overflows");
            return;
        }

        var response = Opened(frame);
        response.SendWindow += frame.Number;
        Require(response.SendWindow <= int.MaxValue, frame, "the window overflows");
    }

    public override string ToString()
    {
        var text = new StringBuilder("came: ");
        text.AppendJoin("; ", Frames.TakeLast(30));
        return text.Length > 2000 ? text.ToString(0, 2000) : text.ToString();
    }
}
