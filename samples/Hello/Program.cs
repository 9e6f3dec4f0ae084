using System.Globalization;
using PipeServer;
using PipeServer.StaticFiles;

if (args.Length > 1 || !ushort.TryParse(args.FirstOrDefault("8080"), CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("Usage: Hello [PORT]     a port up to 65535, or 0 for a free one; 8080 if none is named");
    return 2;
}

using var files = new StaticFileHandler(Path.Combine(AppContext.BaseDirectory, "wwwroot"));
await using var server = new HttpServer(new HttpServerOptions { Port = port, HealthChecks = true });

// A value of the path. Handlers run on the worker pool, and may block.
server.MapGet("/hello/{name}", (request, response) => response.WriteText($"Hello, {request.RouteValues["name"]}!\n"));

// Values of the query; what is no number is answered with 400 and says so. It is so short that it runs where the request was received.
server.MapGet("/sum", (request, response) => response.WriteText($"{request.Query.Get<int>("a") + (long)request.Query.Get<int>("b")}\n"), Dispatch.Inline);

// A body, as it comes. An async handler holds no worker while it waits.
server.MapPost("/upper", async (request, response) =>
{
    request.MaxBodyBytes = 64 * 1024;
    using var reader = new StreamReader(request.Body.AsStream());
    response.WriteText((await reader.ReadToEndAsync()).ToUpperInvariant());
});

// All else is a file, or 404.
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
