using PipeServer;

var port = args.Length > 0 ? int.Parse(args[0]) : 8080;
await using var server = new HttpServer(new HttpServerOptions { Port = port });
server.MapGet("/hello/{name}", (request, response) =>
    response.WriteText($"Hello, {request.RouteValues["name"]}!"));
server.MapPost("/upper", async (request, response) =>
{
    using var reader = new StreamReader(request.Body.AsStream());
    response.WriteText((await reader.ReadToEndAsync()).ToUpperInvariant());
});

await server.StartAsync();
Console.WriteLine($"Listening on {server.Address}; Enter stops.");
Console.ReadLine();
