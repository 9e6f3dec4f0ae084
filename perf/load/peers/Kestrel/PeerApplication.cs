using System.Buffers;
using System.Globalization;
using System.Net.WebSockets;
using Microsoft.Extensions.FileProviders;

namespace PipeServer.Load.Kestrel;

/// <summary>What answers the harness's requests on Kestrel, and, as an ASP.NET Core application, on PipeServer.</summary>
internal static class PeerApplication
{
    public static void Use(WebApplication app, string root)
    {
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30), KeepAliveTimeout = TimeSpan.FromSeconds(20) });
        app.Use(static (context, next) => IsRoute(context.Request.Path.Value) ? AnswerAsync(context) : next(context));
        app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(root) });
    }

    private static bool IsRoute(string? path) =>
        path is "/plaintext" or "/json" or "/echo" or "/sleep" or "/ws" || path?.StartsWith("/hello/", StringComparison.Ordinal) == true;

    private static Task AnswerAsync(HttpContext context)
    {
        var response = context.Response;
        switch (context.Request.Path.Value)
        {
            case "/plaintext":
                response.ContentType = "text/plain";
                response.ContentLength = 13;
                response.BodyWriter.Write("Hello, World!"u8);
                return Task.CompletedTask;
            case "/json":
                return response.WriteAsJsonAsync(new Greeting("Hello, World!"), PeerJson.Default.Greeting);
            case "/echo":
                response.ContentType = "application/octet-stream";
                response.ContentLength = context.Request.ContentLength;
                return context.Request.BodyReader.CopyToAsync(response.BodyWriter);
            case "/sleep": // for the drain suite
                return SleepAsync(context);
            case "/ws":
                return EchoMessagesAsync(context);
            default:
                return response.WriteAsync($"Hello, {context.Request.Path.Value!["/hello/".Length..]}!");
        }
    }

    // The same code as that of `pipeserver serve --demo`: see DemoRoutes there.
    private static async Task EchoMessagesAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        while (true)
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
            var buffer = ArrayPool<byte>.Shared.Rent(4096);
            try
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseOutputAsync(socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                    return;
                }

                await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static async Task SleepAsync(HttpContext context)
    {
        await Task.Delay(int.Parse(context.Request.Query["ms"].ToString(), CultureInfo.InvariantCulture), context.RequestAborted);
        await context.Response.WriteAsync("slept", context.RequestAborted);
    }
}
