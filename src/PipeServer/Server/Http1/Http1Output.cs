using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Server.Http1;

/// <summary>
/// The way out of an HTTP/1 connection: what is written goes to the transport's output, a flush sends it, counts the answers that
/// have left, and watches over a client that does not read.
/// </summary>
internal sealed class Http1Output(Http1Connection connection)
{
    /// <summary>The client has left, or its request was aborted: nothing that is written can arrive.</summary>
    public bool IsClientGone { get; private set; }

    /// <summary>The transport's output.</summary>
    public PipeWriter Writer => connection.Output;

    /// <summary>Makes it ready for the next connection.</summary>
    public void Reset() => IsClientGone = false;

    /// <summary>The request in progress was aborted: what is written for it from now on goes nowhere. From any thread.</summary>
    public void OnAborted() => IsClientGone = true;

    /// <summary>Writes the body of an encoded response, from where it lies if the transport can.</summary>
    public void WriteBody(PreparedResponse prepared)
    {
        if (prepared.Pinned is { } pinned)
        {
            connection.Transport.Write(pinned);
        }
        else
        {
            Writer.Write(prepared.Body.Span);
        }
    }

    /// <summary>Sends what is written, if that need not wait; false: <see cref="FlushAsync"/> must see to it.</summary>
    public bool TryFlush()
    {
        if (!connection.Transport.TryFlush())
        {
            return false;
        }

        connection.OnFlushed();
        return true;
    }

    /// <summary>Sends what is written.</summary>
    /// <remarks>Not async itself: the flush that need not wait, nearly every one, costs no state machine.</remarks>
    public ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken)
    {
        if (!connection.HasUnflushedAnswers && Writer.UnflushedBytes == 0)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: false, IsClientGone));
        }

        var flush = Writer.FlushAsync(cancellationToken);
#pragma warning disable VSTHRD103 // Completed, so it does not block.
        return flush.IsCompletedSuccessfully
            ? new ValueTask<FlushResult>(AfterFlush(flush.Result))
            : WaitForFlushAsync(flush);
#pragma warning restore VSTHRD103
    }

    /// <summary>Flushes from within a handler: what it gets to see is the fate of its own bytes.</summary>
    /// <remarks>Not async itself, as <see cref="FlushAsync"/>.</remarks>
    public ValueTask<FlushResult> FlushForHandlerAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var flush = FlushAsync(cancellationToken);
#pragma warning disable VSTHRD103 // Completed, so it does not block.
        return flush.IsCompletedSuccessfully
            ? new ValueTask<FlushResult>(new FlushResult(flush.Result.IsCanceled, IsClientGone))
            : WaitForHandlerAsync(exchange, flush, hasWaited: !flush.IsCompleted);
#pragma warning restore VSTHRD103
    }

    /// <summary>Sends what is written, and a part of a file behind it, for a handler.</summary>
    public async ValueTask<long> SendFileForHandlerAsync(
        Exchange exchange, SafeFileHandle file, long offset, long count, CancellationToken cancellationToken)
    {
        connection.Deadlines.BeginWrite(connection.Transport, connection.MinResponseDataRate);
        try
        {
            var sending = connection.Transport.SendFileAsync(file, offset, count, cancellationToken);
            var hasWaited = !sending.IsCompleted;
            long sent;
            try
            {
                sent = await sending.ConfigureAwait(false);
            }
            catch when (hasWaited && exchange.MustLeaveTransportThread)
            {
                await Task.Yield();
                throw;
            }

            if (hasWaited && exchange.MustLeaveTransportThread)
            {
                await Task.Yield();
            }

            AfterFlush(new FlushResult(isCanceled: false, isCompleted: connection.Transport.IsClosed));
            return sent;
        }
        finally
        {
            connection.Deadlines.EndWrite();
        }
    }

    /// <summary>Ends the output: what was flushed is sent, then the connection is half-closed.</summary>
    public async ValueTask ShutdownAsync()
    {
        var shutdown = connection.Transport.ShutdownOutputAsync();
        if (shutdown.IsCompleted)
        {
            await shutdown.ConfigureAwait(false); // nothing to watch over: that asks the system how far the client is
            return;
        }

        connection.Deadlines.BeginWrite(connection.Transport, connection.MinResponseDataRate);
        await shutdown.ConfigureAwait(false);
        connection.Deadlines.EndWrite();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> WaitForHandlerAsync(Exchange exchange, ValueTask<FlushResult> flush, bool hasWaited)
    {
        FlushResult result;
        try
        {
            result = await flush.ConfigureAwait(false);
        }
        catch when (hasWaited && exchange.MustLeaveTransportThread)
        {
            await Task.Yield(); // a handler goes on behind an exception too; where the flush has not waited, it is still where the handler is
            throw;
        }

        if (hasWaited && exchange.MustLeaveTransportThread)
        {
            await Task.Yield();
        }

        return new FlushResult(result.IsCanceled, IsClientGone);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> WaitForFlushAsync(ValueTask<FlushResult> flush)
    {
        connection.Deadlines.BeginWrite(connection.Transport, connection.MinResponseDataRate);
        try
        {
            return AfterFlush(await flush.ConfigureAwait(false));
        }
        finally
        {
            connection.Deadlines.EndWrite();
        }
    }

    private FlushResult AfterFlush(FlushResult result)
    {
        if (result.IsCompleted)
        {
            IsClientGone = true;
            connection.OnClientGone();
        }
        else if (!result.IsCanceled)
        {
            connection.OnFlushed();
        }

        return result;
    }
}
