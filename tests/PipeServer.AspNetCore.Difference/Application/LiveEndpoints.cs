using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Text;

namespace Difference.Application;

/// <summary>Answers that go on: events, WebSockets, SignalR, gRPC, a proxy.</summary>
internal static class LiveEndpoints
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddSignalR();
        services.AddGrpc();
        services.AddHttpForwarder();
    }

    public static void Map(WebApplication application)
    {
        application.MapHub<TalkHub>("/talk");
        application.MapGrpcService<SumsService>();
        application.MapGet("/events", static () => TypedResults.ServerSentEvents(EventsAsync()));
        application.MapGet("/events-of-text", static async (HttpContext context) =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var number = 0; number < 3; number++)
            {
                await context.Response.WriteAsync($"data: {number}\n\n");
                await context.Response.Body.FlushAsync();
            }
        });
        application.Map("/socket", SocketAsync);
        application.MapGet("/until-gone/{name}", UntilGoneAsync);
        application.MapGet("/going-on/{name}", GoingOnAsync);
        application.MapGet("/half-closed/{name}", HalfClosedAsync);
        application.MapPost("/until-body-gone/{name}", UntilBodyGoneAsync);
        application.MapGet("/is-socket", static (HttpContext context) => $"{context.WebSockets.IsWebSocketRequest}");
    }

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync()
    {
        for (var number = 0; number < 4; number++)
        {
            await Task.Yield();
            yield return new SseItem<string>($"line {number}\nand more", "tick") { EventId = $"{number}" };
        }
    }

    private static async Task SocketAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            return;
        }

        var protocol = context.WebSockets.WebSocketRequestedProtocols.Contains("echo") ? "echo" : null;
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = protocol });
        var buffer = new byte[8192];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(received.CloseStatus ?? WebSocketCloseStatus.Empty, received.CloseStatusDescription, context.RequestAborted);
                return;
            }

            var text = Encoding.UTF8.GetString(buffer, 0, received.Count);
            if (text == "close")
            {
                await socket.CloseAsync((WebSocketCloseStatus)4321, "as asked", context.RequestAborted);
                return;
            }

            if (text == "fail")
            {
                throw new InvalidOperationException("a fault behind a WebSocket");
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }

    private static async Task UntilGoneAsync(string name, HttpContext context, RequestLog log)
    {
        await context.Response.WriteAsync("begun");
        await context.Response.Body.FlushAsync();
        try
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            log.Say(name, "aborted");
        }
    }

    private static async Task GoingOnAsync(string name, HttpContext context, RequestLog log)
    {
        try
        {
            while (true)
            {
                await context.Response.WriteAsync("begun", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                await Task.Delay(10, context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            log.Say(name, "aborted");
        }
    }

    private static async Task HalfClosedAsync(string name, HttpContext context, RequestLog log)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(gone.SetResult);
        if (await Task.WhenAny(gone.Task, log.HearAsync($"{name}-answer")) == gone.Task)
        {
            log.Say(name, "aborted");
            return;
        }

        await context.Response.WriteAsync("answered");
    }

    private static async Task UntilBodyGoneAsync(string name, HttpContext context, RequestLog log)
    {
        try
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            log.Say(name, "read");
        }
        catch (Exception e)
        {
            log.Say(name, $"{e is IOException or OperationCanceledException} {context.RequestAborted.IsCancellationRequested}");
        }
    }
}
