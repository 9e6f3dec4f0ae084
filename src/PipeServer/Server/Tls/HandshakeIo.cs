using System.IO.Pipelines;
using PipeServer.Tls;
using PipeServer.Transport;
using PipeServer.Workers;

namespace PipeServer.Server.Tls;

/// <summary>The records of one handshake, its deadline, and its way to a thread.</summary>
internal sealed class HandshakeIo(TransportConnection transport, ConnectionDeadlines deadlines, WorkerPool threads) : IHandshakeIo
{
    /// <summary>The client's time was up.</summary>
    public bool IsLate { get; private set; }

    /// <summary>There was no room in the queue of the threads.</summary>
    public bool IsCrowdedOut { get; private set; }

    public async ValueTask<ReadResult> ReadAsync(bool isCostly)
    {
        while (true)
        {
            var read = await transport.Input.ReadAsync().ConfigureAwait(false);

            // Not every cancelled read: a late one may have been meant for the client that the transport's object has served before. Whether or not
            // something has come with it: one that sends a byte now and then has no more time than others.
            if (read.IsCanceled && deadlines.IsReadExpired)
            {
                transport.Input.AdvanceTo(read.Buffer.End);
                IsLate = true;
                throw new TlsHandshakeException("its TLS handshake took too long");
            }

            if (!read.Buffer.IsEmpty)
            {
                // There is no ConfigureAwait: the handshake goes on on such a thread, and nowhere else.
                if (isCostly && !await threads.TryContinueOnWorker())
                {
                    transport.Input.AdvanceTo(read.Buffer.End);
                    IsCrowdedOut = true;
                    throw new TlsHandshakeException("too many TLS handshakes wait for a thread");
                }

                return read;
            }

            transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new TlsHandshakeException("it ended within its TLS handshake");
            }
        }
    }

    public async ValueTask FlushAsync()
    {
        var flush = transport.Output.FlushAsync(CancellationToken.None);
        if (!flush.IsCompleted)
        {
            deadlines.BeginWrite(transport, deadlines.Rules.MinDataRate);
        }

        var isGone = (await flush.ConfigureAwait(false)).IsCompleted;
        deadlines.EndWrite();
        if (isGone)
        {
            throw new IOException("The client has left within its TLS handshake.");
        }
    }
}
