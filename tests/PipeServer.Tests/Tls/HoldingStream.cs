namespace PipeServer.Tests.Tls;

/// <summary>A client's stream that keeps what is written back, from one write on, and sends all of it in one piece; or sends each write in small pieces.</summary>
internal sealed class HoldingStream(Stream inner, int holdFrom = int.MaxValue, int pieceBytes = 0) : Stream
{
    private readonly MemoryStream _held = new();
    private int _writes;
    private bool _isReleased;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public int PieceBytes { get; set; } = pieceBytes;

    /// <summary>Sends what was kept back, and keeps nothing more.</summary>
    public async Task ReleaseAsync()
    {
        _isReleased = true;
        await inner.WriteAsync(_held.ToArray());
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (++_writes >= holdFrom && !_isReleased)
        {
            _held.Write(buffer.Span);
            return;
        }

        if (PieceBytes == 0)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            return;
        }

        for (var rest = buffer; !rest.IsEmpty; rest = rest[Math.Min(PieceBytes, rest.Length)..])
        {
            await inner.WriteAsync(rest[..Math.Min(PieceBytes, rest.Length)], cancellationToken);
            await Task.Yield();
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
