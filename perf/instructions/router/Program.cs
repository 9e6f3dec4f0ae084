using System.Globalization;
using PipeServer;

// The library alone, for what the command-line server cannot show: its files answer every path that no route has.
// Arguments: port, and how many loops and workers, one if it is not said.
var cores = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;

// As the program has them: on, and with nobody who listens, metrics and activities are 78 instructions a request (docs/decisions/061).
var options = new HttpServerOptions
{
    Port = int.Parse(args[0], CultureInfo.InvariantCulture),
    Loops = cores,
    Workers = cores,
    Backlog = 4096,
    Metrics = false,
    Activities = false,
};
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
