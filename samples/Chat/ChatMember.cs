using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;

namespace ChatSample;

/// <summary>
/// One member and its WebSocket: a queue of what it has not been sent yet, and a loop for each direction. Who reads so slowly that the queue is full is cut
/// off; who talks too fast is sent away, because each of its messages is a place in everybody's queue.
/// </summary>
internal sealed class ChatMember(string name, WebSocket socket, TimeProvider time)
{
    /// <summary>The longest message in bytes.</summary>
    public const int MaxMessageBytes = 4096;

    private const int MaxQueued = 256;
    private const int MaxMessagesAtOnce = 20;
    private const int MessagesPerSecond = 5;
    private const int NameLength = 20;

    private readonly Channel<byte[]> _queue = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MaxQueued) { SingleReader = true });
    private double _allowance = MaxMessagesAtOnce;
    private long _lastMessage = time.GetTimestamp();

    /// <summary>What the others see.</summary>
    public string Name => name;

    /// <summary>Whether something can be a name: letters and digits, up to twenty.</summary>
    public static bool IsName(string? name) => name is { Length: > 0 and <= NameLength } && name.All(char.IsLetterOrDigit);

    /// <summary>Queues a message; never waits.</summary>
    public void Hear(byte[] message)
    {
        if (!_queue.Writer.TryWrite(message) && _queue.Writer.TryComplete())
        {
            // It is full, and its connection ends. Elsewhere: whoever speaks does not do another member's work.
            ThreadPool.UnsafeQueueUserWorkItem(static socket => socket.Abort(), socket, preferLocal: false);
        }
    }

    /// <summary>Sends and receives until either side closes.</summary>
    public async Task RunAsync(ChatRoom room)
    {
        var sending = SendAsync();
        try
        {
            await ReceiveAsync(room);
        }
        catch (WebSocketException)
        {
            // The connection is gone, or was cut off: the room hears that the member has left.
        }
        finally
        {
            room.Leave(this);
            _queue.Writer.TryComplete();
            await sending;
        }
    }

    private async Task SendAsync()
    {
        try
        {
            await foreach (var message in _queue.Reader.ReadAllAsync())
            {
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, default);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed meanwhile, by the client or because the server stops: nobody is left to hear the rest.
        }
    }

    private async Task ReceiveAsync(ChatRoom room)
    {
        var buffer = new byte[MaxMessageBytes + 1]; // no message is longer, so there is room: a receive without any would only wait
        for (var length = 0; ;)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(length), default);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            length += received.Count;
            if (!received.EndOfMessage)
            {
                continue;
            }

            if (received.MessageType != WebSocketMessageType.Text)
            {
                await CloseAsync(WebSocketCloseStatus.InvalidMessageType, "text only");
                return;
            }

            if (!MaySpeak())
            {
                await CloseAsync(WebSocketCloseStatus.PolicyViolation, "too many messages");
                return;
            }

            room.Say(this, Encoding.UTF8.GetString(buffer, 0, length));
            length = 0;
        }
    }

    private Task CloseAsync(WebSocketCloseStatus status, string reason) => socket.CloseAsync(status, reason, default);

    // A bucket that fills with time and loses a drop for each message.
    private bool MaySpeak()
    {
        var now = time.GetTimestamp();
        _allowance = Math.Min(MaxMessagesAtOnce, _allowance + time.GetElapsedTime(_lastMessage, now).TotalSeconds * MessagesPerSecond);
        _lastMessage = now;
        return --_allowance >= 0;
    }
}
