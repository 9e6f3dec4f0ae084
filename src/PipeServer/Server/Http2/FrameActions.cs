using System.Buffers.Binary;
using System.Net;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Http.Frames;
using PipeServer.Http.Hpack;
using PipeServer.Transport;

namespace PipeServer.Server.Http2;

/// <summary>
/// An HTTP/2 connection as far as its client's frames go, which <see cref="FrameReceiver"/> has found well-formed: what each of them does (RFC 9113 §5, §6).
/// The owner's.
/// </summary>
internal abstract class FrameActions : StreamHolder
{
    // What the budget of an address is asked for at once: to find it costs more than a frame.
    private const int AddressShare = 64;

    // How many streams that are not open yet may have a priority.
    private const int MostIdlePriorities = 32;

    private const long DrainPing = 0x5069_7065_5374_6F70; // "PipeStop"
    private const long PacePing = 0x5069_7065_5061_6365; // "PipePace"

    // How long a client may take to acknowledge that it has read that no new stream is to come.
    private const int GoAwayMilliseconds = 1000;

    private readonly HpackDecoder _decoder = new();
    private Dictionary<int, StreamPriority>? _idlePriorities;
    private int _malformedId; // the stream whose HEADERS were wrong in themselves, while their block is to be decoded all the same
    private int _firstSkipped; // the streams that the client has passed over when it opened the last one that was not the next
    private int _lastSkipped;
    private int _spent;

    protected FrameActions(ServerContext server, ObjectPool<Http2Stream> pool)
        : base(server, pool)
    {
    }

    /// <summary>The connection ends with an error, which it tells; nothing more is taken.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>New streams are not wanted: the client has been told so, for good or for now.</summary>
    protected bool IsLeaving { get; private set; }

    /// <summary>What comes from now on is not answered: the client has been told which stream is the last.</summary>
    protected bool HasLeft { get; private set; }

    /// <summary>When the second step of leaving is taken without an acknowledgement of the first; 0: there is none to come.</summary>
    protected long LeaveAt { get; private set; }

    /// <summary>The client takes no part any more: what is in progress is its last.</summary>
    protected bool IsClientLeaving { get; private set; }

    /// <summary>When the settings must be acknowledged; 0: they are.</summary>
    protected long SettingsDue { get; set; }

    public override void Attach(TransportConnection transport, long id)
    {
        HasFailed = IsLeaving = HasLeft = IsClientLeaving = false;
        LeaveAt = SettingsDue = 0;
        _malformedId = _firstSkipped = _lastSkipped = _spent = 0;
        base.Attach(transport, id);
    }

    public override void Detach()
    {
        _decoder.Reset();
        _idlePriorities = null;
        Growth = null;
        base.Detach();
    }

    /// <summary>The client has broken the protocol (RFC 9113 §5.4.1).</summary>
    public void Fail(ErrorCode code, string reason)
    {
        if (HasFailed)
        {
            return;
        }

        HasFailed = true;
        Frames.GoAway(LastStreamId, code, reason);
        Log.Http2ConnectionError(Server.Logger, Id, code.ToString(), reason);
    }

    /// <summary>The client does what may be meant to wear the server down (RFC 9113 §10.5).</summary>
    public void Calm(string reason)
    {
        if (!HasFailed)
        {
            Log.Http2Calmed(Server.Logger, Id, RemoteEndPoint?.ToString() ?? "unknown", reason);
            Fail(ErrorCode.EnhanceYourCalm, reason);
        }
    }

    /// <summary>Takes the cost of a frame that answers no request; false, and the connection has failed, where it is one too many.</summary>
    public bool Spend(int cost, string what)
    {
        var now = Deadlines.Now;
        _spent += cost;
        if (Budget.TryTake(cost, now) && (_spent < AddressShare || MayAddressSpend(now)))
        {
            return true;
        }

        Calm($"too many {what}");
        return false;
    }

