using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.AspNetCore.Tests.Support;

/// <summary>A connection that sends what it is given. Every wait has a deadline.</summary>
internal sealed class RawClient(Socket socket) : IAsyncDisposable
{
    private readonly NetworkStream _stream = new(socket, ownsSocket: true);
    private readonly StringBuilder _received = new();

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port).WaitAsync(ApplicationHost.Patience);
        return new RawClient(socket);
    }

    public Task SendAsync(string text) => _stream.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask().WaitAsync(ApplicationHost.Patience);

    public async Task<string> ReadToEndAsync()
    {
        while (await ReadSomeAsync())
        {
        }

        return _received.ToString();
    }

    public async Task<string> ReadUntilAsync(string end)
    {
        while (!_received.ToString().Contains(end))
        {
            Assert.True(await ReadSomeAsync(), $"The connection was closed before '{end}' came, behind: {_received}");
        }

        return _received.ToString();
    }

    /// <summary>True where the connection is reset, not closed.</summary>
    public async Task<bool> IsResetAsync()
    {
        try
        {
            await ReadToEndAsync();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Reset()
    {
        socket.LingerState = new LingerOption(true, 0);
        _stream.Dispose();
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<bool> ReadSomeAsync()
    {
        var buffer = new byte[16 * 1024];
        var count = await _stream.ReadAsync(buffer).AsTask().WaitAsync(ApplicationHost.Patience);
        _received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        return count > 0;
    }
}
