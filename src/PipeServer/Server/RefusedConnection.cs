using System.Buffers;
using PipeServer.Http;
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

    protected override Task ServeAsync() =>
        TellAsync(this, output => protocol.WriteRefusal(output, RequestError.TooManyConnections), mayLinger);

    /// <summary>Writes a refusal, then ends the connection politely.</summary>
    /// <param name="connection">The connection, of which nothing has been answered.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="mayLinger">There is a place to wait until the client has closed its side.</param>
    /// <exception cref="IOException">The client has reset the connection, or it was aborted.</exception>
    public static async Task TellAsync(Connection connection, Action<IBufferWriter<byte>> write, bool mayLinger)
    {
        var transport = connection.Transport;
        connection.Deadlines.BeginWrite(transport, connection.Rules.MinDataRate);
        write(transport.Output);
        await transport.Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        await transport.ShutdownOutputAsync().ConfigureAwait(false);
        connection.Deadlines.EndWrite();
        if (mayLinger)
        {
            await LingeringClose.AfterRefusal.WaitAsync(connection).ConfigureAwait(false);
        }
        else if (transport.Input.TryRead(out var read))
        {
            // All places are taken. What has come is read, because a close with unread bytes would be a reset.
            transport.Input.AdvanceTo(read.Buffer.End);
        }
    }
}
