using System.IO.Pipelines;

namespace PipeServer.Fuzz;

/// <summary>The client's end of a memory connection. Disposing it resets nothing: it closes both directions.</summary>
internal sealed class MemoryClientStream(PipeReader input, PipeWriter output) : Stream
{
    private readonly Stream _input = input.AsStream();
    private readonly Stream _output = output.AsStream();
    private readonly Lock _gate = new();
    private bool _isReading;
    private bool _isClosed;
    private volatile bool _isReset;

    /// <summary>How much the client has read so far.</summary>
    public long BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public void ShutdownSend() => output.Complete();

    /// <summary>The server has cut the connection: reads fail from now on, the one that waits too. From any thread.</summary>
    public void Reset()
    {
        _isReset = true;
        input.CancelPendingRead();
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_isClosed || _isReset || _isReading)
            {
                throw new IOException(_isReading ? "There is a read already." : "The connection was reset.");
            }

            _isReading = true;
        }

        try
        {
            var read = await _input.ReadAsync(buffer, cancellationToken);
            BytesRead += read;
            return read;
        }
        catch (Exception exception) when (exception is not IOException)
        {
            // What an abort of the other side looks like in a pipe.
            throw new IOException("The connection was reset.", exception);
        }
        finally
        {
            lock (_gate)
            {
                _isReading = false;
                if (_isClosed)
                {
                    input.Complete();
                }
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => _output.Write(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _output.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        _output.WriteAsync(buffer, offset, count, cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        output.Complete();
        lock (_gate)
        {
            _isClosed = true;
            if (_isReading)
            {
                input.CancelPendingRead(); // completed in the middle of a read, the pipe would fail the server
            }
            else
            {
                input.Complete();
            }
        }

        base.Dispose(disposing);
    }
}
