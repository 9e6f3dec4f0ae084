// PipeServerProgram1: a small HTTP server.
//
//   dotnet run                              listens at http://127.0.0.1:8080; `dotnet run -- 9000` at another port
//   curl http://127.0.0.1:8080/hello/you    asks it
//   dotnet publish -r linux-x64             makes one native file that needs no .NET (with clang or gcc)
//
// Ctrl+C or SIGTERM stops it: it takes no more connections, answers what is in flight, and tells what it did.
using PipeServer;

var port = args.Length > 0 ? int.Parse(args[0]) : 8080;
await using var server = new HttpServer(new HttpServerOptions { Port = port });

// A handler runs on a worker thread, where it may block. Dispatch.Inline as a last argument answers on the event loop: sooner, if it never waits.
server.MapGet("/", (request, response) => response.WriteText("Hello!\n"), Dispatch.Inline);
server.MapGet("/hello/{name}", (request, response) => response.WriteText($"Hello, {request.RouteValues["name"]}!\n"));

// Bodies are pipes; a handler that awaits them leaves its thread to others.
server.MapPost("/upper", async (request, response) =>
{
    using var reader = new StreamReader(request.Body.AsStream());
    response.WriteText((await reader.ReadToEndAsync()).ToUpperInvariant());
});

var report = await server.RunAsync(() => Console.WriteLine($"Listening on {server.Address}; Ctrl+C stops."));
Console.WriteLine($"{report.Outcome} with {report.Requests.Completed} requests answered.");
