using Microsoft.Playwright;
using PipeServer.StaticFiles;

namespace PipeServer.BrowserTests;

/// <summary>
/// The repository's own wwwroot with a folder of files beside it, served on a free port, and a browser. With <c>PIPESERVER_CLI</c> the published
/// file serves it, otherwise a server of this process.
/// </summary>
public sealed class Site : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-browser-");
    private StaticFileHandler? _files;
    private HttpServer? _server;
    private CliProcess? _cli;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public Uri Address => _cli is null ? _server!.Address : new Uri($"http://{_cli.EndPoint}");

    /// <summary>Where the page of a fault is, and the status with which it comes: no route of the command line has a fault to show.</summary>
    public (string Path, int Status) Fault => _cli is null ? ("/fault", 500) : ("/50x.html", 200);

    /// <summary>Skips the test where there is no browser.</summary>
    public IBrowser Browser
    {
        get
        {
            Assert.SkipWhen(_browser is null, "Chromium is not installed. On Debian: apt install chromium");
            return _browser!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        foreach (var file in Directory.EnumerateFiles(Repository.Path("wwwroot")))
        {
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)));
        }

        foreach (var (name, length) in new[]
        {
            ("small.txt", 12), ("larger.bin", 123_456), ("<b>bold & brave.txt", 3), ("with space.txt", 4), ("grüße-日本語.txt", 5),
            (new string('x', 120) + ".tar.gz", 1_234_567), ("folder/inner.txt", 6), ("another folder/deeper/deepest.txt", 7),
        })
        {
            var path = Path.Combine(_folder.FullName, "files", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, new byte[length]);
        }

        await StartServerAsync();
        if (FindBrowser() is { } browser)
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = browser,
                Args = Environment.IsPrivilegedProcess ? ["--no-sandbox"] : [], // Chromium has no sandbox for root
            });
        }
    }

    private async Task StartServerAsync()
    {
        if (ProgramUnderTest.PipeServer.IsPublished)
        {
            _cli = CliProcess.Start(CliProcess.PipeServer, "serve", _folder.FullName, "--port", "0", "--browse");
            await _cli.ListeningAsync();
            return;
        }

        _files = new StaticFileHandler(_folder.FullName, new StaticFileOptions { Browse = true });
        _server = new HttpServer(new HttpServerOptions { Port = 0, ServerErrorPage = _files.ServerErrorPage });
        _server.MapGet("/fault", (_, _) => throw new InvalidOperationException("on purpose"));
        _server.MapFallback(_files.TryHandle, _files.HandleAsync);
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_cli is not null)
        {
            await _cli.DisposeAsync();
        }

        _files?.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Where Chromium is; null where it is not installed.</summary>
    public static string? FindBrowser() =>
        (from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
         from name in Names
         select Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}
