using PipeServer;

namespace JsonCrud.Tests;

/// <summary>
/// The API in this process, on a free port, with a client: what a test asks for is what a user gets, sockets and all. Each test has its own, so they can run
/// at the same time, and none sees what another has stored.
/// </summary>
internal sealed class NotesServer : IAsyncDisposable
{
    private readonly HttpServer _server = new(new HttpServerOptions { Port = 0, Workers = 2 });

    private NotesServer()
    {
    }

    /// <summary>A client whose addresses are relative to the server's.</summary>
    public HttpClient Client { get; } = new() { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Starts one with room for so many notes.</summary>
    public static async Task<NotesServer> StartAsync(int capacity = 100, Action<RouteBuilder>? map = null)
    {
        var server = new NotesServer();
        new NotesApi(new NoteStore(capacity)).Map(server._server);
        map?.Invoke(server._server);
        await server._server.StartAsync();
        server.Client.BaseAddress = server._server.Address;
        return server;
    }

    /// <summary>Stops as SIGTERM does: what is in flight is answered.</summary>
    public Task<ShutdownReport> StopAsync() => _server.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }
}
