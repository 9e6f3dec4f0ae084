using System.Buffers.Binary;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Diagnostics;
using PipeServer.Http.Frames;
using PipeServer.Transport;

namespace PipeServer.Server.Http2;

/// <summary>
/// An HTTP/2 connection as far as its client's frames go, which <see cref="FrameReceiver"/> has found well-formed: what each of them does (RFC 9113 §5, §6).
/// The owner's.
/// </summary>
internal abstract class FrameActions : ConnectionEndings
{
    private const long PacePing = 0x5069_7065_5061_6365; // "PipePace"

    private ClosedStreams _told; // closed streams whose client has gone on with them; a mutable struct

    protected FrameActions(ServerContext server, ObjectPool<Http2Stream> pool)
        : base(server, pool) => Heads = new HeadReceiver((Http2Connection)this);

    /// <summary>Takes header blocks.</summary>
    public HeadReceiver Heads { get; }

    /// <summary>The last stream that the client had opened before what is being taken at the moment.</summary>
    public int LastStreamBefore { get; set; }

    /// <summary>When the settings must be acknowledged; 0: they are.</summary>
    protected long SettingsDue { get; set; }

    public override void Attach(TransportConnection transport, long id)
    {
        SettingsDue = 0;
        _told.Reset();
        base.Attach(transport, id);
    }

    public override void Detach()
    {
        Heads.Reset();
        Growth = null;
        base.Detach();
    }

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
        if (IsIdle(id))
        {
            Fail(ErrorCode.ProtocolError, "RST_STREAM on an idle stream");
        }
        else if (Streams.Find(id) is not { } stream)
        {
            // One that was answered as soon as it was read is reset by a client who has not waited for that.
            var isRapid = id > LastStreamBefore && !Closed.WasResetHere(id);
            Spend(isRapid ? ControlBudget.Reset : ControlBudget.Small, isRapid ? "streams that were reset" : "RST_STREAM frames");
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
            case DrainPing when IsLeaving && !HasLeft:
                Leave();
                break;
            case PacePing when Growth is { } growth && growth.OnPong(Server.TimeProvider.GetTimestamp()):
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
        Spend(ControlBudget.Answered, "GOAWAY frames");
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
        else if (IsIdle(id))
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

    /// <summary>Resets a stream that the client has broken the protocol on (RFC 9113 §5.4.2).</summary>
    public void FailStream(int id, ErrorCode code)
    {
        if (IsIdle(id))
        {
            Fail(code, "a frame is wrong for a stream that is not open"); // RFC 9113 §6.4: an idle stream cannot be reset
            return;
        }

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

        if (!_told.WasResetHere(id))
        {
            _told.Add(id, byClient: false);
            Frames.ResetStream(id, code); // it is closed already, and who goes on with it is told so, once
        }
    }

    /// <summary>A request that nobody has seen is told by its reset alone that it is not answered.</summary>
    public void RefuseStream(int id, ErrorCode code)
    {
        Tally.Receive();
        Tally.Count(isRefusal: true);
        WriteReset(id, code);
    }

    /// <summary>A piece of a response has been sent.</summary>
    public void OnDataSent(int bytes) => Budget.Give(bytes >> 10);

    /// <summary>All that a handler has flushed has been sent.</summary>
    public void OnFlushSent() => Budget.Give(ControlBudget.ForAnswer);

    // Even numbers are the server's, which opens none (RFC 9113 §5.1.1).
    private bool IsIdle(int id) => id > LastStreamId || (id & 1) == 0;

    private void OnDataOfNone(int id)
    {
        if (IsIdle(id))
        {
            if (!HasLeft)
            {
                Fail(ErrorCode.ProtocolError, "DATA on an idle stream");
            }
            else
            {
                Spend(ControlBudget.Small, "frames behind the last request"); // its stream was opened meanwhile
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
}
