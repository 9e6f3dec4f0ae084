using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace PipeServer.SampleTests;

/// <summary>A member of the chat.</summary>
internal sealed class ChatClient : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public string? CloseReason => _socket.CloseStatusDescription;

    public static async Task<ChatClient> JoinAsync(CliProcess server, string name, string? origin = null)
    {
        var client = new ChatClient();
        if (origin is not null)
        {
            client._socket.Options.SetRequestHeader("Origin", origin);
        }

        using var timeout = new CancellationTokenSource(Waiting.Patience);
        await client._socket.ConnectAsync(new Uri($"ws://{server.EndPoint}/chat?name={name}"), timeout.Token);
        return client;
    }

    public Task SayAsync(string text) => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default).WaitAsync(Waiting.Patience);

    /// <summary>The next message, as <c>kind from: text</c>; null when the server closes.</summary>
    public async Task<string?> HearAsync()
    {
        var length = 0;
        while (true)
        {
            var received = await _socket.ReceiveAsync(_buffer.AsMemory(length), default).AsTask().WaitAsync(Waiting.Patience);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            length += received.Count;
            if (received.EndOfMessage)
            {
                var message = JsonDocument.Parse(_buffer.AsMemory(0, length)).RootElement;
                return $"{message.GetProperty("kind").GetString()} {message.GetProperty("from").GetString()}: {message.GetProperty("text").GetString()}";
            }
        }
    }

    /// <summary>Hears until it is so.</summary>
    public async Task HearAsync(string expected)
    {
        for (string? heard = null; heard != expected;)
        {
            heard = await HearAsync();
            Assert.NotNull(heard);
        }
    }

    public Task LeaveAsync() => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", default).WaitAsync(Waiting.Patience);

    public Task AnswerCloseAsync() => _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", default).WaitAsync(Waiting.Patience);

    public void Dispose() => _socket.Dispose();
}
