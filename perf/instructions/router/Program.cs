using System.Globalization;
using PipeServer;

// The library alone, for what the command-line server cannot show: its files answer every path that no route has.
var options = new HttpServerOptions { Port = int.Parse(args[0], CultureInfo.InvariantCulture), Loops = 1, Workers = 1 };
await using var server = new HttpServer(options);
server.MapGet(
    "/hello/{name}",
    (request, response) => response.WriteText($"Hello, {request.RouteValues["name"]}!"),
    Dispatch.Inline);
await server.StartAsync();
var stopped = new TaskCompletionSource();
using var signal = System.Runtime.InteropServices.PosixSignalRegistration.Create(
    System.Runtime.InteropServices.PosixSignal.SIGTERM,
    context =>
    {
        context.Cancel = true;
        stopped.TrySetResult();
    });
await stopped.Task;
