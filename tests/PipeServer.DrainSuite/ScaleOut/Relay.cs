using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>A long cable: what it gets on one side it passes on to the other one some time later, in both directions.</summary>
internal sealed class Relay(IPEndPoint at, IPEndPoint to, TimeSpan delay)
{
    private const int BufferBytes = 16 * 1024;

    /// <summary>Runs it until the process ends.</summary>
    public async Task RunAsync()
    {
        using var listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(at);
        listener.Listen(512);
        while (true)
        {
            _ = ServeAsync(await listener.AcceptAsync());
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var server = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(to);
            await Task.WhenAll(PassAsync(client, server), PassAsync(server, client));
        }
        catch (SocketException)
        {
            // One side is gone, and so is the other.
        }
        finally
        {
            client.Dispose();
        }
    }

    private async Task PassAsync(Socket from, Socket into)
    {
        var cable = Channel.CreateBounded<(byte[] Bytes, int Count, long Due)>(64);
        var sending = SendAsync(cable.Reader, into);
        try
        {
            while (true)
            {
                var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
                var count = await from.ReceiveAsync(buffer);
                await cable.Writer.WriteAsync((buffer, count, Environment.TickCount64 + (long)delay.TotalMilliseconds));
                if (count == 0)
                {
                    break;
                }
            }
        }
        finally
        {
            cable.Writer.Complete();
            await sending;
        }
    }

    private static async Task SendAsync(ChannelReader<(byte[] Bytes, int Count, long Due)> cable, Socket into)
    {
        await foreach (var (bytes, count, due) in cable.ReadAllAsync())
        {
            await Task.Delay((int)Math.Max(0, due - Environment.TickCount64));
            if (count == 0)
            {
                into.Shutdown(SocketShutdown.Send);
            }
            else
            {
                await into.SendAsync(bytes.AsMemory(0, count));
            }

            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
