namespace PipeServer.Fuzz;

/// <summary>What a client sends, on its way to the server: cut, delayed, ended early or damaged. What the server sends comes as it is.</summary>
/// <param name="inner">The connection.</param>
/// <param name="random">Decides on everything.</param>
internal sealed class MangledStream(Stream inner, Random random) : Stream
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile bool _isReadWaiting; // here, and so not decrypting
    private int _written;

    /// <summary>After this many bytes nothing more arrives, and nobody is told.</summary>
    public int StopAfter { get; init; } = int.MaxValue;

    /// <summary>Records that begin behind this many bytes may be damaged.</summary>
    public int DamageAfter { get; init; } = int.MaxValue;

    /// <summary>The size of the pieces that are written; 0 for as they come.</summary>
    public int MaxPiece { get; init; }

    /// <summary>Something of what was sent has not arrived as it was.</summary>
    public bool HasDamaged { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _isReadWaiting = true;
        try
        {
            return await inner.ReadAsync(buffer, cancellationToken);
        }
        finally
        {
            await _gate.WaitAsync(CancellationToken.None);
            _isReadWaiting = false;
            _gate.Release();
        }
    }

    /// <summary>
    /// Does something that the client does not take beside a read: while its read waits here, or there is none any more. SslStream's ShutdownAsync is
    /// such: beside a read that decrypts it corrupts OpenSSL's memory.
    /// </summary>
    public async Task WhileReadWaitsAsync(Task reading, Func<Task> action)
    {
        while (true)
        {
            await _gate.WaitAsync();
            try
            {
                if (_isReadWaiting || reading.IsCompleted)
                {
                    await action();
                    return;
                }
            }
            finally
            {
                _gate.Release();
            }

            await Task.Yield();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (DamageAfter != int.MaxValue)
        {
            buffer = Damage(buffer.ToArray());
        }

        while (!buffer.IsEmpty && _written < StopAfter)
        {
            var size = Math.Min(buffer.Length, StopAfter - _written);
            var piece = buffer[..(MaxPiece == 0 ? size : Math.Min(size, 1 + random.Next(MaxPiece)))];
            buffer = buffer[piece.Length..];
            _written += piece.Length;
            await inner.WriteAsync(piece, cancellationToken);
            if (MaxPiece != 0 && random.Next(4) == 0)
            {
                await Task.Yield();
            }
        }

        HasDamaged |= !buffer.IsEmpty;
    }

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

    // Record by record: clients write whole ones.
    private byte[] Damage(byte[] bytes)
    {
        var result = new List<byte>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = at + 5 <= bytes.Length ? Math.Min(bytes.Length - at, 5 + ((bytes[at + 3] << 8) | bytes[at + 4])) : bytes.Length - at;
            var record = bytes.AsSpan(at, length).ToArray();
            at += length;
            if (_written + result.Count < DamageAfter || random.Next(3) != 0)
            {
                result.AddRange(record);
                continue;
            }

            HasDamaged = true;
            switch (random.Next(7))
            {
                case 0:
                    break; // it is lost
                case 1:
                    result.AddRange([.. record, .. record]);
                    break;
                case 2:
                    result.AddRange([.. StrangeRecords.Next(random), .. record]);
                    break;
                case 3:
                    result.AddRange(record[..random.Next(record.Length)]);
                    break;
                case 4:
                    record[random.Next(Math.Min(5, record.Length))] = (byte)random.Next(256);
                    result.AddRange(record);
                    break;
                default:
                    record[random.Next(record.Length)] ^= (byte)(1 << random.Next(8));
                    result.AddRange(record);
                    break;
            }
        }

        return [.. result];
    }
}
