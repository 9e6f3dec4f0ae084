using System.Buffers.Binary;
using PipeServer.Fuzz.Http2;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>
/// What a server has to make, or may make, of all that a client sends, written from RFC 9113, RFC 7541 and RFC 9218 in the most direct way: over the whole
/// of the bytes, a frame at a time. It does not know when the server has answered what, so that of a frame on a stream that may be over by then it says
/// what may come of it.
/// </summary>
internal sealed class Http2Reference
{
    private const int MaxFrame = 16384;
    private const long DefaultWindow = 65535;
    private const long MaxWindow = int.MaxValue;

    // Beyond this the server has a limit of its own that ends the connection.
    private const int MaxBlock = 8192;

    // As much control work as no budget minds; the frames of a script that has more may be too many.
    private const int Patient = 100;

    private readonly NaiveHpackDecoder _decoder = new();
    private readonly SortedDictionary<int, ReferenceStream> _streams = [];
    private readonly Dictionary<int, HashSet<int>> _strangers = []; // streams that were not opened, and may be reset
    private readonly HashSet<int> _mayEnd = [];
    private readonly List<(Http2Frame Frame, int End)> _frames = [];
    private readonly List<byte> _block = [];
    private Http2Frame? _head; // of a block that goes on
    private HashSet<int>? _mustEnd;
    private int _maxId;
    private long _received;
    private long _added;
    private long _initialWindow = DefaultWindow;
    private int _controls;
    private bool _isLeft;
    private bool _isWrongBlock; // of a stream that cannot be opened any more

    private Http2Reference()
    {
    }

    /// <summary>What is expected of a client that sends this, and then waits.</summary>
    public static Http2Expectation Expect(ReadOnlySpan<byte> bytes)
    {
        var reference = new Http2Reference();
        if (!bytes.StartsWith(Http2Frame.Preface))
        {
            return new Http2Expectation(false, true, false, null, [], 0, new Dictionary<int, StreamExpectation>(), []);
        }

        var isTruncated = reference.TakeAll(bytes);
        return reference.Conclude(isTruncated);
    }

    private bool TakeAll(ReadOnlySpan<byte> bytes)
    {
        var at = Http2Frame.Preface.Length;
        while (_mustEnd is null && at < bytes.Length)
        {
            if (bytes.Length - at < Http2Frame.HeaderBytes)
            {
                return true;
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[at..]) >>> 8;
            var isWhole = bytes.Length - at - Http2Frame.HeaderBytes >= length;
            var payload = bytes.Slice(at + Http2Frame.HeaderBytes, isWhole ? length : bytes.Length - at - Http2Frame.HeaderBytes).ToArray();
            var frame = new Http2Frame(bytes[at + 3], bytes[at + 4], BinaryPrimitives.ReadInt32BigEndian(bytes[(at + 5)..]) & int.MaxValue, payload) { ToldLength = length };
            if (!isWhole)
            {
                TakePart(frame);
                return true;
            }

            at += Http2Frame.HeaderBytes + length;
            _frames.Add((frame, at));
            Take(frame, length);
        }

        return _mustEnd is null && _head is not null;
    }

    // A frame of which the header is there: a server may wait for the rest of what is wrong already.
    private void TakePart(Http2Frame frame)
    {
        _mayEnd.UnionWith([Code.ProtocolError, Code.FrameSizeError, Code.StreamClosed, Code.FlowControlError]);
        foreach (var stream in _streams.Where(stream => stream.Key == frame.StreamId))
        {
            stream.Value.MayReset.UnionWith([Code.ProtocolError, Code.FrameSizeError, Code.StreamClosed, Code.FlowControlError]);
        }
    }

    private void Take(Http2Frame frame, int length)
    {
        if (_frames.Count == 1 && (frame.Kind != FrameKind.Settings || frame.IsAck))
        {
            _mayEnd.Add(Code.FrameSizeError);
            End(Code.ProtocolError);
            return;
        }

        if (_head is not null && (frame.Kind != FrameKind.Continuation || frame.StreamId != _head.StreamId))
        {
            _mayEnd.UnionWith([Code.FrameSizeError, Code.CompressionError]); // a block may be decoded before it is whole
            End(Code.ProtocolError);
            return;
        }

        if (length > MaxFrame)
        {
            // Where it is about a stream alone, the stream may pay for it alone (§4.2).
            _mayEnd.UnionWith([Code.ProtocolError, Code.StreamClosed]);
            End(Code.FrameSizeError);
            return;
        }

        _controls += frame.Kind is FrameKind.Headers or FrameKind.Data && frame.Payload.Length > 0 ? 0 : 1;
        switch (frame.Kind)
        {
            case FrameKind.Data:
                TakeData(frame);
                break;
            case FrameKind.Headers:
                TakeHeaders(frame);
                break;
            case FrameKind.Continuation:
                TakeContinuation(frame);
                break;
            case FrameKind.RstStream:
                TakeReset(frame);
                break;
            case FrameKind.Priority:
                TakePriority(frame);
                break;
            case FrameKind.WindowUpdate:
                TakeWindowUpdate(frame);
                break;
            case FrameKind.Settings:
                TakeSettings(frame);
                break;
            case FrameKind.PushPromise:
                End(Code.ProtocolError);
                break;
            default:
                TakeOther(frame);
                break;
        }
    }