    /// <summary>HEADERS, with all of their block.</summary>
    public void OnHeaders(int id, ReadOnlySpan<byte> block, bool endsStream)
    {
        if (id > LastStreamId)
        {
            OnRequest(id, block, endsStream);
        }
        else if (Streams.Find(id) is { } stream)
        {
            OnTrailers(stream, block, endsStream);
        }
        else if (_decoder.Skip(block) != HeadStatus.Complete)
        {
            FailCompression();
        }
        else if (Closed.WasResetByClient(id))
        {
            FailStream(id, ErrorCode.StreamClosed);
        }
        else if (!Closed.WasResetHere(id))
        {
            var wasOpen = id < _firstSkipped || id > _lastSkipped;
            Fail(wasOpen ? ErrorCode.StreamClosed : ErrorCode.ProtocolError, wasOpen ? "HEADERS on a closed stream" : "a stream was opened behind a later one");
        }
        else
        {
            Spend(ControlBudget.Small, "frames on streams that were reset");
        }
    }

    /// <summary>The HEADERS that follow are wrong in themselves: their stream depends on itself (RFC 7540 §5.3.1, which is still asked for).</summary>
    public void MarkMalformed(int id) => _malformedId = id;

    /// <summary>DATA.</summary>
    public void OnData(int id, ReadOnlySpan<byte> data, int flowBytes, bool endsStream)
    {
        if (!Window.TryTake(flowBytes))
        {
            Fail(ErrorCode.FlowControlError, "more DATA than the connection's window allows");
            return;
        }

        if (Streams.Find(id) is not { } stream)
        {
            Window.Release(flowBytes);
            OnDataOfNone(id);
            return;
        }

        if (stream.RequestBody.IsComplete)
        {
            Window.Release(flowBytes);
            FailStream(id, ErrorCode.StreamClosed);
            return;
        }

        if (data.IsEmpty && !endsStream)
        {
            if (!Spend(ControlBudget.Empty, "DATA frames without data"))
            {
                return;
            }
        }
        else
        {
            Budget.Give(data.Length >> 10);
        }

        var verdict = stream.RequestBody.Receive(data, flowBytes, endsStream);
        if (verdict != DataVerdict.Taken)
        {
            Spend(ControlBudget.Reset, "streams that had to be reset");
            ResetStream(stream, verdict == DataVerdict.WindowExceeded ? ErrorCode.FlowControlError : ErrorCode.ProtocolError);
        }

        if (stream.IsDone || stream.RequestBody.IsWindowUpdateDue)
        {
            Look(stream);
        }

        if (Growth is { IsPingWanted: true } growth && growth.ShouldPing(Server.TimeProvider.GetTimestamp()))
        {
            Ping(PacePing);
        }
    }

    /// <summary>RST_STREAM.</summary>
    public void OnReset(int id, ErrorCode code)
    {
        if (id > LastStreamId)
        {
            Fail(ErrorCode.ProtocolError, "RST_STREAM on an idle stream");
        }
        else if (Streams.Find(id) is not { } stream)
        {
            Spend(ControlBudget.Small, "RST_STREAM frames");
        }
        else if (Spend(ControlBudget.Reset, "streams that were reset"))
        {
            Closed.Add(id, byClient: true);
            Drop(stream, new IOException($"The client has reset the stream ({code})."));
            Look(stream);
        }
    }

    /// <summary>SETTINGS.</summary>
    public void OnSettings(ReadOnlySpan<byte> payload)
    {
        var before = Sender.Peer.InitialWindow;
        if (Sender.Peer.Apply(payload, out var reason) is var code and not ErrorCode.NoError)
        {
            Fail(code, reason);
            return;
        }

        Frames.AcknowledgeSettings();
        var change = (long)Sender.Peer.InitialWindow - before;
        if (change == 0)
        {
            return;
        }

        foreach (var stream in Streams.Snapshot)
        {
            if (stream is null)
            {
                continue;
            }

            if (stream.SendWindow + change > PeerSettings.MaxWindow)
            {
                Fail(ErrorCode.FlowControlError, "SETTINGS_INITIAL_WINDOW_SIZE makes the window of a stream too large");
                return;
            }

            stream.SendWindow += (int)change;
            Sender.Resume(stream);
        }
    }

