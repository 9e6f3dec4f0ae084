using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Pipelines.Sockets.Unofficial;
using Pumps = Pipelines.Sockets.Unofficial.SocketConnection;

namespace PipeServer.Transport.Sockets;

/// <summary>
/// One accepted socket. Pipelines.Sockets.Unofficial moves the bytes between it and two pipes; this class adds what
/// <see cref="TransportConnection"/> promises beyond that: an abort resets the connection, errors are <see cref="IOException"/>s, the
/// memory of a failed send stays with its writer, a client that has gone is reported, and bytes are counted as the client takes them.
/// </summary>
internal sealed class SocketConnection : TransportConnection
{
    private readonly Socket _socket;
    private readonly Pumps _pumps;
    private readonly SocketInput _input;
    private readonly SocketOutput _output;
    private readonly TaskCompletionSource _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _socketLock = new();
    private readonly bool _isTcp;
    private EndSignal _closed; // a mutable struct, as the next
    private EndSignal _halfClosed; // set with it too
    private EndPoint? _localEndPoint; // once somebody has asked
    private long _bytesSent;
    private volatile bool _isAborted;
    private volatile bool _isDisposed;

    public SocketConnection(Socket socket)
        : this(socket, ArrayPool<byte>.Shared)
    {
    }

    /// <summary>For tests, which choose where the memory of both pipes comes from.</summary>
    internal SocketConnection(Socket socket, ArrayPool<byte> arrays)
    {
        _socket = socket;
        RemoteEndPoint = socket.RemoteEndPoint;
        _isTcp = socket.ProtocolType == ProtocolType.Tcp;
        if (_isTcp)
        {
            socket.NoDelay = true;
        }

        var sendMemory = new SendMemory(arrays);
        _pumps = Start(socket, new ReceiveMemory(arrays), sendMemory);
        _input = new SocketInput(this, _pumps.Input);
        _output = new SocketOutput(this, _pumps.Output, sendMemory);

        // Only these obsolete callbacks tell when one of the package's two loops has ended. A callback that is added after the end runs too.
#pragma warning disable CS0618
        _pumps.Input.OnWriterCompleted(static (error, connection) => ((SocketConnection)connection!).OnReceived(error), this);
        _pumps.Output.OnReaderCompleted(static (error, connection) => ((SocketConnection)connection!).OnSent(error), this);
#pragma warning restore CS0618
    }

    public override PipeReader Input => _input;

    public override PipeWriter Output => _output;

    public override EndPoint? RemoteEndPoint { get; }

    public override EndPoint? LocalEndPoint => _localEndPoint ??= FindLocalEndPoint();

    public override CancellationToken Closed => _closed.Token;

    public override CancellationToken HalfClosed => _halfClosed.Token;

    public override bool IsClosed => _closed.IsSet;

    /// <remarks>
    /// The package counts a send only when all of it is done: its count lags by up to what the pipe holds, and leaves out a send
    /// that fails half way. Over TCP the system's own count is better. It counts the end of the stream as one more byte, so the
    /// number of bytes written bounds it.
    /// </remarks>
    public override long BytesSent
    {
        get
        {
            var now = AcknowledgedBytes() is { } acknowledged ? Math.Min(acknowledged, _output.BytesWritten) : _pumps.BytesSent;
            var before = Volatile.Read(ref _bytesSent);
            while (now > before)
            {
                var found = Interlocked.CompareExchange(ref _bytesSent, now, before);
                if (found == before)
                {
                    return now;
                }

                before = found;
            }

            return before;
        }
    }

    public override long BytesReceived => _pumps.BytesRead;

    /// <summary>The package counts a send when it is done; at the end of a connection that is all of them.</summary>
    internal override long BytesHandedOver => _pumps.BytesSent;

    public override bool IsPaceKnown => _isTcp;

    public override long? UnreadBytes => _isTcp || _isDisposed ? null : SendQueue.UnreadBytes(_socket.SafeHandle);

    /// <summary>True once one of the package's loops has failed or ended.</summary>
    internal bool IsEnding => _pumps.ShutdownKind != PipeShutdownKind.None;

    /// <summary>True once nothing more is sent, even if more is written.</summary>
    internal bool IsSendingOver => _sent.Task.IsCompleted;

    public override async ValueTask ShutdownOutputAsync()
    {
        await _output.CompleteAsync().ConfigureAwait(false);
        await _sent.Task.ConfigureAwait(false);
    }

    /// <remarks>
    /// Disposing of the package's connection does not abort it: that half-closes first, which a client takes for the end of its
    /// response, and runs the code that awaits a read inside the call. Disposing of the socket itself with a linger time of zero
    /// resets the connection, and the code that awaits a read continues on the thread pool.
    /// </remarks>
    public override void Abort()
    {
        if (_isAborted)
        {
            return;
        }

        _isAborted = true;
        lock (_socketLock)
        {
            try
            {
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
        try
        {
            await _input.CompleteAsync().ConfigureAwait(false);
            await _output.CompleteAsync().ConfigureAwait(false);
        }
        finally
        {
            _isDisposed = true;
            lock (_socketLock)
            {
                _socket.Dispose();
            }
        }

        await _received.Task.ConfigureAwait(false);
        await _sent.Task.ConfigureAwait(false);
    }

    /// <summary>The exception that a reader gets in place of the package's <paramref name="error"/>.</summary>
    internal IOException Translate(Exception error) => error as IOException
        ?? new IOException(_isAborted ? "The connection was aborted." : "The client reset the connection.", error);

    private static Pumps Start(Socket socket, ReceiveMemory received, SendMemory sent)
    {
        var pumps = Pumps.Create(
            socket, SocketPipes.CreateSendOptions(sent), SocketPipes.CreateReceiveOptions(received), SocketConnectionOptions.ZeroLengthReads);
        (sent.Pumps, received.Pumps) = (pumps, pumps);
        return pumps;
    }

    // Not the bytes that the system has taken: their count moves in steps of a third of its buffers, which may be megabytes, and a slow
    // client would seem to stand still.
    private long? AcknowledgedBytes()
    {
        if (!OperatingSystem.IsLinux() || !_isTcp || _isDisposed)
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

    private EndPoint? FindLocalEndPoint()
    {
        try
        {
            return UnixSocketAddress.WithoutAmbiguity(_socket.LocalEndPoint);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null; // aborted
        }
    }

    private void OnReceived(Exception? error)
    {
        if (error is not null)
        {
            SignalClosed();
        }
        else if (!_isDisposed)
        {
            _halfClosed.Set();
        }

        _received.TrySetResult();
    }

    private void OnSent(Exception? error)
    {
        if (error is not null)
        {
            SignalClosed();
        }

        _sent.TrySetResult();
    }

    private void SignalClosed()
    {
        if (!_isDisposed)
        {
            _closed.Set();
            _halfClosed.Set();
        }
    }
}
