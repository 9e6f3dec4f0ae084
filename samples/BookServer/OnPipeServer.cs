using PipeServer;
using PipeServer.StaticFiles;

namespace BookServer;

/// <summary>The same on PipeServer: its pool, its listener, its files, and its stop, after two connections or by a signal.</summary>
internal static class OnPipeServer
{
    /// <summary>Runs until then.</summary>
    public static async Task RunAsync(int port)
    {
        using var pages = new StaticFileHandler(
            Path.Combine(AppContext.BaseDirectory, "pages"), new StaticFileOptions { IndexFiles = ["hello.html"] });
        await using var server = new HttpServer(new HttpServerOptions { Port = port, Workers = 4, AcceptLimit = 2 });
        server.MapGet("/sleep", async (request, response) =>
        {
            Thread.Sleep(TimeSpan.FromSeconds(5)); // a handler may block: it has a worker
            await pages.ServeAsync(request, response, "/hello.html");
        });
        server.MapFallback(pages.TryHandle, pages.HandleAsync);
        var report = await server.RunAsync(() => Console.WriteLine($"Listening on {server.Addresses[0]}"));
        Console.WriteLine($"{report.Outcome} with {report.Requests.Completed} requests answered.");
    }
}
