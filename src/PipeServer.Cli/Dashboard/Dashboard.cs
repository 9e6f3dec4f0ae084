using PipeServer.StaticFiles;

namespace PipeServer.Cli.Dashboard;

/// <summary>
/// The live dashboard of the admin side: a page, and the figures that it shows, once (<c>/status</c>) or each second (<c>/events</c>). It counts what the
/// public server answers from the moment it is made; it makes a snapshot only while somebody looks. From any thread.
/// </summary>
#pragma warning disable MA0049 // The folder is what the dashboard is made of, and this is the dashboard.
internal sealed class Dashboard
#pragma warning restore MA0049
{
    private readonly RequestRecorder _recorder;
    private readonly SnapshotBuilder _builder;
    private HttpServer? _admin;

    /// <summary>Begins to listen to a server that is to be made from these options.</summary>
    /// <param name="options">The public server's options; <see cref="HttpServerOptions.OnCompleted"/> gets one more listener.</param>
    /// <param name="clock">The clock of what is counted.</param>
    public Dashboard(HttpServerOptions options, TimeProvider clock)
    {
        _recorder = new RequestRecorder(clock);
        _builder = new SnapshotBuilder(_recorder, clock);
        Feed = new SnapshotFeed(_builder.Build, () => _admin!.Running.Timers, _builder.Shrink);
        options.OnCompleted += _recorder.Record;
    }

    /// <summary>Who watches.</summary>
    internal SnapshotFeed Feed { get; }

    /// <summary>Tells which server was made; until then, and until that is started, the page says so.</summary>
    /// <param name="server">The public server.</param>
    /// <param name="files">Its files, as they are then: asked for each snapshot. Null for none.</param>
    /// <param name="cacheBytes">How much memory its files may take.</param>
    public void Watch(HttpServer server, Func<StaticFileHandler?>? files = null, long cacheBytes = 0)
    {
        (_builder.Files, _builder.FilesCapacity) = (files, cacheBytes);
        _builder.Server = server;
    }

    /// <summary>Maps the page on the admin side: all of it is answered where it is received, and needs no worker.</summary>
    /// <param name="admin">The admin side's server, before its start.</param>
    public void Map(HttpServer admin)
    {
        _admin = admin;
        MapFile(admin, "/", "dashboard.html");
        MapFile(admin, "/dashboard.css", "dashboard.css");
        MapFile(admin, "/dashboard.js", "dashboard.js");
        MapFile(admin, "/dashboard.svg", "dashboard.svg");
        admin.MapGet("/status", Status, Dispatch.Inline);
        admin.MapGet("/events", new EventStream(Feed).HandleAsync, Dispatch.Inline);
    }

    private static void MapFile(HttpServer admin, string path, string name)
    {
        var file = PageFile.Load(name);
        admin.MapGet(path, (_, response) => PageFile.Send(response, file), Dispatch.Inline);
    }

    private void Status(HttpRequest request, HttpResponse response)
    {
        response.Headers["Cache-Control"] = "no-store";
        response.WriteBytes(Feed.Refresh().Json, "application/json");
    }
}
