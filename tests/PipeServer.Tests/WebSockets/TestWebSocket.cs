using System.Buffers.Binary;
using System.Text;

namespace PipeServer.Tests.WebSockets;

/// <summary>The client's side of a WebSocket, frame by frame: sends what it is told to, and reads strictly.</summary>
internal sealed class TestWebSocket(TestClient client) : IAsyncDisposable
{
    public const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

    private static readonly byte[] Mask = [0x11, 0x22, 0x33, 0x44];

    public TestClient Client => client;

    /// <summary>The request that asks for one.</summary>
    public static string Request(string path, params string[] headers) => TestClient.Get(
        path, ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + Key, .. headers]);

    public static async Task<TestWebSocket> ConnectAsync(TestServer server, string path = "/ws", params string[] headers)
    {
        var client = await server.ConnectAsync();
        var response = await client.RequestAsync(Request(path, headers));
        Assert.Equal(101, response.Status);
        return new TestWebSocket(client);
    }

    /// <summary>A frame, masked.</summary>
    public static byte[] Frame(int opcode, ReadOnlySpan<byte> payload, bool isFinal = true, int bits = 0)
    {
        var frame = new List<byte> { (byte)((isFinal ? 0x80 : 0) | bits | opcode) };
        if (payload.Length <= 125)
        {
            frame.Add((byte)(0x80 | payload.Length));
        }
        else
        {
            var length = new byte[8];
            BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
            frame.Add((byte)(0x80 | (payload.Length <= ushort.MaxValue ? 126 : 127)));
            frame.AddRange(payload.Length <= ushort.MaxValue ? length[6..] : length);
        }

        frame.AddRange(Mask);
        for (var i = 0; i < payload.Length; i++)
        {
            frame.Add((byte)(payload[i] ^ Mask[i & 3]));
        }

        return [.. frame];
    }

    public static byte[] ClosePayload(int status, string reason = "") => [(byte)(status >> 8), (byte)status, .. Encoding.UTF8.GetBytes(reason)];

    public Task SendAsync(int opcode, byte[] payload, bool isFinal = true, int bits = 0) => client.SendAsync(Frame(opcode, payload, isFinal, bits));

    public Task SendTextAsync(string text) => SendAsync(1, Encoding.UTF8.GetBytes(text));

    public Task SendCloseAsync(int status, string reason = "") => SendAsync(8, ClosePayload(status, reason));

    /// <summary>The next frame: its first byte, and its payload.</summary>
    public async Task<(int First, byte[] Payload)> ReadAsync()
    {
        var head = await client.ReadExactlyAsync(2);
        Assert.True(head[1] < 0x80, "A server's frame is not masked.");
        long length = head[1];
        if (length >= 126)
        {
            var bytes = await client.ReadExactlyAsync(length == 126 ? 2 : 8);
            length = length == 126 ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadInt64BigEndian(bytes);
        }

        return (head[0], await client.ReadExactlyAsync((int)length));
    }

    public async Task<string> ReadTextAsync()
    {
        var (first, payload) = await ReadAsync();
        Assert.Equal(0x81, first);
        return Encoding.UTF8.GetString(payload);
    }

    /// <summary>Reads the server's close frame; its status, 1005 for none.</summary>
    public async Task<(int Status, string Reason)> ReadCloseAsync()
    {
        var (first, payload) = await ReadAsync();
        Assert.Equal(0x88, first);
        return payload.Length == 0 ? (1005, "") : ((payload[0] << 8) | payload[1], Encoding.UTF8.GetString(payload[2..]));
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
