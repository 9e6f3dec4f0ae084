using System.Buffers;
using PipeServer.Http;
using PipeServer.Tls;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// The last filter of an endpoint that speaks HTTP/2 beside HTTP/1.1: finds out which of them a connection is for. Over TLS the handshake has said so by
/// ALPN; in clear text the connection's first bytes do, which stay unread. A connection whose begin is not HTTP/2's is HTTP/1.1.
/// </summary>
/// <param name="server">What all connections share.</param>
/// <param name="http2">Gets the connections that choose HTTP/2; all others go on with the protocol of their listener.</param>
internal sealed class ProtocolChoice(ServerContext server, IProtocol http2) : IConnectionFilter
{
    // As far as it can be told from a request line of HTTP/1.1; what follows is for its protocol to judge.
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n"u8;

    public ValueTask<TransportConnection?> ApplyAsync(TransportConnection transport, FilteringConnection connection)
    {
        if (transport is not TlsTransportConnection secured)
        {
            return ChooseByPrefaceAsync(transport, connection);
        }

        if (secured.Info.ApplicationProtocol == TlsConnectionInfo.Http2)
        {
            connection.Protocol = http2;
        }

        return ValueTask.FromResult<TransportConnection?>(transport);
    }

    /// <summary>Compares what has come with the preface: true for HTTP/2, false for anything else, null while it may become either.</summary>
    internal static bool? IsHttp2(in ReadOnlySequence<byte> received)
    {
        var reader = new SequenceReader<byte>(received);
        for (var i = 0; i < Preface.Length; i++)
        {
            if (!reader.TryRead(out var next))
            {
                return null;
            }

            if (next != Preface[i])
            {
                return false;
            }
        }

        return true;
    }

    private async ValueTask<TransportConnection?> ChooseByPrefaceAsync(TransportConnection transport, FilteringConnection connection)
    {
        while (true)
        {
            var read = await transport.Input.ReadAsync().ConfigureAwait(false);
            if (IsHttp2(read.Buffer) is { } isHttp2)
            {
                transport.Input.AdvanceTo(read.Buffer.Start); // nothing is taken, nor looked at: the protocol's first read is not to wait for more
                connection.Protocol = isHttp2 ? http2 : connection.Protocol;
                return transport;
            }

            var isEmpty = read.Buffer.IsEmpty;
            transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                return transport; // to HTTP/1.1, which knows what to do with nothing, or half a line
            }

            // Not every cancelled read: a late one may have been meant for the client that the transport's object has served before.
            if (!read.IsCanceled || !connection.Deadlines.IsReadExpired)
            {
                continue;
            }

            // As HTTP/1.1 has it: one beat more, and nobody who has not asked for anything is told anything in a drain.
            if (!connection.Deadlines.IsFinalBeat)
            {
                connection.Deadlines.GrantFinalBeat();
                continue;
            }

            if (!isEmpty || !server.Draining.IsCancellationRequested)
            {
                connection.RefuseWith(RequestError.HeadTimeout);
            }

            return null;
        }
    }
}
