using System.Net.Sockets;

namespace PipeServer.Cli;

/// <summary>
/// A stream over a socket that never blocks, for <see cref="System.Net.Security.SslStream"/>: it waits in the call that the socket's owner gives it.
/// </summary>
/// <param name="socket">The socket; its owner's.</param>
/// <param name="wait">Waits until the socket can be read or written; throws when the time is up.</param>
internal sealed class PolledStream(Socket socket, Action<SelectMode> wait) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            wait(SelectMode.SelectRead);
            var received = socket.Receive(buffer, SocketFlags.None, out var error);
            if (error != SocketError.WouldBlock)
            {
                return error == SocketError.Success ? received : throw new SocketException((int)error);
            }
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            wait(SelectMode.SelectWrite);
            var sent = socket.Send(buffer, SocketFlags.None, out var error);
            buffer = error switch
            {
                SocketError.Success => buffer[sent..],
                SocketError.WouldBlock => buffer,
                _ => throw new SocketException((int)error),
            };
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
