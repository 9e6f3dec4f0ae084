using System.Globalization;
using JsonCrud;
using PipeServer;

if (args.Length > 1 || !ushort.TryParse(args.FirstOrDefault("8080"), CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("Usage: JsonCrud [PORT]     a port up to 65535, or 0 for a free one; 8080 if none is named");
    return 2;
}

await using var server = new HttpServer(new HttpServerOptions { Port = port, HealthChecks = true });
new NotesApi(new NoteStore(capacity: 10_000)).Map(server);

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
