using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// A client that is accepted only to be told that there are too many: the refusal before anything is read, then the polite end,
/// because a reset for the unread request would take the answer with it.
/// </summary>
/// <param name="server">What all connections share.</param>
/// <param name="protocol">Words the refusal.</param>
/// <param name="mayLinger">There is a place to wait until the client has closed its side.</param>
internal sealed class RefusedConnection(ServerContext server, IProtocol protocol, bool mayLinger) : Connection(server)
{
    // It has been told, or has left before: either way it was not served.
    public override ConnectionOutcome Outcome => ConnectionOutcome.Refused;

    public override bool IsAdmitted => false;

    public override void Attach(TransportConnection transport, long id)
    {
        base.Attach(transport, id);
        State = ConnectionState.Closing;
    }

    public override void Detach()
    {
    }

    public override void DescribeRequests(ICollection<RequestDescription> descriptions) => descriptions.Add(RequestDescription.NotArrived);

    protected override async Task ServeAsync()
    {
        Deadlines.BeginWrite(Transport);
        protocol.WriteRefusal(Output);
        await Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        await Transport.ShutdownOutputAsync().ConfigureAwait(false);
        Deadlines.EndWrite();
        if (mayLinger)
        {
            await LingeringClose.AfterRefusal.WaitAsync(this).ConfigureAwait(false);
        }
        else if (Input.TryRead(out var read))
        {
            // All places are taken. What has come is read, because a close with unread bytes would be a reset.
            Input.AdvanceTo(read.Buffer.End);
        }
    }
}
