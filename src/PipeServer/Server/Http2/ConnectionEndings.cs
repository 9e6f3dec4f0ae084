using System.Buffers.Binary;
using System.Net;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.Http.Frames;
using PipeServer.Transport;

namespace PipeServer.Server.Http2;

/// <summary>
/// How an HTTP/2 connection ends: by an error of its client, by what its client has done beside asking, or politely in two steps, so that no request is
/// lost. The owner's.
/// </summary>
internal abstract class ConnectionEndings : StreamHolder
{
    /// <summary>The payload of the PING that stands behind the first step of leaving: "PipeStop".</summary>
    protected const long DrainPing = 0x5069_7065_5374_6F70;

    // How long a client may take to acknowledge that it has read that no new stream is to come.
    private const int GoAwayMilliseconds = 1000;

    protected ConnectionEndings(ServerContext server, ObjectPool<Http2Stream> pool)
        : base(server, pool)
    {
    }

    /// <summary>The connection ends with an error, which it tells; nothing more is taken.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>New streams are not wanted: the client has been told so, for good or for now.</summary>
    protected bool IsLeaving { get; private set; }

    /// <summary>What comes from now on is not answered: the client has been told which stream is the last.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>When the second step of leaving is taken without an acknowledgement of the first; 0: there is none to come.</summary>
    protected long LeaveAt { get; private set; }

    /// <summary>The client takes no part any more: what is in progress is its last.</summary>
    protected bool IsClientLeaving { get; set; }

    public override void Attach(TransportConnection transport, long id)
    {
        HasFailed = IsLeaving = HasLeft = IsClientLeaving = false;
        LeaveAt = 0;
        base.Attach(transport, id);
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
            if (Server.EndedConnections.IsToBeTold(RequestErrors.Status(RequestError.TooManyRequests)))
            {
                Log.Http2Calmed(Server.Logger, Id, RemoteEndPoint?.ToString() ?? "unknown", reason);
            }

            Fail(ErrorCode.EnhanceYourCalm, reason);
        }
    }

    /// <summary>Takes the cost of a frame that answers no request; false, and the connection has failed, where it is one too many.</summary>
    public bool Spend(int cost, string what)
    {
        var now = Deadlines.Now;
        if (Budget.TryTake(cost, now) && MayAddressSpend(Budget.TakeUnsettled(), now))
        {
            return true;
        }

        Calm($"too many {what}");
        return false;
    }

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

    private bool MayAddressSpend(int cost, long now) =>
        cost == 0 || Server.ClientBudgets is not { } budgets || RemoteEndPoint is not IPEndPoint client || budgets.TryTake(client.Address, cost, now);

    /// <summary>Asks for an acknowledgement of this.</summary>
    protected void Ping(long payload)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, payload);
        Frames.Ping(bytes, isAck: false);
    }
}
