using System.Net.WebSockets;
using System.Text;

namespace PipeServer.Tests.WebSockets.Clients;

/// <summary>The framework's own client against the program's <c>/ws</c>, and what is too large to be sent over every transport.</summary>
public sealed class DotNetClientTests
{
    public static TheoryData<string, WebSocketDeflateOptions?> Ways => new()
    {
        { "/ws", null },
        { "/ws", new WebSocketDeflateOptions() },
        { "/ws/deflate", null },
        { "/ws/deflate", new WebSocketDeflateOptions() },
        { "/ws/deflate", new WebSocketDeflateOptions { ClientMaxWindowBits = 9, ServerMaxWindowBits = 9 } },
        { "/ws/deflate", new WebSocketDeflateOptions { ClientContextTakeover = false, ServerContextTakeover = false } },
    };

    [Theory]
    [MemberData(nameof(Ways), DisableDiscoveryEnumeration = true)]
    public async Task ClientWebSocket_gets_all_back(string path, WebSocketDeflateOptions? deflate)
    {
        await using var cli = await CliProcess.ServeAsync("--demo");
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var client = await ConnectAsync(cli, path, deflate, timeout.Token);
        foreach (var length in new[] { 0, 1, 125, 126, 65535, 65536, 1_000_000 })
        {
            var bytes = new byte[length];
            new Random(length).NextBytes(bytes);
            var back = await EchoAsync(client, bytes, WebSocketMessageType.Binary, length, timeout.Token);
            Assert.True(bytes.AsSpan().SequenceEqual(back), $"{length} bytes");
            var text = Encoding.UTF8.GetBytes(new string('\u20AC', length / 3));
            back = await EchoAsync(client, text, WebSocketMessageType.Text, 1000, timeout.Token);
            Assert.True(text.AsSpan().SequenceEqual(back), $"a text of {length} bytes");
        }

        await client.CloseAsync((WebSocketCloseStatus)4999, "enough", timeout.Token);
        Assert.Equal((WebSocketState.Closed, (WebSocketCloseStatus?)4999), (client.State, client.CloseStatus));
    }

    // As public suites of conformance do: 16 MiB in one frame, and in fragments of many sizes.
    [Theory]
    [InlineData("/ws", 16 << 20)]
    [InlineData("/ws", 1 << 20)]
    [InlineData("/ws", 4096)]
    [InlineData("/ws/deflate", 1 << 20)]
    public async Task Messages_of_16_MiB_come_back(string path, int fragment)
    {
        await using var cli = await CliProcess.ServeAsync("--demo");
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        using var client = await ConnectAsync(cli, path, path == "/ws" ? null : new WebSocketDeflateOptions(), timeout.Token);
        var bytes = new byte[16 << 20];
        new Random(16).NextBytes(bytes.AsSpan(0, 1 << 20));
        var back = await EchoAsync(client, bytes, WebSocketMessageType.Binary, fragment, timeout.Token);
        Assert.True(bytes.AsSpan().SequenceEqual(back));
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, timeout.Token);
        Assert.True(cli.ResidentBytes() < 400L << 20, $"{cli.ResidentBytes() >> 20} MiB are resident.");
    }

    private static async Task<ClientWebSocket> ConnectAsync(CliProcess cli, string path, WebSocketDeflateOptions? deflate, CancellationToken cancellationToken)
    {
        var client = new ClientWebSocket();
        client.Options.DangerousDeflateOptions = deflate;
        await client.ConnectAsync(new Uri($"ws://{cli.EndPoint}{path}"), cancellationToken);
        return client;
    }

    private static async Task<byte[]> EchoAsync(ClientWebSocket client, byte[] bytes, WebSocketMessageType type, int fragment, CancellationToken cancellationToken)
    {
        var sending = SendAsync();
        var received = new MemoryStream();
        var buffer = new byte[64 * 1024];
        ValueWebSocketReceiveResult result;
        do
        {
            result = await client.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            Assert.Equal(type, result.MessageType);
            received.Write(buffer, 0, result.Count);
        }
        while (!result.EndOfMessage);
        await sending;
        return received.ToArray();

        async Task SendAsync()
        {
            var at = 0;
            do
            {
                var length = Math.Min(Math.Max(1, fragment), bytes.Length - at);
                await client.SendAsync(bytes.AsMemory(at, length), type, at + length == bytes.Length, cancellationToken);
                at += length;
            }
            while (at < bytes.Length);
        }
    }
}
