using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace PipeServer.Transport.Sockets;

/// <summary>
/// One accepted socket behind two pipes: a receive loop fills the input pipe, a send loop empties the output pipe.
/// </summary>
internal sealed class SocketConnection : TransportConnection
{
    // What may lie in a pipe before its writer has to wait. The same as Pipe's own default, named because it bounds the
    // memory of a connection.
    private const int PauseThresholdBytes = 64 * 1024;

    // The pipe counts bytes, not memory: a receive must fill up the last segment before it takes another, or a client that
    // sends single bytes would cost a segment for each. Only one that filled its buffer is followed by one with a large
    // buffer, so that uploads need fewer system calls.
    private const int SegmentBytes = 4096;
    private const int LargeReceiveBytes = 32 * 1024;

    private readonly Socket _socket;
    private readonly Pipe _inputPipe = new(CreateOptions(writerScheduler: PipeScheduler.Inline));

    // A flush that had to wait resumes on the thread pool: on the send loop's own stack, a handler that then blocks on
    // another flush would wait for the loop that it holds up.
    private readonly Pipe _outputPipe = new(CreateOptions(writerScheduler: PipeScheduler.ThreadPool));
    private readonly CancellationTokenSource _closed = new();
    private readonly List<ArraySegment<byte>> _segments = [];
    private readonly Lock _socketLock = new();
    private Task _receiving = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private readonly bool _isTcp;
    private long _bytesSent;
    private volatile bool _aborted;
    private volatile bool _disposed;

    public SocketConnection(Socket socket)
    {
        _socket = socket;
        RemoteEndPoint = socket.RemoteEndPoint;
        Closed = _closed.Token;
        _isTcp = socket.ProtocolType == ProtocolType.Tcp;
        if (_isTcp)
        {
            socket.NoDelay = true;
        }
    }

    public override PipeReader Input => _inputPipe.Reader;

    public override PipeWriter Output => _outputPipe.Writer;

    public override EndPoint? RemoteEndPoint { get; }

    public override CancellationToken Closed { get; }

    public override bool IsClosed => _closed.IsCancellationRequested;

    // The system counts the end of the stream as a byte.
    public override long BytesSent => Math.Min(AcknowledgedBytes() ?? long.MaxValue, Volatile.Read(ref _bytesSent));

    public override bool IsPaceKnown => _isTcp;

    public void Start()
    {
        _receiving = ReceiveAsync();
        _sending = SendAsync();
    }

    // What the system has taken moves in steps of a third of its buffers, which may be megabytes: a slow client would seem to stand still.
    private long? AcknowledgedBytes()
    {
        if (!OperatingSystem.IsLinux() || !_isTcp || _disposed)
        {
            return null;
        }

        try
        {
            Span<byte> info = stackalloc byte[TcpInfo.Bytes];
            return _socket.GetRawSocketOption((int)ProtocolType.Tcp, TcpInfo.Option, info) == info.Length ? TcpInfo.AcknowledgedBytes(info) : null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    public override async ValueTask ShutdownOutputAsync()
    {
        await _outputPipe.Writer.CompleteAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
    }

    public override void Abort()
    {
        if (_aborted)
        {
            return;
        }

        _aborted = true;
        lock (_socketLock)
        {
            try
            {
                // Zero linger makes the close a reset, so that a client cannot take half a response for a whole one.
                _socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Closed already, by the peer or by us.
            }

            _socket.Dispose();
        }

        SignalClosed();
    }

    public override async ValueTask DisposeAsync()
    {
        await _inputPipe.Reader.CompleteAsync().ConfigureAwait(false);
        await _outputPipe.Writer.CompleteAsync().ConfigureAwait(false);
        _disposed = true;
        lock (_socketLock)
        {
            _socket.Dispose();
        }

        await _receiving.ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
    }

    // Continuations run where the bytes arrive or leave: the connection loop on the thread that received, the send on the
    // thread that flushed. A hop to a worker is the server's decision, not the pipe's.
    private static PipeOptions CreateOptions(PipeScheduler writerScheduler) => new(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: writerScheduler,
        pauseWriterThreshold: PauseThresholdBytes,
        resumeWriterThreshold: PauseThresholdBytes / 2,
        minimumSegmentSize: SegmentBytes,
        useSynchronizationContext: false);

    private async Task ReceiveAsync()
    {
        var writer = _inputPipe.Writer;
        Exception? error = null;
        var sizeHint = 1;
        // Let the caller of Start get on: the first receive must not run the connection loop on the accept loop's stack.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (true)
            {
                var buffer = writer.GetMemory(sizeHint);
                var received = await _socket.ReceiveAsync(buffer, SocketFlags.None).ConfigureAwait(false);
                if (received == 0)
                {
                    break;
                }

                sizeHint = received == buffer.Length && received >= SegmentBytes / 2 ? LargeReceiveBytes : 1;
                writer.Advance(received);
                var flushed = await writer.FlushAsync().ConfigureAwait(false);
                if (flushed.IsCompleted || flushed.IsCanceled)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            error = new IOException(
                _aborted ? "The connection was aborted." : "The client reset the connection.", exception);
            SignalClosed();
        }

#pragma warning disable CA1031 // What the reader was completed with is the reader's business: nobody reads any more.
        catch (Exception)
#pragma warning restore CA1031
        {
            // Nothing to report to: there is no reader.
        }

        await writer.CompleteAsync(error).ConfigureAwait(false);
    }

    private async Task SendAsync()
    {
        var reader = _outputPipe.Reader;
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync().ConfigureAwait(false);
                await SendAsync(result.Buffer).ConfigureAwait(false);
                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted || result.IsCanceled)
                {
                    break;
                }
            }

            lock (_socketLock)
            {
                _socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client is gone; the writer learns it from its next flush.
            SignalClosed();
        }
#pragma warning disable CA1031 // What the writer was completed with is the writer's business; what was sent is not the whole.
        catch (Exception)
#pragma warning restore CA1031
        {
            Abort();
        }

        await reader.CompleteAsync().ConfigureAwait(false);
    }

    private async ValueTask SendAsync(ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsSingleSegment)
        {
            var rest = buffer.First;
            while (!rest.IsEmpty)
            {
                var sent = await _socket.SendAsync(rest, SocketFlags.None).ConfigureAwait(false);
                Volatile.Write(ref _bytesSent, _bytesSent + sent);
                rest = rest[sent..];
            }

            return;
        }

        while (!buffer.IsEmpty)
        {
            _segments.Clear();
            foreach (var memory in buffer)
            {
                if (System.Runtime.InteropServices.MemoryMarshal.TryGetArray(memory, out var segment) && segment.Count > 0)
                {
                    _segments.Add(segment);
                }
            }

            var sent = await _socket.SendAsync(_segments, SocketFlags.None).ConfigureAwait(false);
            Volatile.Write(ref _bytesSent, _bytesSent + sent);
            buffer = buffer.Slice(sent);
        }
    }

    // Callbacks of handlers hang on this token: they run on the thread pool, not inside the transport.
    private void SignalClosed()
    {
        if (!_disposed)
        {
            _ = _closed.CancelAsync();
        }
    }
}
