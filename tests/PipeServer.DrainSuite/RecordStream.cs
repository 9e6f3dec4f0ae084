using System.Net.Sockets;

namespace PipeServer.DrainSuite;

/// <summary>The records below a client's TLS: what has been taken from the system is known exactly, and a handshake can be stopped in the middle.</summary>
internal sealed class RecordStream(Socket socket, HeldHandshake held) : Stream
{
    // Enough for a record's head and the beginning of a ClientHello.
    private const int FirstBytes = 64;

    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isWaiting;
    private volatile bool _hasEnded;
    private bool _hasWritten;

    /// <summary>True when the stream has ended below TLS, with a reset or without one: whoever was told by a close_notify asks no further.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>True when nothing has been received that TLS has not looked at.</summary>
    // In this order: nothing is in the system, and then it still waits, so what it had before is used up.
    public bool IsDrained => !IsReadable() && _isWaiting;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void Release() => _released.TrySetResult();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        try
        {
            // Only waits, and takes nothing: so that bytes are either in the system or in the hands of TLS, and never on their way.
            // It may end for nothing, and a receive that finds nothing would hold the thread until the server gives the client up.
            while (true)
            {
                _isWaiting = true;
                await socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
                if (IsReadable())
                {
                    break;
                }

                await Task.Yield();
            }

            _isWaiting = false;
            var count = socket.Receive(buffer.Span);
            _hasEnded |= count == 0;
            return count;
        }
        catch (SocketException exception)
        {
            _hasEnded = true;
            _isWaiting = false;
            throw new IOException(exception.Message, exception);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            if (held == HeldHandshake.AfterHello && _hasWritten)
            {
                await _released.Task;
            }
            else if (held == HeldHandshake.WithinHello && !_hasWritten)
            {
                await SendAsync(buffer[..FirstBytes], cancellationToken);
                buffer = buffer[FirstBytes..];
                await _released.Task;
            }

            _hasWritten = true;
            await SendAsync(buffer, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        socket.Dispose();
        _released.TrySetResult();
        base.Dispose(disposing);
    }

    private bool IsReadable()
    {
        try
        {
            return socket.Poll(TimeSpan.Zero, SelectMode.SelectRead);
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await socket.SendAsync(bytes[sent..], cancellationToken);
        }
    }
}
