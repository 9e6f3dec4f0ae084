using System.Buffers;
using System.Net.WebSockets;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>The server that the table's and the fuzzer's answers are those of: it echoes each message as it comes, as the demo does.</summary>
internal static class WebSocketServer
{
    /// <summary>The longest message of <c>/ws</c> and <c>/ws/deflate</c>.</summary>
    public const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>The longest message of the routes that end with <c>/small</c>.</summary>
    public const int SmallMessageBytes = 1000;

    // Small, so that messages of usual sizes come in several parts.
    private const int BufferBytes = 4096;

    /// <summary>The limit of a route.</summary>
    public static int LimitOf(string path) => path.EndsWith("/small", StringComparison.Ordinal) ? SmallMessageBytes : MaxMessageBytes;

    public static void Map(HttpServer server)
    {
        Map(server, "/ws", new WebSocketAcceptOptions { MaxMessageBytes = MaxMessageBytes });
        Map(server, "/ws/small", new WebSocketAcceptOptions { MaxMessageBytes = SmallMessageBytes });
        Map(server, "/ws/deflate", new WebSocketAcceptOptions { MaxMessageBytes = MaxMessageBytes, Deflate = new WebSocketDeflateOptions() });
        Map(server, "/ws/deflate/small", new WebSocketAcceptOptions { MaxMessageBytes = SmallMessageBytes, Deflate = new WebSocketDeflateOptions() });
        Map(server, "/ws/deflate/nine", new WebSocketAcceptOptions
        {
            MaxMessageBytes = MaxMessageBytes,
            Deflate = new WebSocketDeflateOptions { ServerMaxWindowBits = 9, ClientMaxWindowBits = 9 },
        });
        Map(server, "/ws/deflate/alone", new WebSocketAcceptOptions
        {
            MaxMessageBytes = MaxMessageBytes,
            Deflate = new WebSocketDeflateOptions { ServerContextTakeover = false, ClientContextTakeover = false },
        });
    }

    private static void Map(HttpServer server, string path, WebSocketAcceptOptions options) =>
        server.MapGet(path, (request, _) => EchoAsync(request, options), Dispatch.Inline);

    private static async ValueTask EchoAsync(HttpRequest request, WebSocketAcceptOptions options)
    {
        using var socket = await request.AcceptWebSocketAsync(options);
        while ((await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None)).MessageType != WebSocketMessageType.Close)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                ValueWebSocketReceiveResult received;
                do
                {
                    received = await socket.ReceiveAsync(buffer.AsMemory(0, BufferBytes), CancellationToken.None);
                    if (received.MessageType == WebSocketMessageType.Close)
                    {
                        return;
                    }

                    await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
                }
                while (!received.EndOfMessage);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
