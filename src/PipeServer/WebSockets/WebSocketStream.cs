using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace PipeServer.WebSockets;

/// <summary>A switched connection as the stream that <see cref="System.Net.WebSockets.WebSocket"/> wants. A read of no bytes waits without a buffer.</summary>
internal sealed class WebSocketStream(IDuplexPipe pipe) : Stream
{
    private readonly PipeReader _input = pipe.Input;
    private readonly PipeWriter _output = pipe.Output;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Flush() => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var read = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var bytes = read.Buffer;
            if (!bytes.IsEmpty)
            {
                var taken = bytes.Slice(0, Math.Min(bytes.Length, buffer.Length));
                taken.CopyTo(buffer.Span);
                _input.AdvanceTo(taken.End);
                return (int)taken.Length;
            }

            _input.AdvanceTo(bytes.End);
            if (read.IsCompleted)
            {
                return 0;
            }
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _output.Write(buffer.Span);
        if ((await _output.FlushAsync(cancellationToken).ConfigureAwait(false)).IsCompleted)
        {
            throw new IOException("The client is gone.");
        }
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
