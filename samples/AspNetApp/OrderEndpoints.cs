using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AspNetApp;

/// <summary>The routes of the orders: nothing in it knows which server it runs on.</summary>
internal static class OrderEndpoints
{
    /// <summary>Maps them below <c>/orders</c>.</summary>
    public static void Map(IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/orders");
        orders.MapGet("/", static (OrderBook book) => book.All);
        orders.MapGet("/{id:int}", static Results<Ok<Order>, NotFound> (int id, OrderBook book) =>
            book.Find(id) is { } order ? TypedResults.Ok(order) : TypedResults.NotFound());
        orders.MapPost("/", static (OrderRequest request, OrderBook book) =>
        {
            var order = book.Place(request);
            return TypedResults.Created(string.Create(CultureInfo.InvariantCulture, $"/orders/{order.Id}"), order);
        });
        orders.MapGet("/slow", static async (CancellationToken aborted) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(2), aborted);
            return "Answered, even if the server was stopped meanwhile.\n";
        });
        orders.MapGet("/live", WatchAsync).ExcludeFromDescription();
    }

    // Each new order as a message. The server says goodbye in a stop (1001): the receive then ends, and with it the sending.
    private static async Task WatchAsync(HttpContext context, OrderBook book)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            context.Response.Headers.Upgrade = "websocket";
            return;
        }

        // Browsers let pages of any site connect, and tell whose page it is. Clients that are no browsers say nothing.
        if (context.Request.Headers.Origin is [{ } origin] && origin != $"{context.Request.Scheme}://{context.Request.Host}")
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var sending = SendAsync(socket, book, ended.Token);
        try
        {
            var buffer = new byte[256];
            while ((await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted)).MessageType != WebSocketMessageType.Close)
            {
                // What clients say is not listened to.
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // Gone without a goodbye.
        }

        await ended.CancelAsync();
        await sending;
        if (socket.State == WebSocketState.CloseReceived)
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
    }

    private static async Task SendAsync(WebSocket socket, OrderBook book, CancellationToken ended)
    {
        try
        {
            await foreach (var order in book.WatchAsync(ended))
            {
                var message = JsonSerializer.SerializeToUtf8Bytes(order, JsonSerializerOptions.Web);
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nobody watches any more.
        }
    }
}
