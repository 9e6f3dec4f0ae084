using PipeServer.Http;
using PipeServer.Http.Frames;
using PipeServer.Http.Hpack;

namespace PipeServer.Server.Http2;

/// <summary>
/// What a complete header block does: it begins a request, or ends one with trailers (RFC 9113 §8.1). Has the decoder, whose table needs every block, wanted
/// or not. The owner's.
/// </summary>
internal sealed class HeadReceiver(Http2Connection connection)
{
    // How many streams that are not open yet may have a priority.
    private const int MostIdlePriorities = 32;

    private readonly HpackDecoder _decoder = new();
    private Dictionary<int, StreamPriority>? _idlePriorities;
    private int _malformedId; // the stream whose HEADERS were wrong in themselves, while their block is to be decoded all the same
    private int _firstSkipped; // the streams that the client has passed over when it opened the last one that was not the next
    private int _lastSkipped;

    private ServerContext Server => connection.Server;

    /// <summary>Makes it ready for the next connection, and gives back what is large.</summary>
    public void Reset()
    {
        _decoder.Reset();
        _idlePriorities = null;
        _malformedId = _firstSkipped = _lastSkipped = 0;
    }

    /// <summary>HEADERS, with all of their block.</summary>
    public void OnHeaders(int id, ReadOnlySpan<byte> block, bool endsStream)
    {
        if (id > connection.LastStreamId)
        {
            OnRequest(id, block, endsStream);
        }
        else if (connection.Streams.Find(id) is { } stream)
        {
            OnTrailers(stream, block, endsStream);
        }
        else if (!TrySkip(block))
        {
            // The connection has failed.
        }
        else if (connection.Closed.WasResetByClient(id))
        {
            connection.FailStream(id, ErrorCode.StreamClosed);
        }
        else if (!connection.Closed.WasResetHere(id))
        {
            var wasOpen = id < _firstSkipped || id > _lastSkipped;
            connection.Fail(
                wasOpen ? ErrorCode.StreamClosed : ErrorCode.ProtocolError,
                wasOpen ? "HEADERS on a closed stream" : "a stream was opened behind a later one");
        }
        else
        {
            connection.Spend(ControlBudget.Empty, "frames on streams that were reset");
        }
    }

    /// <summary>The HEADERS that follow are wrong in themselves: their stream depends on itself (RFC 7540 §5.3.1, which is still asked for).</summary>
    public void MarkMalformed(int id) => _malformedId = id;

    /// <summary>PRIORITY_UPDATE, of a stream that is open or is still to come.</summary>
    public void OnPriorityUpdate(int id, StreamPriority priority)
    {
        if (connection.Streams.Find(id) is { } stream)
        {
            stream.Priority = priority;
            connection.Resume(stream);
        }
        else if (id > connection.LastStreamId && (_idlePriorities ??= []) is var idle && (idle.Count < MostIdlePriorities || idle.ContainsKey(id)))
        {
            idle[id] = priority;
        }
    }

    private void OnRequest(int id, ReadOnlySpan<byte> block, bool endsStream)
    {
        if (connection.HasLeft)
        {
            if (TrySkip(block))
            {
                connection.Spend(ControlBudget.Empty, "requests behind the last"); // it knows that this is not answered, or will
            }

            return;
        }

        if (id > connection.LastStreamId + 2)
        {
            (_firstSkipped, _lastSkipped) = (connection.LastStreamId + 1, id - 1);
        }

        connection.LastStreamId = id;
        if (connection.Slots >= connection.Rules.MaxStreams)
        {
            if (TrySkip(block))
            {
                Refuse(id, ErrorCode.RefusedStream, "streams beyond the limit");
            }

            return;
        }

        var stream = connection.RentStream();
        var status = _decoder.DecodeRequest(block, stream.Head, endsStream, in connection.Rules.Head);
        if (status is HeadStatus.Complete && _malformedId != id)
        {
            Begin(stream, id, endsStream, RequestError.None);
        }
        else if (status == HeadStatus.TooLarge)
        {
            if (!connection.Spend(ControlBudget.Reset, "header lists beyond the limit"))
            {
                connection.ReturnStream(stream);
                return;
            }

            Begin(stream, id, endsStream, stream.Head.Error == RequestError.None ? RequestError.HeadTooLarge : stream.Head.Error);
        }
        else
        {
            connection.ReturnStream(stream);
            if (status == HeadStatus.CompressionError)
            {
                FailCompression();
            }
            else
            {
                Refuse(id, ErrorCode.ProtocolError, "malformed requests");
            }
        }
    }

    private void Begin(Http2Stream stream, int id, bool endsStream, RequestError refusal)
    {
        connection.OpenStream(stream, id);
        if (_idlePriorities is not null && _idlePriorities.Remove(id, out var priority))
        {
            stream.Priority = priority;
        }

        var head = stream.Head;
        stream.RequestBody.Start(!endsStream, head.Framing.HasContentLength ? head.Framing.ContentLength : -1, head.ExpectsContinue);
        connection.HasBodies |= !endsStream;
        connection.EnterContext();
        if (refusal != RequestError.None)
        {
            stream.RefuseHead(refusal);
            stream.Go(NextStep.End);
        }
        else
        {
            stream.Go(Server.Pipeline.Begin(stream));
        }
    }

    // Nobody has seen it: it is told by its reset alone.
    private void Refuse(int id, ErrorCode code, string what)
    {
        connection.RefuseStream(id, code);
        connection.Spend(ControlBudget.Reset, what);
    }

    private void OnTrailers(Http2Stream stream, ReadOnlySpan<byte> block, bool endsStream)
    {
        var body = stream.RequestBody;
        if (body.IsComplete)
        {
            if (TrySkip(block))
            {
                connection.FailStream(stream.Id, ErrorCode.StreamClosed);
            }

            return;
        }

        var status = _decoder.DecodeTrailers(block, body.TrailersToFill, in connection.Rules.Head);
        if (status == HeadStatus.CompressionError)
        {
            FailCompression();
        }
        else if (status != HeadStatus.Complete || !endsStream || _malformedId == stream.Id || !body.EndWithTrailers())
        {
            connection.FailStream(stream.Id, status == HeadStatus.TooLarge ? ErrorCode.EnhanceYourCalm : ErrorCode.ProtocolError);
        }
        else
        {
            connection.Look(stream);
        }
    }

    // A block that nobody wants; false where it cannot be decoded, and the connection has failed.
    private bool TrySkip(ReadOnlySpan<byte> block)
    {
        if (_decoder.Skip(block) == HeadStatus.Complete)
        {
            return true;
        }

        FailCompression();
        return false;
    }

    private void FailCompression()
    {
        if (_decoder.HasMetBomb)
        {
            connection.Calm("a header block stands for far more than a head may have");
        }
        else
        {
            connection.Fail(ErrorCode.CompressionError, "a header block cannot be decoded");
        }
    }
}
