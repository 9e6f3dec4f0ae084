using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Playwright;

namespace PipeServer.BrowserTests;

/// <summary>
/// The program's pages over HTTP/2 in Chromium, with the certificate that the program has made itself: the protocol that is shown, many requests at once,
/// an upload, server-sent events, and a WebSocket as a stream of the same connection (RFC 8441).
/// </summary>
public sealed class Http2PageTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-browser-");
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private CliProcess? _cli;

    private string Address => $"https://localhost:{_cli!.EndPoint.Port}";

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Site.FindBrowser() is null, "Chromium is not installed. On Debian: apt install chromium");
        Directory.CreateDirectory(Root);
        File.WriteAllText(Path.Combine(Root, "index.html"), "<!DOCTYPE html><html lang=en><title>over HTTP/2</title><h1>over HTTP/2</h1><link rel=icon href=data:,>");
        File.WriteAllBytes(Path.Combine(Root, "large.bin"), new byte[1_000_000]);
        _cli = CliProcess.Start(
            CliProcess.PipeServer,
            new Dictionary<string, string> { ["STATE_DIRECTORY"] = _folder.FullName },
            "serve", Root, "--demo", "--tls-self-signed", "--port", "0");
        await _cli.ListeningAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Site.FindBrowser(),
            Args = [$"--ignore-certificate-errors-spki-list={KeyOfItsCertificate()}", .. Environment.IsPrivilegedProcess ? ["--no-sandbox"] : Array.Empty<string>()],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_cli is not null)
        {
            await _cli.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_page_its_files_an_upload_and_events()
    {
        var (page, faults) = await OpenAsync();
        Assert.Equal("over HTTP/2", await page.TitleAsync());
        const string Script = """
            async () => {
              const wrong = [];
              const lengths = await Promise.all(Array.from({ length: 100 }, async (_, i) => (await (await fetch(`/large.bin?${i}`, { cache: 'no-store' })).arrayBuffer()).byteLength));
              if (lengths.some(length => length !== 1000000)) wrong.push(`lengths ${lengths}`);
              const body = 'x'.repeat(3000000);
              if (await (await fetch('/echo', { method: 'POST', body })).text() !== body) wrong.push('the echo');
              if ((await fetch('/large.bin', { headers: { Range: 'bytes=5-9' }, cache: 'no-store' })).status !== 206) wrong.push('the range');
              const cut = new AbortController();
              const events = [];
              const source = new EventSource('/events');
              await new Promise(resolve => { source.onmessage = event => { events.push(event.data); if (events.length === 2) resolve(); }; });
              source.close();
              if (events.join() !== '1,2') wrong.push(`events ${events}`);
              const slow = fetch('/sleep?ms=60000', { signal: cut.signal }).catch(error => error.name);
              await fetch('/plaintext', { cache: 'no-store' });
              cut.abort();
              if (await slow !== 'AbortError') wrong.push('the request that was given up');
              if (await (await fetch('/worker/plaintext', { cache: 'no-store' })).text() !== 'Hello, World!') wrong.push('the request after it');
              const others = [...new Set(performance.getEntriesByType('resource').map(entry => entry.nextHopProtocol).filter(name => name !== ''))];
              if (others.join() !== 'h2') wrong.push(`protocols ${others}`);
              return wrong.join('; ');
            }
            """;
        Assert.Equal("", await page.EvaluateAsync<string>(Script));
        Assert.DoesNotContain(faults, static fault => !fault.Contains("/sleep", StringComparison.Ordinal) && !fault.Contains("/events", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_WebSocket_is_a_stream_of_the_connection()
    {
        var (page, _) = await OpenAsync();
        const string Script = """
            async () => {
              const wrong = [];
              for (const path of ['/ws', '/ws/deflate']) {
                const socket = new WebSocket(`wss://${location.host}${path}`);
                socket.binaryType = 'arraybuffer';
                await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = () => reject(new Error('refused')); });
                const echo = message => new Promise(resolve => { socket.onmessage = event => resolve(event.data); socket.send(message); });
                for (const text of ['', 'a', 'grüße 日本語 😀', 'x'.repeat(1000000)]) if (await echo(text) !== text) wrong.push(`${path}: a text of ${text.length}`);
                for (const length of [0, 126, 65536, 1000000]) if ((await echo(new Uint8Array(length))).byteLength !== length) wrong.push(`${path}: ${length} bytes`);
                const closed = new Promise(resolve => { socket.onclose = event => resolve(`${event.code} ${event.wasClean}`); });
                socket.close(4321, 'enough');
                const how = await closed;
                if (how !== '4321 true') wrong.push(`${path}: closed ${how}`);
              }
              return wrong.join('; ');
            }
            """;

        // Chromium asks for one by HTTP/2 where the connection to the same origin speaks it and the server's settings say that it may; the page has made that
        // connection before. What was asked by is seen in the browser's own record of requests.
        await using var session = new ProtocolRecord(await page.Context.NewCDPSessionAsync(page));
        await session.StartAsync();
        Assert.Equal("", await page.EvaluateAsync<string>(Script));
        Assert.Equal([200, 200], session.Statuses);
    }

    // What the browser is to trust is written down by the program.
    private string KeyOfItsCertificate()
    {
        var file = Directory.EnumerateFiles(_folder.FullName, "*", SearchOption.AllDirectories)
            .First(static path => File.ReadAllText(path).Contains("BEGIN CERTIFICATE", StringComparison.Ordinal));
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
        return Convert.ToBase64String(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
    }

    private string Root => Path.Combine(_folder.FullName, "root");

    private async Task<(IPage Page, List<string> Faults)> OpenAsync()
    {
        var context = await _browser!.NewContextAsync();
        context.SetDefaultTimeout(60_000);
        var page = await context.NewPageAsync();
        var faults = new List<string>();
        page.Console += (_, message) =>
        {
            if (!message.Location.Contains("/favicon.ico", StringComparison.Ordinal)) // it asks for one by itself, and there is none
            {
                faults.Add($"{message.Text} ({message.Location})");
            }
        };
        page.RequestFailed += (_, request) => faults.Add($"{request.Url} {request.Failure}");
        var response = await page.GotoAsync(Address);
        Assert.Equal(200, response!.Status);
        Assert.Equal("h2", await page.EvaluateAsync<string>("performance.getEntriesByType('navigation')[0].nextHopProtocol"));
        return (page, faults);
    }
}