    /// <summary>The acknowledgement of this side's settings.</summary>
    public void OnSettingsAcknowledged()
    {
        if (SettingsDue == 0)
        {
            Spend(ControlBudget.Answered, "acknowledgements of nothing");
        }

        SettingsDue = 0;
    }

    /// <summary>PING, or the acknowledgement of one.</summary>
    public void OnPing(ReadOnlySpan<byte> payload, bool isAck)
    {
        if (!isAck)
        {
            if (Spend(ControlBudget.Answered, "PING frames"))
            {
                Frames.Ping(payload, isAck: true);
            }

            return;
        }

        switch (BinaryPrimitives.ReadInt64BigEndian(payload))
        {
            case DrainPing when IsLeaving:
                Leave();
                break;
            case PacePing:
                Growth?.OnPong(Server.TimeProvider.GetTimestamp());
                break;
            default:
                Spend(ControlBudget.Answered, "acknowledgements of nothing");
                break;
        }
    }

    /// <summary>GOAWAY.</summary>
    public void OnGoAway(ErrorCode code)
    {
        IsClientLeaving = true;
        if (code != ErrorCode.NoError)
        {
            Log.Http2ClientError(Server.Logger, Id, code.ToString(), "");
        }
    }

    /// <summary>WINDOW_UPDATE.</summary>
    public void OnWindowUpdate(int id, int increment)
    {
        if (id == 0)
        {
            if (increment == 0)
            {
                Fail(ErrorCode.ProtocolError, "WINDOW_UPDATE of nothing");
            }
            else if ((long)Sender.Window + increment > PeerSettings.MaxWindow)
            {
                Fail(ErrorCode.FlowControlError, "WINDOW_UPDATE makes the connection's window too large");
            }
            else
            {
                Sender.Window += increment;
            }
        }
        else if (id > LastStreamId)
        {
            Fail(ErrorCode.ProtocolError, "WINDOW_UPDATE on an idle stream");
        }
        else if (increment == 0)
        {
            FailStream(id, ErrorCode.ProtocolError);
        }
        else if (Streams.Find(id) is { } stream)
        {
            if ((long)stream.SendWindow + increment > PeerSettings.MaxWindow)
            {
                FailStream(id, ErrorCode.FlowControlError);
                return;
            }

            stream.SendWindow += increment;
            Sender.Resume(stream);
        }
    }

    /// <summary>PRIORITY_UPDATE, of a stream that is open or is still to come.</summary>
    public void OnPriorityUpdate(int id, StreamPriority priority)
    {
        if (Streams.Find(id) is { } stream)
        {
            stream.Priority = priority;
            Sender.Resume(stream);
        }
        else if (id > LastStreamId && (_idlePriorities ??= []) is var idle && (idle.Count < MostIdlePriorities || idle.ContainsKey(id)))
        {
            idle[id] = priority;
        }
    }

    /// <summary>Resets a stream that the client has broken the protocol on (RFC 9113 §5.4.2).</summary>
    public void FailStream(int id, ErrorCode code)
    {
        if (!Spend(ControlBudget.Reset, "streams that had to be reset"))
        {
            return;
        }

        if (Streams.Find(id) is { } stream)
        {
            ResetStream(stream, code);
            Look(stream);
            return;
        }

        Frames.ResetStream(id, code);
        if (id <= LastStreamId)
        {
            Closed.Add(id, byClient: false);
        }
    }

    /// <summary>A piece of a response has been sent.</summary>
    public void OnDataSent(int bytes) => Budget.Give(bytes >> 10);

    public override void CloseGracefully()
    {
        if (!IsLeaving && !HasFailed)
        {
            IsLeaving = true;
            LeaveAt = Deadlines.Now + GoAwayMilliseconds;
            Frames.GoAway(int.MaxValue, ErrorCode.NoError, "");
            Ping(DrainPing);
        }
    }