    // Unknown types are ignored (§4.1).
    private void TakeOther(Http2Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Ping:
                Require(frame.StreamId == 0, Code.ProtocolError);
                Require(frame.Payload.Length == 8, Code.FrameSizeError);
                break;
            case FrameKind.GoAway:
                Require(frame.StreamId == 0, Code.ProtocolError);
                Require(frame.Payload.Length >= 8, Code.FrameSizeError);
                _isLeft = true;
                break;
            case FrameKind.PriorityUpdate:
                TakePriorityUpdate(frame);
                break;
            default:
                break;
        }
    }

    private void TakePriorityUpdate(Http2Frame frame)
    {
        Require(frame.StreamId == 0, Code.ProtocolError);
        Require(frame.Payload.Length >= 4, Code.FrameSizeError);
        var id = frame.Number;
        Require(id > 0, Code.ProtocolError);
        if (_mustEnd is null && (id % 2 == 0 || id > _maxId || !frame.Payload.AsSpan(4).SequenceEqual("u=1"u8)))
        {
            // Streams that only a server opens, more idle ones than are let, values that are none (RFC 9218 §7.1).
            _mayEnd.UnionWith([Code.ProtocolError, Code.EnhanceYourCalm]);
        }
    }

    private void TakeData(Http2Frame frame)
    {
        Require(frame.StreamId > 0 && !IsIdle(frame.StreamId), Code.ProtocolError);
        if (!IsPaddingRight(frame, 0))
        {
            _mayEnd.Add(Code.StreamClosed);
            End(Code.ProtocolError, frame.Payload.Length == 0 ? Code.FrameSizeError : Code.ProtocolError);
        }

        if (_mustEnd is not null)
        {
            return;
        }

        _received += frame.Payload.Length;
        if (_received > DefaultWindow)
        {
            _mayEnd.Add(Code.FlowControlError);
        }

        if (!_streams.TryGetValue(frame.StreamId, out var stream) || stream.HasEnded || stream.IsReset)
        {
            IsClosed(frame.StreamId);
            return;
        }

        stream.Received += frame.Payload.Length;
        if (stream.Received > DefaultWindow)
        {
            stream.MayReset.Add(Code.FlowControlError);
        }

        stream.Body.AddRange(frame.Content);
        stream.HasEnded |= frame.EndsStream;
        CheckLength(stream);
    }

    private static void CheckLength(ReferenceStream stream)
    {
        if (stream.Fields is not null && HeadJudge.ContentLength(stream.Fields) is { } told && (stream.Body.Count > told || (stream.HasEnded && stream.Body.Count != told)))
        {
            stream.Verdict = stream.Verdict == HeadVerdict.Right ? HeadVerdict.Malformed : stream.Verdict;
        }
    }

    private void TakeHeaders(Http2Frame frame)
    {
        var (id, isPriority) = (frame.StreamId, (frame.Flags & Flag.Priority) != 0);
        Require(id > 0 && id % 2 == 1, Code.ProtocolError);
        if (!IsPaddingRight(frame, isPriority ? 5 : 0))
        {
            _mayEnd.UnionWith([Code.StreamClosed, Code.FrameSizeError]);
            End(Code.ProtocolError, Code.FrameSizeError);
        }

        // A number below one that was used, and was not used itself: it is closed (§5.1.1).
        if (id <= _maxId && !_streams.ContainsKey(id))
        {
            BeginWrongBlock(frame);
            return;
        }

        if (_mustEnd is not null)
        {
            return;
        }

        if (_streams.TryGetValue(id, out var stream) && (stream.HasEnded || stream.IsReset))
        {
            IsClosed(id);
        }
        else if (stream is null)
        {
            stream = _streams[id] = new ReferenceStream();
            stream.MayReset.UnionWith(_strangers.GetValueOrDefault(id) ?? []);
            _maxId = id;
        }

        if (isPriority && (BinaryPrimitives.ReadInt32BigEndian(frame.Payload.AsSpan((frame.Flags & Flag.Padded) != 0 ? 1 : 0)) & int.MaxValue) == id)
        {
            stream.MustFail |= stream.Fields is null;
            stream.MayReset.Add(Code.ProtocolError);
            _mayEnd.Add(Code.ProtocolError);
        }

        _head = frame;
        _block.Clear();
        AddToBlock(frame, frame.Content);
    }

    // A server may say so at once, or when the block is complete; and who decodes first what nobody wants may see that it depends on what never came.
    private void BeginWrongBlock(Http2Frame frame)
    {
        _mayEnd.UnionWith([Code.ProtocolError, Code.StreamClosed, Code.CompressionError]);
        if (_mustEnd is null && frame.EndsHeaders)
        {
            End(Code.ProtocolError, Code.StreamClosed);
        }

        (_head, _isWrongBlock) = (frame, true);
    }

    private void TakeContinuation(Http2Frame frame)
    {
        Require(_head is not null, Code.ProtocolError);
        if (_mustEnd is null && _isWrongBlock && frame.EndsHeaders)
        {
            End(Code.ProtocolError, Code.StreamClosed);
        }
        else if (_mustEnd is null && !_isWrongBlock)
        {
            AddToBlock(frame, frame.Payload);
        }
    }

    private void AddToBlock(Http2Frame frame, ReadOnlySpan<byte> piece)
    {
        _block.AddRange(piece);
        if (_block.Count > MaxBlock)
        {
            _mayEnd.UnionWith([Code.EnhanceYourCalm, Code.ProtocolError, Code.CompressionError, Code.InternalError]);
        }

        if (!frame.EndsHeaders)
        {
            return;
        }

        var (head, stream) = (_head!, _streams[_head!.StreamId]);
        _head = null;
        List<Field> fields;
        try
        {
            fields = _decoder.Decode([.. _block]);
        }
        catch (InvalidDataException)
        {
            End(Code.CompressionError);
            return;
        }

        if (stream.HasEnded || stream.IsReset)
        {
            return; // it was closed before, and only the table had to know
        }

        stream.HasEnded |= head.EndsStream;
        if (stream.Fields is null)
        {
            stream.Fields = fields;
            stream.HasBody = !head.EndsStream;
            stream.Verdict = HeadJudge.Judge(fields);
        }
        else
        {
            // A second one ends the body (§8.1).
            var verdict = head.EndsStream ? HeadJudge.JudgeTrailers(fields) : HeadVerdict.Malformed;
            stream.Verdict = verdict == HeadVerdict.Right || stream.Verdict == HeadVerdict.Malformed ? stream.Verdict : verdict;
            if (!head.EndsStream)
            {
                _mayEnd.UnionWith([Code.ProtocolError, Code.StreamClosed]);
                stream.MayReset.Add(Code.ProtocolError);
            }
        }

        CheckLength(stream);
    }

    private void TakeReset(Http2Frame frame)
    {
        Require(frame.StreamId > 0 && !IsIdle(frame.StreamId), Code.ProtocolError);
        Require(frame.Payload.Length == 4, Code.FrameSizeError);
        if (_mustEnd is null && _streams.TryGetValue(frame.StreamId, out var stream))
        {
            stream.IsReset = true;
        }
    }

    private void TakePriority(Http2Frame frame)
    {
        Require(frame.StreamId > 0, Code.ProtocolError);
        var isSelf = frame.Payload.Length == 5 && frame.Number == frame.StreamId;
        if (_mustEnd is null && (frame.Payload.Length != 5 || isSelf))
        {
            var code = isSelf ? Code.ProtocolError : Code.FrameSizeError;
            _mayEnd.Add(code);
            MayReset(frame.StreamId, code);
        }
    }

    private void TakeWindowUpdate(Http2Frame frame)
    {
        Require(frame.StreamId == 0 || !IsIdle(frame.StreamId), Code.ProtocolError);
        if (frame.Payload.Length != 4)
        {
            End(Code.FrameSizeError);
        }

        if (_mustEnd is not null)
        {
            return;
        }

        var stream = _streams.GetValueOrDefault(frame.StreamId);
        if (frame.Number == 0)
        {
            if (frame.StreamId == 0)
            {
                End(Code.ProtocolError);
                return;
            }

            _mayEnd.Add(Code.ProtocolError);
            MayReset(frame.StreamId, Code.ProtocolError);
        }
        else if (frame.StreamId == 0)
        {
            _added += frame.Number;
            if (_added + DefaultWindow > MaxWindow)
            {
                _mayEnd.Add(Code.FlowControlError); // for certain, unless the server had sent that much by then
            }
        }
        else if (stream is not null)
        {
            stream.Added += frame.Number;
            if (stream.Added + _initialWindow > MaxWindow)
            {
                stream.MayReset.Add(Code.FlowControlError);
                _mayEnd.Add(Code.FlowControlError);
            }
        }
    }

    private void TakeSettings(Http2Frame frame)
    {
        Require(frame.StreamId == 0, Code.ProtocolError);
        Require(frame.Payload.Length % 6 == 0 && (!frame.IsAck || frame.Payload.Length == 0), Code.FrameSizeError);
        if (_mustEnd is not null)
        {
            return;
        }

        if (frame.IsAck)
        {
            _mayEnd.UnionWith(_frames.Count(static item => item.Frame is { Kind: FrameKind.Settings, IsAck: true }) > 1 ? [Code.ProtocolError] : []);
            return;
        }

        foreach (var (id, value) in frame.Settings)
        {
            switch (id)
            {
                case Setting.EnablePush when value > 1:
                case Setting.MaxFrameSize when value is < MaxFrame or > 0xFFFFFF:
                    End(Code.ProtocolError);
                    break;
                case Setting.InitialWindowSize when value > MaxWindow:
                    End(Code.FlowControlError);
                    break;
                case Setting.InitialWindowSize:
                    _initialWindow = value;
                    if (_streams.Values.Any(stream => stream.Added + value > MaxWindow))
                    {
                        _mayEnd.Add(Code.FlowControlError);
                    }

                    break;
                case Setting.EnableConnectProtocol or Setting.NoRfc7540Priorities when value > 1 || _frames.Count > 1:
                    _mayEnd.Add(Code.ProtocolError);
                    break;
            }
        }
    }

    private void Require(bool isRight, int code)
    {
        if (!isRight)
        {
            End(code);
        }
    }

    // The first error decides; where a frame has several, each of them may.
    private void End(params int[] codes)
    {
        _mustEnd ??= [];
        _mustEnd.UnionWith(codes);
    }

    // Of a stream that the client has ended, or that the server may have: a stream error, a connection error, or nothing (§5.1).
    private void IsClosed(int id)
    {
        _mayEnd.Add(Code.StreamClosed);
        MayReset(id, Code.StreamClosed);
    }

    private void MayReset(int id, int code)
    {
        if (_streams.TryGetValue(id, out var stream))
        {
            stream.MayReset.Add(code);
        }
        else if (!_strangers.TryAdd(id, [code]))
        {
            _strangers[id].Add(code);
        }
    }

    // Even numbers are the server's, which opens none.
    private bool IsIdle(int id) => id % 2 == 0 || id > _maxId;

    private static bool IsPaddingRight(Http2Frame frame, int more)
    {
        var isPadded = (frame.Flags & Flag.Padded) != 0;
        return frame.Payload.Length >= more + (isPadded ? 1 + (frame.Payload.Length > 0 ? frame.Payload[0] : 0) : 0);
    }

    private Http2Expectation Conclude(bool isTruncated)
    {
        if (_controls > Patient)
        {
            _mayEnd.Add(Code.EnhanceYourCalm);
        }

        if (isTruncated)
        {
            _mayEnd.UnionWith([Code.NoError, Code.ProtocolError, .. _head is null ? (int[])[] : [Code.CompressionError]]); // the client ends its side in the middle
        }

        var expected = _strangers.ToDictionary(static stranger => stranger.Key, static stranger =>
        {
            var stream = new StreamExpectation();
            stream.ResetCodes.UnionWith(stranger.Value);
            return stream;
        });
        var isRoom = _streams.Values.Sum(static stream => stream.ToExpectation().Body?.Length ?? 0) <= DefaultWindow + _added;
        foreach (var (id, stream) in _streams)
        {
            expected[id] = stream.ToExpectation();

            // What the windows do not let through is not to come.
            expected[id].MustBeAnswered &= isRoom && (expected[id].Body?.Length ?? 0) <= _initialWindow + stream.Added;
            if (!expected[id].MustBeAnswered)
            {
                expected[id].ResetCodes.Add(Code.Cancel); // the client ends its side before it is over
            }
        }

        return new Http2Expectation(true, isTruncated, _isLeft, _mustEnd, _mayEnd, _maxId, expected, _frames);
    }
}
