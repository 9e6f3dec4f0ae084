using System.Net.Sockets;

namespace PipeServer.DrainSuite;

/// <summary>TCP alone.</summary>
internal sealed class PlainWire(Socket socket) : Wire
{
    // Without TLS the end of the stream is all the order there is.
    public override bool HasEndedInOrder => true;

    public override Task OpenAsync() => Task.CompletedTask;

    public override async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await socket.SendAsync(bytes[sent..]);
            }
        }
        catch (SocketException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    public override async Task<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            return await socket.ReceiveAsync(buffer);
        }
        catch (SocketException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    public override ValueTask<bool> IsEndedAsync()
    {
        try
        {
            return new(socket.Poll(TimeSpan.Zero, SelectMode.SelectRead) && socket.Available == 0);
        }
        catch (SocketException)
        {
            return new(true);
        }
    }

    protected override void Dispose(bool disposing) => socket.Dispose();
}
