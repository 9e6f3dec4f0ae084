using System.Globalization;
using System.Net.WebSockets;
using ChatSample;
using PipeServer;
using PipeServer.StaticFiles;

if (!ushort.TryParse(args.FirstOrDefault("8080"), CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("Usage: Chat [PORT [ORIGIN…]]     a port up to 65535, or 0 for a free one; 8080 if none is named");
    Console.Error.WriteLine("ORIGIN: where the page is seen by browsers if there is a proxy in front, like https://chat.example.org");
    return 2;
}

using var files = new StaticFileHandler(Path.Combine(AppContext.BaseDirectory, "wwwroot"));
await using var server = new HttpServer(new HttpServerOptions
{
    Port = port,
    HealthChecks = true,
    ShutdownGracePeriod = TimeSpan.FromSeconds(5), // what a member may take for its own goodbye; one whose network is gone never says any
});
var room = new ChatRoom(capacity: 1000);

// The pages of other sites may not connect with their visitors' browsers. Made with the first request, when the port is known.
var accept = new Lazy<WebSocketAcceptOptions>(() => new WebSocketAcceptOptions
{
    AllowedOrigins = [server.Addresses[0], $"http://localhost:{server.Address.Port}", .. args.Skip(1)],
    MaxMessageBytes = ChatMember.MaxMessageBytes,
});

server.MapGet("/chat", async (request, response) =>
{
    var name = request.Query["name"];
    if (!ChatMember.IsName(name))
    {
        throw new BadHttpRequestException("Say who you are: /chat?name=Ann, up to 20 letters and digits.");
    }

    // A page sees no status of a handshake that was refused: so the reason is in the close frame.
    using var socket = await request.AcceptWebSocketAsync(accept.Value);
    var member = new ChatMember(name!, socket, TimeProvider.System);
    switch (room.TryJoin(member))
    {
        case JoinResult.Joined:
            await member.RunAsync(room);
            break;
        case JoinResult.NameTaken:
            await socket.CloseAsync(WebSocketCloseStatus.PolicyViolation, "that name is taken", default);
            break;
        case JoinResult.Full:
            await socket.CloseAsync((WebSocketCloseStatus)1013, "the room is full", default);
            break;
    }
});
server.MapFallback(files.TryHandle, files.HandleAsync);

try
{
    var report = await server.RunAsync(() => Console.WriteLine($"Listening on {server.Addresses[0]}; Ctrl+C stops."));
    Console.WriteLine($"{report.Outcome} with {report.Requests.Completed} requests answered.");
    return report.Outcome == ShutdownOutcome.Drained ? 0 : 3; // 3: something was cut off
}
catch (ListenException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
