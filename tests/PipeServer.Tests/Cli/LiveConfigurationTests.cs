using PipeServer.Cli;
using PipeServer.Cli.Reload;
using PipeServer.Diagnostics;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.Cli;

/// <summary>What the program serves by, and what it says of that, in the process.</summary>
public sealed class LiveConfigurationTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-live-").FullName;
    private readonly StandardStreams _streams = new();
    private readonly LineLoggerFactory _loggers = new(Microsoft.Extensions.Logging.LogLevel.None, static _ => { }, new PlainLineFormat(namesCategories: false));
    private ServeSettings _settings = null!;
    private StaticFileHandler _files = null!;
    private HttpServer _server = null!;

    private string ConfigPath => Path.Combine(_folder, "config.json");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(ConfigPath, """{ "cache": 1, "workers": 2, "header": ["X-A: 1", "X-B: 2"] }""");
        Assert.Equal(0, await new CommandLine(_streams, Take).InvokeAsync(["serve", _folder, "--port", "0", "--config", ConfigPath]));
        _settings.Options.LoggerFactory = _settings.Files.LoggerFactory = _loggers;
        Assert.Null(_settings.TryOpen(passed: null, out var files));
        _files = files!;
        _server = new HttpServer(_settings.Options);
        _server.MapFallback(_files.TryHandle, _files.HandleAsync);
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _files.Dispose();
        _loggers.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task It_describes_what_is_in_force_and_where_it_is_from()
    {
        var live = new LiveConfiguration(_settings, _files, _server, accessLog: null, _streams, _loggers, static () => null);
        await File.WriteAllTextAsync(ConfigPath, """{ "cache": 2, "workers": 5, "access-log": "log", "grace": 7, "header": ["X-A: 1", "X-B: 2"] }""");
        Assert.Null(live.TryPrepare(out var next));
        Assert.Same(_settings, live.Current);
        var outcome = live.Commit(next!);
        Assert.Equal(["--cache", "--grace"], outcome.Changed);
        Assert.Equal(["--workers", "--access-log"], outcome.NeedsRestart);
        var lines = live.Current.Describe().ToDictionary(static line => line.Name, static line => (line.Value, line.Source), StringComparer.Ordinal);
        Assert.Equal(("2", ConfigPath), lines["--cache"]);
        Assert.Equal(("7", ConfigPath), lines["--grace"]);
        Assert.Equal(("2", ConfigPath), lines["--workers"]);
        Assert.Equal(("none", "default"), lines["--access-log"]);

        // Compared with what is in force: back to the start's value is no change, and a default is one.
        await File.WriteAllTextAsync(ConfigPath, """{ "cache": 2, "workers": 2 }""");
        Assert.Null(live.TryPrepare(out next));
        outcome = live.Commit(next!);
        Assert.Equal(["--header", "--grace"], outcome.Changed);
        Assert.Empty(outcome.NeedsRestart);
    }

    // Two fields, and one whose value looks like two when a list is written with commas.
    [Fact]
    public async Task A_list_that_looks_alike_is_another_one()
    {
        var live = new LiveConfiguration(_settings, _files, _server, accessLog: null, _streams, _loggers, static () => null);
        await File.WriteAllTextAsync(ConfigPath, """{ "cache": 1, "workers": 2, "header": ["X-A: 1, X-B: 2"] }""");
        Assert.Null(live.TryPrepare(out var next));
        Assert.Equal(["--header"], live.Commit(next!).Changed);
    }

    [Fact]
    public async Task What_is_prepared_and_dropped_changes_nothing()
    {
        var live = new LiveConfiguration(_settings, _files, _server, accessLog: null, _streams, _loggers, static () => null);
        await File.WriteAllTextAsync(ConfigPath, """{ "cache": 3 }""");
        Assert.Null(live.TryPrepare(out var next));
        next!.Drop();
        Assert.Same(_settings, live.Current);
        Assert.True(_files.Contains("/config.json"));
        Assert.Null(live.TryPrepare(out next));
        live.Commit(next!);
        Assert.True(_files.Contains("/config.json"));
    }

    // Of a configuration that is right by itself, and does not go together with what cannot change, the folder that had been opened stayed open, watched,
    // and the message had names that no option has.
    [Fact]
    public async Task What_the_server_refuses_is_dropped_and_told_by_the_names_of_options()
    {
        var path = Path.Combine(_folder, "proxied.json");
        var other = Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName;
        await File.WriteAllTextAsync(path, """{ "root": ".", "listen": ["127.0.0.1:0,proxy"], "trusted-proxy": ["10.0.0.0/8"] }""");
        Assert.Equal(0, await new CommandLine(_streams, Take).InvokeAsync(["serve", "--config", path]));
        _settings.Options.LoggerFactory = _settings.Files.LoggerFactory = _loggers;
        Assert.Null(_settings.TryOpen(passed: null, out var opened));
        using var files = opened!;
        await using var server = new HttpServer(_settings.Options);
        await server.StartAsync();
        var live = new LiveConfiguration(_settings, files, server, accessLog: null, _streams, _loggers, static () => null);
        await File.WriteAllTextAsync(path, """{ "root": "other", "listen": ["127.0.0.1:0"] }""");
        Assert.Null(live.TryPrepare(out var next));
        Assert.Equal(other, next!.Files.Root);
        var outcome = live.Commit(next);
        Assert.StartsWith("--trusted-proxy must name the proxies", outcome.Problem);
        Assert.Throws<ObjectDisposedException>(() => next.Files.Contains("/a"));
        Assert.Same(_settings, live.Current);
        Assert.True(files.Contains("/proxied.json"));
    }

    [Fact]
    public void Each_option_that_can_change_is_one() =>
        Assert.Empty(ChangeableOptions.All.Except(new OptionTable().Rows.Select(static row => row.Option.Name).Append("ROOT"), StringComparer.Ordinal));

    private Task<int> Take(ServeSettings settings)
    {
        _settings = settings;
        return Task.FromResult(0);
    }
}
