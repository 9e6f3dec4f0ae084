using System.Globalization;
using PipeServer;
using PipeServer.StaticFiles;
using ServerSentEventsSample;

if (args.Length > 1 || !ushort.TryParse(args.FirstOrDefault("8080"), CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("Usage: ServerSentEvents [PORT]     a port up to 65535, or 0 for a free one; 8080 if none is named");
    return 2;
}

using var files = new StaticFileHandler(Path.Combine(AppContext.BaseDirectory, "wwwroot"));
await using var server = new HttpServer(new HttpServerOptions { Port = port, HealthChecks = true });

var feed = new Feed(capacity: 240, TimeProvider.System); // a minute of it

// The send of an event waits for its client, and a stop ends the sequence by its token: the stream then ends in order, and tells when to come back.
server.MapGet("/feed", (request, response) => ServerSentEvents.RunAsync(request, response, events =>
    events.SendAllJsonAsync(feed.ReadAsync(events.LastEventId), ReadingJson.Default.Reading)));
server.MapFallback(files.TryHandle, files.HandleAsync);

using var stopped = new CancellationTokenSource();
var measuring = Task.CompletedTask;
try
{
    var report = await server.RunAsync(() =>
    {
        measuring = Gauge.RunAsync(feed, server, TimeProvider.System, stopped.Token);
        Console.WriteLine($"Listening on {server.Addresses[0]}; Ctrl+C stops.");
    });
    Console.WriteLine($"{report.Outcome} with {report.Requests.Completed} requests answered.");
    return report.Outcome == ShutdownOutcome.Drained ? 0 : 3; // 3: something was cut off
}
catch (ListenException exception)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
finally
{
    await stopped.CancelAsync();
    await measuring;
}