    /// <summary>
    /// The second step: the client has read that no new stream is to come, or had the time to. What it has opened by now is answered, and it knows it.
    /// </summary>
    protected void Leave()
    {
        if (!HasLeft && !HasFailed)
        {
            IsLeaving = HasLeft = true;
            LeaveAt = 0;
            Frames.GoAway(LastStreamId, ErrorCode.NoError, "");
        }
    }

    private void OnRequest(int id, ReadOnlySpan<byte> block, bool endsStream)
    {
        if (HasLeft)
        {
            if (_decoder.Skip(block) != HeadStatus.Complete)
            {
                FailCompression();
            }

            return; // it knows that this is not answered, or will
        }

        if (id > LastStreamId + 2)
        {
            (_firstSkipped, _lastSkipped) = (LastStreamId + 1, id - 1);
        }

        LastStreamId = id;
        if (Slots >= Rules.MaxStreams)
        {
            if (_decoder.Skip(block) != HeadStatus.Complete)
            {
                FailCompression();
                return;
            }

            Refuse(id, ErrorCode.RefusedStream, "streams beyond the limit");
            return;
        }

        var stream = RentStream();
        var status = _decoder.DecodeRequest(block, stream.Head, endsStream, in Rules.Head);
        if (status is HeadStatus.Complete && _malformedId != id)
        {
            Begin(stream, id, endsStream, RequestError.None);
        }
        else if (status == HeadStatus.TooLarge)
        {
            Begin(stream, id, endsStream, RequestError.HeadTooLarge);
        }
        else
        {
            ReturnStream(stream);
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
        OpenStream(stream, id);
        if (_idlePriorities is not null && _idlePriorities.Remove(id, out var priority))
        {
            stream.Priority = priority;
        }

        var head = stream.Head;
        stream.RequestBody.Start(!endsStream, head.Framing.HasContentLength ? head.Framing.ContentLength : -1, head.ExpectsContinue);
        EnterContext();
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
        Tally.Receive();
        Tally.Count(isRefusal: true);
        Frames.ResetStream(id, code);
        Closed.Add(id, byClient: false);
        Spend(ControlBudget.Reset, what);
    }

    private void OnTrailers(Http2Stream stream, ReadOnlySpan<byte> block, bool endsStream)
    {
        var body = stream.RequestBody;
        if (body.IsComplete)
        {
            if (_decoder.Skip(block) != HeadStatus.Complete)
            {
                FailCompression();
            }
            else
            {
                FailStream(stream.Id, ErrorCode.StreamClosed);
            }

            return;
        }

        var status = _decoder.DecodeTrailers(block, body.TrailersToFill, in Rules.Head);
        if (status == HeadStatus.CompressionError)
        {
            FailCompression();
        }
        else if (status != HeadStatus.Complete || !endsStream || _malformedId == stream.Id || !body.EndWithTrailers())
        {
            FailStream(stream.Id, status == HeadStatus.TooLarge ? ErrorCode.EnhanceYourCalm : ErrorCode.ProtocolError);
        }
        else
        {
            Look(stream);
        }
    }

    private void OnDataOfNone(int id)
    {
        if (id > LastStreamId)
        {
            if (!HasLeft) // else it was opened meanwhile
            {
                Fail(ErrorCode.ProtocolError, "DATA on an idle stream");
            }
        }
        else if (Closed.WasResetHere(id))
        {
            Spend(ControlBudget.Small, "frames on streams that were reset");
        }
        else if (Closed.WasResetByClient(id))
        {
            FailStream(id, ErrorCode.StreamClosed);
        }
        else
        {
            Fail(ErrorCode.StreamClosed, "DATA on a closed stream");
        }
    }

    private void FailCompression() => Fail(ErrorCode.CompressionError, "a header block cannot be decoded");

    private bool MayAddressSpend(long now)
    {
        var spent = _spent;
        _spent = 0;
        return Server.ClientBudgets is not { } budgets || RemoteEndPoint is not IPEndPoint client || budgets.TryTake(client.Address, spent, now);
    }

    private void Ping(long payload)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, payload);
        Frames.Ping(bytes, isAck: false);
    }
}
