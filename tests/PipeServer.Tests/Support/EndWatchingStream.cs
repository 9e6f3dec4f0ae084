namespace PipeServer.Tests.Support;

/// <summary>Another stream, and whether a read of it has found its end: what tells a session of TLS that ends by close_notify from one that is cut off.</summary>
internal sealed class EndWatchingStream(Stream inner) : Stream
{
    private const int FirstBytes = 20;

    public Stream Inner => inner;

    /// <summary>What is written is sent a byte at a time.</summary>
    public bool IsByteByByte { get; init; }

    /// <summary>What the rest of the first write waits for, behind a few bytes.</summary>
    public Task? PauseAfterFirstBytes { get; set; }

    /// <summary>A read has found the end.</summary>
    public bool HasEnded { get; private set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken);
        HasEnded |= read == 0 && buffer.Length > 0;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (PauseAfterFirstBytes is { } pause)
        {
            PauseAfterFirstBytes = null;
            await inner.WriteAsync(buffer[..FirstBytes], cancellationToken);
            await pause.WaitAsync(cancellationToken);
            buffer = buffer[FirstBytes..];
        }

        for (; IsByteByByte && buffer.Length > 1; buffer = buffer[1..])
        {
            await inner.WriteAsync(buffer[..1], cancellationToken);
        }

        await inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.WriteAsync(buffer, offset, count, cancellationToken);

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
