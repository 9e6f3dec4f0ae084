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

var report = await server.RunAsync(() => Console.WriteLine($"Listening on {server.Address}; Ctrl+C stops."));
Console.WriteLine($"{report.Outcome} with {report.Requests.Completed} requests answered.");
