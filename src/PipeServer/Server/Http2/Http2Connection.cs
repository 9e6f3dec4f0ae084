using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.ObjectPool;
using PipeServer.Http.Frames;
using PipeServer.Transport;

namespace PipeServer.Server.Http2;

/// <summary>
/// A connection of HTTP/2: the loop that reads, takes the frames that are there, runs what runs inline, frames what there is to send, and flushes once; and
/// how it ends.
/// </summary>
/// <remarks>
/// All of that is a turn, which never waits. Between two turns the loop waits in a read, which <see cref="StreamHolder.Push"/> and the end of a flush cancel:
/// whoever does mostly goes on with the loop. While a flush waits for the client, the loop goes on reading, as long as what it has to answer fits aside.
/// </remarks>
internal sealed class Http2Connection : ConnectionTimes
{
    // A fast client gets so many flushes in a row before its frames are looked at again.
    private const int MostFlushes = 8;

    private readonly Action _onFlushed;
    private ValueTask<FlushResult> _flush; // while the output is busy
    private volatile bool _hasInputEnded;
    private bool _hasOutputEnded;
    private bool _hasMore; // to send, than one turn may

    public Http2Connection(ServerContext server, ObjectPool<Http2Stream> pool)
        : base(server, pool)
    {
        _onFlushed = () =>
        {
            var id = Id;
            IsFlushDone = true;
            Interlocked.MemoryBarrier(); // whoever begins to wait for a signal has not seen it, or is seen
            Wake(id);
        };
    }

    public override void Attach(TransportConnection transport, long id)
    {
        _hasInputEnded = _hasOutputEnded = _hasMore = IsFlushDone = false;
        _flush = default;
        base.Attach(transport, id);
        StrictTransport = Tls is null ? [] : Rules.StrictTransport?.Http2 ?? [];
    }

    public override void OnHeartbeat(long now, bool draining)
    {
        base.OnHeartbeat(now, draining);
        if (draining && !IsLeaving && LastStreamId > 0)
        {
            lock (Deadlines)
            {
                if (!HasEnded)
                {
                    ReadCancellation.Start(this, Transport); // its client is to be told
                }
            }
        }

        foreach (var stream in Streams.Snapshot)
        {
            stream?.ExistingExtras?.Switched?.OnBeat(now);
        }
    }

    /// <summary>The client has half-closed. From any thread.</summary>
    public bool HasInputEnded => _hasInputEnded;

    /// <summary>The Strict-Transport-Security field of its responses, encoded; empty for none.</summary>
    public byte[] StrictTransport { get; private set; } = [];

    /// <summary>The Server and Date fields of a stream's response, and those that its connection has: encoded.</summary>
    public ReadOnlySpan<byte> ServerFieldsOf(Http2Stream stream)
    {
        var fields = stream.Response.ListedFields;
        var heartbeat = Server.Heartbeat;
        var prepared = stream.ResponseBody.HeadFields;
        ReadOnlySpan<byte> block = (fields.Count > 0 && fields.IndexOf("Last-Modified"u8) >= 0) || prepared?.LastModified > heartbeat.Second
            ? heartbeat.Http2ServerAndDateNow
            : heartbeat.Http2ServerAndDate;
        return prepared is { HasServer: true } && !fields.Has(Http.KnownHeader.Server) ? Http.DateHeader.Http2WithoutServer(block) : block;
    }

    protected override async Task ServeAsync()
    {
        ExceptionDispatchInfo? end = null;
        try
        {
            Greet();
            await ServeFramesAsync().ConfigureAwait(false);
            if (_hasInputEnded)
            {
                await ServeRestAsync().ConfigureAwait(false);
            }

            if (HasFailed && Slots > 0 && !IsClientGone)
            {
                DropStreams(reason: null);
                await EndOutputAsync().ConfigureAwait(false); // the client does not wait for handlers to return
            }
        }
#pragma warning disable CA1031 // Whatever it is, handlers are at work that use the connection.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (IsOwner)
            {
                EndTurn(); // it was thrown within one
            }

            end = ExceptionDispatchInfo.Capture(exception);
        }

        if (Slots > 0)
        {
            WasAborted |= !HasFailed || IsClientGone;
            DropStreams(end?.SourceException);
        }

        if (end is not null && Frames.IsBusy)
        {
            Transport.Abort(); // so that the flush ends: its end must not meet the next connection
            await WaitForFlushAsync().ConfigureAwait(false);
        }

