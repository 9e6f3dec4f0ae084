using System.Net.WebSockets;

namespace PipeServer.WebSockets;

/// <summary>The frames of a <see cref="ServerWebSocket"/> as the stream that the framework's socket wants. A read of no bytes waits without a buffer.</summary>
internal sealed class FrameStream(ServerWebSocket socket) : Stream
{
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

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.Receiver.ReadRawAsync(buffer, cancellationToken);

    // A whole frame, always. One that closes the connection is the framework's verdict on a text that is not UTF-8, or on its own state.
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if ((buffer.Span[0] & 0x0F) == (int)FrameOpcode.Close)
        {
            socket.Refused(WebSocketCloseStatus.InvalidPayloadData, "a text is not UTF-8");
            return ValueTask.CompletedTask;
        }

        return socket.Output.SendRawAsync(buffer, cancellationToken);
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
