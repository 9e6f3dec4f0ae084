using System.Globalization;
using PipeServer;
using PipeServer.StaticFiles;
using UploadSample;

if (args.Length > 2 || !ushort.TryParse(args.FirstOrDefault("8080"), CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("Usage: Upload [PORT [FOLDER]]     a port up to 65535, or 0 for a free one; 8080 if none is named");
    Console.Error.WriteLine("FOLDER gets the files, and is made where it is not; uploads beside the program if none is named");
    return 2;
}

const long MaxFileBytes = 1L << 30;

try
{
    var folder = new UploadFolder(args.Length > 1 ? args[1] : Path.Combine(AppContext.BaseDirectory, "uploads"));
    using var page = new StaticFileHandler(Path.Combine(AppContext.BaseDirectory, "wwwroot"));

    // What strangers have uploaded comes from the page's own origin: browsers must not show it, run it, or guess what it is.
    using var stored = new StaticFileHandler(folder.Path, new StaticFileOptions
    {
        Headers =
        [
            new("Content-Disposition", "attachment"),
            new("Content-Security-Policy", "sandbox"),
            new("X-Content-Type-Options", "nosniff"),
        ],
    });

    await using var server = new HttpServer(new HttpServerOptions { Port = port, HealthChecks = true });
    new UploadApi(folder, stored, MaxFileBytes).Map(server);
    server.MapFallback(page.TryHandle, page.HandleAsync);

    // An upload that has begun when the stop comes may go on for the grace period.
    var report = await server.RunAsync(() => Console.WriteLine($"Listening on {server.Addresses[0]}; Ctrl+C stops. Files go to {folder.Path}"));
    Console.WriteLine($"{report.Outcome} with {report.Requests.Completed} requests answered.");
    return report.Outcome == ShutdownOutcome.Drained ? 0 : 3; // 3: something was cut off
}
catch (Exception exception) when (exception is ListenException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
