using System.Globalization;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace DrainApplication;

/// <summary>What the drain suite and the tests of stops ask for.</summary>
internal static class Routes
{
    private static readonly TimeSpan EventPeriod = TimeSpan.FromSeconds(1);

    /// <summary>What an application can do against polls that last to the end of its stop.</summary>
    public static void RefuseLateHubs(WebApplication application) => application.Use((context, next) =>
    {
        if (!application.Lifetime.ApplicationStopping.IsCancellationRequested || !context.Request.Path.StartsWithSegments("/hub", StringComparison.Ordinal))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return Task.CompletedTask;
    });

    /// <summary>Maps them.</summary>
    public static void Map(WebApplication application)
    {
        application.MapGet("/sleep", SleepAsync);
        application.MapPost("/echo", EchoAsync);
        application.MapGet("/events", static (IHostApplicationLifetime lifetime, CancellationToken aborted) =>
            TypedResults.ServerSentEvents(EventsAsync(lifetime.ApplicationStopping, aborted)));
        application.Map("/ws", WebSocketEcho.RunAsync);
        application.Map("/ws/unaware", UnawareAsync);

        // A stop that comes from within, on the thread of a request that is to be answered itself.
        application.MapPost("/stop", static (IHostApplicationLifetime lifetime) =>
        {
            lifetime.StopApplication();
            return Results.Ok();
        });
        application.MapGet("/healthz", static (IHostApplicationLifetime lifetime) =>
            lifetime.ApplicationStopping.IsCancellationRequested ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable) : Results.Text("ready\n"));
        application.MapMethods("/work", ["GET", "POST"], WorkAsync);
        application.MapHub<WorkHub>("/hub");
        application.MapGrpcService<WorkService>();
    }

    private static async Task<string> SleepAsync(int ms, CancellationToken aborted)
    {
        await Task.Delay(ms, aborted);
        return "slept\n";
    }

    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain";
        context.Response.ContentLength = context.Request.ContentLength;
        await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync(CancellationToken stopping, [EnumeratorCancellation] CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        for (var number = 1; !ending.IsCancellationRequested; number++)
        {
            yield return new SseItem<string>(number.ToString(CultureInfo.InvariantCulture));
            await Task.Delay(EventPeriod, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!aborted.IsCancellationRequested)
        {
            // When to come back is the application's word too.
            yield return new SseItem<string>("the server is stopping", "end") { ReconnectionInterval = TimeSpan.FromSeconds(2) };
        }
    }

    // As most are written: nobody tells it that the application stops.
    private static async Task UnawareAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseAsync(socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }
    }

    private static async Task<string> WorkAsync(long id, int ms, HttpRequest request, WorkLedger ledger)
    {
        await request.Body.CopyToAsync(Stream.Null);
        return (await ledger.DoAsync(id, ms)).ToString(CultureInfo.InvariantCulture);
    }
}
