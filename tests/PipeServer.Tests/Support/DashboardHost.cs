using System.Collections.Concurrent;
using PipeServer.Cli.Dashboard;

namespace PipeServer.Tests.Support;

/// <summary>A public server and an admin side with the dashboard, both on free ports of this process.</summary>
internal sealed class DashboardHost : IAsyncDisposable
{
    private readonly ManualResetEventSlim _gate = new();

    private DashboardHost(HttpServer server, HttpServer admin, Dashboard dashboard) => (Server, Admin, Dashboard) = (server, admin, dashboard);

    /// <summary>
    /// The public server, with <c>/inline/{name}</c>, <c>/worker/{name}</c>, <c>/stuck/{name}</c>, which blocks its worker until <see cref="Release"/>,
    /// and <c>/fault</c>.
    /// </summary>
    public HttpServer Server { get; }

    public HttpServer Admin { get; }

    public Dashboard Dashboard { get; }

    /// <summary>The changes that were asked for.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>What a reload answers.</summary>
    public string ReloadAnswer { get; set; } = """{"problem":null,"changed":["--header"],"needsRestart":["--workers"]}""";

    /// <summary>The stop that <c>POST /drain</c> has begun: of the public server, then of the admin side.</summary>
    public Task Stopped { get; private set; } = Task.CompletedTask;

    public static async Task<DashboardHost> StartAsync(Action<HttpServerOptions>? configure = null, Action<HttpServerOptions>? configureAdmin = null)
    {
        var options = new HttpServerOptions { Port = 0, Workers = 3, ShutdownGracePeriod = TimeSpan.FromSeconds(20) };
        configure?.Invoke(options);
        var dashboard = new Dashboard(options, TimeProvider.System);
        var server = new HttpServer(options);
        var adminOptions = new HttpServerOptions { Port = 0, Workers = 1, Loops = 1, ShutdownGracePeriod = TimeSpan.FromSeconds(2), DrainIdleTimeout = TimeSpan.Zero };
        configureAdmin?.Invoke(adminOptions);
        var admin = new HttpServer(adminOptions);
        var host = new DashboardHost(server, admin, dashboard);
        host.Map();
        await admin.StartAsync();
        await server.StartAsync();
        return host;
    }

    /// <summary>Lets all that are stuck go on.</summary>
    public void Release() => _gate.Set();

    public async ValueTask DisposeAsync()
    {
        Release();
        await Stopped;
        await Server.DisposeAsync();
        await Admin.DisposeAsync();
        _gate.Dispose();
    }

    private void Map()
    {
        Server.MapGet("/inline/{*name}", static (_, response) => response.WriteText("inline"), Dispatch.Inline);
        Server.MapGet("/worker/{*name}", static (_, response) => response.WriteText("worker"));
        Server.MapGet("/stuck/{*name}", (_, response) =>
        {
            _gate.Wait();
            response.WriteText("free again");
        });
        Server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("On purpose."));
        Dashboard.Watch(Server);
        Dashboard.Map(Admin);
        Admin.MapPost("/reload", (request, response) => Change(request, response, "reload"), Dispatch.Inline);
        Admin.MapPost("/drain", (request, response) => Change(request, response, "drain"), Dispatch.Inline);
    }

    private void Change(HttpRequest request, HttpResponse response, string what)
    {
        if (request.Headers["X-PipeServer-Admin"] != "1")
        {
            response.StatusCode = 403;
            return;
        }

        Asked.Enqueue(what);
        if (what == "reload")
        {
            response.WriteText(ReloadAnswer, "application/json");
            return;
        }

        response.StatusCode = 202;
        response.WriteText("draining\n");
        Stopped = StopAsync();
    }

    private async Task StopAsync()
    {
        await Task.Yield();
        await Server.StopAsync();
        await Admin.StopAsync();
    }
}
