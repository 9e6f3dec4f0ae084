using System.IO.Pipelines;
using PipeServer.Tls;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer.Server.Tls;

/// <summary>The records of one handshake, its deadline, and its way to a thread.</summary>
internal sealed class HandshakeIo(TransportConnection transport, ConnectionDeadlines deadlines, WorkerPool threads) : IHandshakeIo
{
    public async ValueTask<ReadResult> ReadAsync(bool isCostly)
    {
        while (true)
        {
            var read = await transport.Input.ReadAsync().ConfigureAwait(false);
            if (!read.Buffer.IsEmpty)
            {
                if (isCostly)
                {
                    await threads.TryContinueOnWorker();
                }

                return read;
            }

            transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new TlsHandshakeException("it ended within its TLS handshake");
            }

            // Not every cancelled read: a late one may have been meant for the client that the transport's object has served before.
            if (read.IsCanceled && deadlines.IsReadExpired)
            {
                throw new TlsHandshakeException("its TLS handshake took too long");
            }
        }
    }

    public async ValueTask FlushAsync()
    {
        var flush = transport.Output.FlushAsync(CancellationToken.None);
        if (!flush.IsCompleted)
        {
            deadlines.BeginWrite(transport);
        }

        var isGone = (await flush.ConfigureAwait(false)).IsCompleted;
        deadlines.EndWrite();
        if (isGone)
        {
            throw new IOException("The client has left within its TLS handshake.");
        }
    }
}