        await WaitForHandlersAsync().ConfigureAwait(false);
        end?.Throw();
    }

    protected override async Task EndAsync()
    {
        if (WasAborted || IsClientGone)
        {
            return;
        }

        await EndOutputAsync().ConfigureAwait(false);
        State = ConnectionState.Closing;
        if (!_hasInputEnded && !IsClientGone)
        {
            await LingeringClose.AfterAnswer.WaitAsync(this).ConfigureAwait(false);
        }
    }

    // Sends what is written, and half-closes.
    private async Task EndOutputAsync()
    {
        if (_hasOutputEnded)
        {
            return;
        }

        _hasOutputEnded = true;
        while (Frames.IsBusy || Frames.HasWritten)
        {
            if (Frames.IsBusy)
            {
                await WaitForFlushAsync().ConfigureAwait(false);
                EndFlush(ResultOf(_flush).IsCompleted);
            }

            if (IsClientGone)
            {
                return;
            }

            StartFlush();
        }

        Deadlines.BeginWrite(Transport, Rules.MinDataRate);
        await Transport.ShutdownOutputAsync().ConfigureAwait(false);
        Deadlines.EndWrite();
    }

    private async Task ServeFramesAsync()
    {
        while (true)
        {
            if (!Input.TryRead(out var read))
            {
                if (!MayWait())
                {
                    return;
                }

                read = await Input.ReadAsync().ConfigureAwait(false);
            }

            var buffer = read.Buffer;
            Turn(ref buffer);
            Input.AdvanceTo(buffer.Start, Frames.IsFull ? buffer.Start : buffer.End);
            if (read.IsCompleted && !Frames.IsFull)
            {
                _hasInputEnded = true;
                return;
            }

            if (Frames is { IsBusy: true, IsFull: true })
            {
                await WaitForFlushAsync().ConfigureAwait(false);
                Wake(Id); // a turn is due, whether anything is left to be read or not
            }

            if (HasFailed || IsClientGone)
            {
                return;
            }
        }
    }

    // The client has half-closed: what has come as a whole is answered.
    private async Task ServeRestAsync()
    {
        BeginTurn();
        foreach (var stream in Streams.Snapshot.ToArray())
        {
            stream?.SetHalfClosed();
            if (stream is { RequestBody.IsComplete: false })
            {
                Drop(stream, new IOException("The client has ended the connection within a request."));
                Look(stream);
            }
        }

        EndTurn();
        while (true)
        {
            var none = ReadOnlySequence<byte>.Empty;
            Turn(ref none);
            IsClientGone |= Transport.IsClosed; // no read is there to say so
            if ((_hasMore && !Frames.IsBusy) || ResetWithoutWindow())
            {
                _hasMore = false;
                continue;
            }

            if (Slots == 0 || HasFailed || IsClientGone)
            {
                return;
            }

            WaitUntil(Math.Min(Deadlines.Now + LookMilliseconds, DueOfStreams()));
            await WaitForSignalAsync().ConfigureAwait(false);
        }
    }

    // The connection is over: its handlers are told.
    private void DropStreams(Exception? reason)
    {
        Deadlines.DropRead();
        BeginTurn();
        DropAll(reason as IOException ?? new IOException("The connection was ended."));
        EndTurn();
    }

    // It ends when they have.
    private async Task WaitForHandlersAsync()
    {
        while (Slots > 0)
        {
            IsFlushDone = false; // nobody wants its result any more
            await WaitAndLookAsync().ConfigureAwait(false);
        }
    }

    private async Task WaitAndLookAsync()
    {
        await WaitForSignalAsync().ConfigureAwait(false);
        BeginTurn();
        TakeSignals();
        EndTurn();
    }

    private async Task WaitForFlushAsync()
    {
        while (!IsFlushDone)
        {
            await WaitAndLookAsync().ConfigureAwait(false);
        }

        StopWaiting();
    }

    private void Greet()
    {
        BeginTurn();
        Frames.Settings(
        [
            (SettingId.MaxConcurrentStreams, Rules.MaxStreams),
            (SettingId.InitialWindowSize, FlowControl.StreamWindow),
            (SettingId.MaxHeaderListSize, Rules.Head.MaxRequestHeadBytes),
            (SettingId.EnableConnectProtocol, 1),
            (SettingId.NoRfc7540Priorities, 1),
        ]);
        SettingsDue = Server.Heartbeat.DeadlineAfter(Rules.RequestHeadTimeout);
        Frames.WindowUpdate(0, Window.TakeUpdate());
        EndTurn();
    }

    private void Turn(ref ReadOnlySequence<byte> buffer)
    {
        var outer = ExecutionContext.Capture();
        BeginTurn();
        if (IsFlushDone)
        {
            EndFlush(ResultOf(_flush).IsCompleted);
        }

        TakeSignals();
        if (!HasFailed)
        {
            var before = buffer.Length;
            Receiver.Take(ref buffer);
            SetInputDue(buffer, hasTaken: buffer.Length != before);
        }

        if (IsTimeUp || (Draining.IsCancellationRequested && !IsLeaving))
        {
            CheckTimes();
        }

        Send();
        EndTurn();
        EnterContext(outer);
    }

    private void Send()
    {
        for (var flushes = 0; flushes < MostFlushes; flushes++)
        {
            TakeSignals();
            if (!HasFailed)
            {
                Sender.Pump();
                if (Window.TakeUpdate(Growth, Server.TimeProvider) is > 0 and var increment)
                {
                    Frames.WindowUpdate(0, increment);
                }
            }

            if (Frames.IsBusy || !Frames.HasWritten)
            {
                return;
            }

            StartFlush();
            if (!Sender.IsWaiting)
            {
                return;
            }
        }

        _hasMore = true;
        Wake(Id); // the client's frames have their turn between
    }

    private void StartFlush()
    {
        Frames.BeginFlush();
        if (Transport.TryFlush())
        {
            OnFlushed();
            return;
        }

#pragma warning disable CA2012 // Its result is taken once, by the owner, when it is there.
        _flush = Output.FlushAsync();
#pragma warning restore CA2012
        if (_flush.IsCompleted)
        {
            EndFlush(ResultOf(_flush).IsCompleted);
            return;
        }

        Frames.Wait();
        Deadlines.BeginWrite(Transport, Rules.MinDataRate);
        _flush.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_onFlushed);
    }

#pragma warning disable VSTHRD002 // Completed, so it does not block.
    private static FlushResult ResultOf(in ValueTask<FlushResult> flush) => flush.GetAwaiter().GetResult();
#pragma warning restore VSTHRD002

    private void EndFlush(bool isClientGone)
    {
        IsFlushDone = false;
        _flush = default;
        Deadlines.EndWrite();
        IsClientGone |= isClientGone;
        if (!isClientGone)
        {
            OnFlushed();
        }

        Frames.EndWait();
    }
}
