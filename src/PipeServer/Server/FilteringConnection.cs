using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// A connection on its way through the filters of its endpoint: accepted and counted, but not handed to its protocol yet. All filters
/// together have the head time-out.
/// </summary>
/// <param name="server">What all connections share.</param>
/// <param name="filters">The filters; null for a connection beyond the limit, which is closed without an answer.</param>
/// <param name="protocol">What is spoken unless a filter finds out that it is something else. Words a refusal.</param>
/// <param name="places">Bounds how many clients are refused with a word at once.</param>
internal sealed class FilteringConnection(
    ServerContext server, IReadOnlyList<IConnectionFilter>? filters, IProtocol protocol, RefusedClients places) : Connection(server)
{
    private bool _isRefused = filters is null;
    private RequestError _answer;
    private TransportConnection? _outermost; // what has been put around the transport

    public override ConnectionOutcome Outcome => _isRefused ? ConnectionOutcome.Refused : base.Outcome;

    public override bool IsAdmitted => false;

    /// <summary>What is spoken behind the filters, as far as they know. A filter may choose another one.</summary>
    public IProtocol Protocol { get; set; } = protocol;

    /// <summary>There is no permit for it, so far: a client that says nothing is not waited for before it is told so.</summary>
    public bool HasNoPermit { get; init; }

    /// <summary>The time of its first head is up, which its protocol has to tell the client.</summary>
    public bool IsHeadLate { get; set; }

    /// <summary>The connection that the last filter has returned, for the caller to go on with; null when it has ended.</summary>
    public TransportConnection? Filtered { get; private set; }

    /// <summary>A handshake has begun: in a drain it may finish. For a filter.</summary>
    /// <param name="secured">What makes it, around the transport: the two are disposed of together, whatever comes of it.</param>
    public void BeginHandshake(TransportConnection secured)
    {
        _outermost = secured;
        State = ConnectionState.Handshaking;
    }

    /// <summary>The handshake has been made, and the protocol, or the next filter, has not begun. For a filter.</summary>
    public void EndHandshake() => State = ConnectionState.New;

    /// <summary>
    /// A filter refuses the connection, and it is closed without a word. As all refusals it is counted and logged.
    /// </summary>
    public void Refuse(RequestError reason)
    {
        _isRefused = true;
        Server.RefusalCounts.Count(reason);
        Server.Refusals.Write(this, static connection => connection.RemoteEndPoint, RequestErrors.Status(reason), RequestErrors.Text(reason));
    }

    /// <summary>
    /// A filter refuses the connection, which it returns null for, and has told in its protocol's words why, on the bare transport.
    /// </summary>
    public void RefuseWith(RequestError reason)
    {
        Refuse(reason);
        Server.Observer?.CompleteUnread(RemoteEndPoint, reason);
        _answer = reason;
    }

    public override void Detach()
    {
        // Not pooled.
    }

    public override void DescribeRequests(ICollection<RequestDescription> descriptions) => descriptions.Add(RequestDescription.NotArrived);

    // Once: the transport's object may be another client's a moment later.
    protected override ValueTask DisposeTransportAsync(TransportConnection transport) => (_outermost ?? transport).DisposeAsync();

    protected override async Task ServeAsync()
    {
        if (filters is null)
        {
            return;
        }

        var filtered = Transport;
        foreach (var filter in filters)
        {
            if (await filter.ApplyAsync(filtered, this).ConfigureAwait(false) is not { } next)
            {
                if (_answer != RequestError.None)
                {
                    await AnswerAsync().ConfigureAwait(false);
                }

                return;
            }

            _outermost = filtered = next;
        }

        // The filters' work is done, so an abort that has come meanwhile finds the connection where it goes next.
        if (TryRelease())
        {
            Filtered = filtered;
        }
    }

    private async Task AnswerAsync()
    {
        State = ConnectionState.Closing;
        var hasPlace = places.TryTakePlace();
        try
        {
            await RefusedConnection.TellAsync(this, output => Protocol.WriteRefusal(output, _answer), hasPlace).ConfigureAwait(false);
        }
        finally
        {
            if (hasPlace)
            {
                places.ReturnPlace();
            }
        }
    }
}
