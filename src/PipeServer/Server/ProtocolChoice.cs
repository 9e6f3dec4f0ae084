using System.Buffers;
using PipeServer.Tls;
using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// The last filter of an endpoint that speaks HTTP/2 beside HTTP/1.1: finds out which of them a connection is for. Over TLS the handshake has said so by
/// ALPN; in clear text the connection's first bytes do, which stay unread. A connection whose begin is not HTTP/2's is HTTP/1.1.
/// </summary>
/// <param name="http2">Gets the connections that choose HTTP/2; all others go on with the protocol of their listener.</param>
internal sealed class ProtocolChoice(IProtocol http2) : IConnectionFilter
{
    // As far as it can be told from a request line of HTTP/1.1; what follows is for its protocol to judge.
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n"u8;

    /// <summary>HTTP/2.</summary>
    public IProtocol Http2 => http2;

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
        if (connection.HasNoPermit)
        {
            if (transport.Input.TryRead(out var there))
            {
                connection.Protocol = IsHttp2(there.Buffer) == true ? http2 : connection.Protocol;
                transport.Input.AdvanceTo(there.Buffer.Start);
            }

            return transport; // a client beyond the limit is told so at once, in HTTP/1.1's words where it has not said what it speaks
        }

        while (true)
        {
            var read = await transport.Input.ReadAsync().ConfigureAwait(false);
            var isHttp2 = IsHttp2(read.Buffer);

            // Not every cancelled read: a late one may have been meant for the client that the transport's object has served before.
            var isLate = isHttp2 is null && read.IsCanceled && connection.Deadlines.IsReadExpired;
            if (isHttp2 is null && !isLate && !read.IsCompleted)
            {
                transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            // Nothing is taken, nor looked at: the protocol's first read is not to wait for more. With nothing, or half a line, HTTP/1.1 knows what to do.
            transport.Input.AdvanceTo(read.Buffer.Start);
            connection.IsHeadLate = isLate;
            connection.Protocol = isHttp2 == true ? http2 : connection.Protocol;
            return transport;
        }
    }
}
