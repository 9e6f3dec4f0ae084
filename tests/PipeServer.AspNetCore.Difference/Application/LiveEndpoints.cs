using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

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
        application.Map("/connect", ConnectAsync);
        application.MapGet("/reset/{code}/{name}", ResetAsync);
        application.MapGet("/completed/{way}/{name}", CompletedAsync);
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
        await using (context.RequestAborted.Register(gone.SetResult))
        {
            log.Say($"{name}-begun", "now");
            await gone.Task;
        }

        log.Say(name, "aborted");
        await context.Response.WriteAsync("answered");
    }

    // What the client sends comes back in capitals, until it ends its side.
    private static async Task ConnectAsync(HttpContext context)
    {
        var connect = context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>();
        context.Response.Headers["X-Protocol"] = $"{connect.IsExtendedConnect} {connect.Protocol} {context.Request.Method}";
        await using var stream = await connect.AcceptAsync();
        var buffer = new byte[100];
        while (await stream.ReadAsync(buffer) is > 0 and var count)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Encoding.ASCII.GetString(buffer, 0, count).ToUpperInvariant()));
            await stream.FlushAsync();
        }

        await stream.WriteAsync("end"u8.ToArray());
    }

    private static async Task ResetAsync(int code, string name, HttpContext context, RequestLog log)
    {
        await context.Response.WriteAsync("begun");
        await context.Response.Body.FlushAsync();
        await log.HearAsync($"{name}-begun");
        var token = context.RequestAborted;
        context.Features.GetRequiredFeature<IHttpResetFeature>().Reset(code);
        await Task.Delay(RequestLog.Patience, token).ContinueWith(static _ => { }, TaskScheduler.Default);
        log.Say(name, $"{token.IsCancellationRequested}");
    }

    // The client has the whole answer before this ends.
    private static async Task CompletedAsync(string way, string name, HttpContext context, RequestLog log)
    {
        if (way.Contains("trailers"))
        {
            context.Response.AppendTrailer("x-trailer", "behind");
        }

        if (way.Contains("flushed"))
        {
            await context.Response.WriteAsync("first,");
            await context.Response.Body.FlushAsync();
        }

        await context.Response.WriteAsync("last");
        await context.Response.CompleteAsync();
        log.Say($"{name}-ended", await log.HearAsync($"{name}-read"));
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
