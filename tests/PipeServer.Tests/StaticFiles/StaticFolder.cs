using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>A temporary folder, and servers of what is in its <c>root</c>.</summary>
internal sealed class StaticFolder(string transport) : IAsyncDisposable
{
    private readonly List<(TestServer Server, StaticFileHandler Files)> _servers = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;

    public string Root => System.IO.Path.Combine(Folder, "root");

    public string Path(string path) => System.IO.Path.Combine(Folder, path);

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(path))!);
        File.WriteAllText(Path(path), text);
    }

    /// <summary>Puts a new version in the place of a file, as tools do that never leave half a file behind.</summary>
    public void Replace(string path, string text)
    {
        Write(path + ".new", text);
        File.Move(Path(path + ".new"), Path(path), overwrite: true);
    }

    public async Task<TestServer> ServeAsync(Action<StaticFileOptions>? configure = null, Action<HttpServer>? map = null)
    {
        var options = new StaticFileOptions();
        configure?.Invoke(options);
        return await ServeAsync(new StaticFileHandler(Root, options), static () => { }, map);
    }

    /// <summary>A server of a handler's files, both gone with the folder.</summary>
    /// <param name="files">The handler.</param>
    /// <param name="answeredAtOnce">Is called for each request that it has answered from memory.</param>
    /// <param name="map">Maps more.</param>
    /// <param name="configure">Changes the server's options.</param>
    public async Task<TestServer> ServeAsync(StaticFileHandler files, Action answeredAtOnce, Action<HttpServer>? map = null, Action<HttpServerOptions>? configure = null)
    {
        var server = await TestServer.StartAsync(transport, server =>
        {
            map?.Invoke(server);
            server.MapFallback(
                (request, response) =>
                {
                    var isAnswered = files.TryHandle(request, response);
                    if (isAnswered)
                    {
                        answeredAtOnce();
                    }

                    return isAnswered;
                },
                files.HandleAsync);
        }, configure);
        _servers.Add((server, files));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (server, files) in _servers)
        {
            await server.DisposeAsync();
            files.Dispose();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
