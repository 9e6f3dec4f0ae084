using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using PipeServer;

await using var server = new HttpServer(new HttpServerOptions { Port = args.Length > 0 ? int.Parse(args[0]) : 8080 });

var users = new Dictionary<string, string> { ["key-1"] = "Ann" };
var api = server.MapGroup("/api");
api.AddFilter(async (request, response, next) =>
{
    request.Items["user"] = users.GetValueOrDefault(request.Headers["X-Api-Key"] ?? "")
        ?? throw new BadHttpRequestException("X-Api-Key is missing, or nobody's.", 403); // is the answer
    response.Headers["Cache-Control"] = "no-store";
    await next(request, response);
});
api.MapGet("/me", (request, response) => response.WriteText($"{request.Items["user"]}\n"));
api.MapGroup("/v1").MapDelete("/orders/{id}", (_, response) => response.StatusCode = 204); // /api/v1/orders/7, behind the same filter

api.MapPut("/orders/{id}", async (request, response) =>
{
    var order = await request.ReadJsonAsync(ShopJson.Default.Order, maxBytes: 64 * 1024); // or 400, 413, 415
    order = order with { Id = request.RouteValues.Get<int>("id") }; // or 400
    response.WriteJson(order, ShopJson.Default.Order);
});
server.MapGet("/", (request, response) =>
{
    var size = request.Query.TryGet<int>("size", out var asked) ? Math.Clamp(asked, 1, 100) : 20;
    response.WriteText($"{size} orders, {request.Cookies["theme"] ?? "light"}\n");
});
server.MapPost("/dark", (_, response) =>
{
    response.Headers["Set-Cookie"] = "theme=dark; Path=/; SameSite=Lax";
    response.Redirect("/", 303);
});

server.MapGet("/count", (request, response) => ServerSentEvents.RunAsync(request, response, events =>
    events.SendAllAsync(CountAsync(int.TryParse(events.LastEventId, out var last) ? last : 0))));

static async IAsyncEnumerable<SseItem<string>> CountAsync(int last, [EnumeratorCancellation] CancellationToken cancellationToken = default)
{
    while (true)
    {
        yield return new SseItem<string>($"{++last} seconds") { EventId = $"{last}" };
        await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
    }
}

var chat = new WebSocketAcceptOptions { AllowedOrigins = ["https://shop.example"], MaxMessageBytes = 64 * 1024 };
server.MapGet("/chat", async (request, _) =>
{
    using var socket = await request.AcceptWebSocketAsync(chat); // or 400, 403, 426
    var buffer = new byte[4096];
    while (await socket.ReceiveAsync(buffer.AsMemory(), default) is { MessageType: not WebSocketMessageType.Close } received)
    {
        await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, default);
    }
});

server.MapGet("/wp-login.php", (request, _) => request.Abort(), Dispatch.Inline); // who scans gets a reset
server.Map("POST", "/digest", request =>
{
    (request.MaxBodyBytes, request.MinBodyDataRate) = (1L << 30, 10_000);
    return request.ContentLength < 64 * 1024 ? Dispatch.Worker : Dispatch.ThreadPool;
}, async (request, response) =>
{
    var began = Stopwatch.GetTimestamp();
    response.OnStarting(_ => { response.Headers["X-Connection"] = $"{request.ConnectionId}"; return default; });
    response.OnCompleted(_ => { Console.WriteLine($"{request}: {response.StatusCode}"); return default; });
    response.DeclareTrailer("Server-Timing");
    response.WriteText($"{Convert.ToHexStringLower(await SHA256.HashDataAsync(request.Body.AsStream(), request.Aborted))}\n");
    response.Trailers["Server-Timing"] = $"hash;dur={Stopwatch.GetElapsedTime(began).TotalMilliseconds:F1}";
});

await server.RunAsync(() => Console.WriteLine($"Listening on {server.Address}; Ctrl+C stops."));

internal sealed record Order(string Article, int Count, int Id = 0);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Order))]
internal sealed partial class ShopJson : JsonSerializerContext;
