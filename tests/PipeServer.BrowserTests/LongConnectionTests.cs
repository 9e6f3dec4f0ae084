using Microsoft.Playwright;

namespace PipeServer.BrowserTests;

/// <summary>A page in Chromium with a WebSocket and an EventSource, of a server that stops and of the one that comes after it.</summary>
public sealed class LongConnectionTests(Site site) : IClassFixture<Site>
{
    // One function: of a script of several lines the last one's value would be called, if that is a function. Names that no window has already.
    private const string Functions = """
        () => {
          window.connect = path => new Promise((resolve, reject) => {
            const socket = new WebSocket(`ws://${location.host}${path}`);
            socket.binaryType = 'arraybuffer';
            socket.onopen = () => resolve(socket);
            socket.onerror = () => reject(new Error('refused'));
          });
          window.echo = (socket, message) => new Promise(resolve => { socket.onmessage = event => resolve(event.data); socket.send(message); });
          window.ended = socket => new Promise(resolve => { socket.onclose = event => resolve(`${event.code} ${event.wasClean}`); });
        }
        """;

    [Fact]
    public async Task A_page_gets_all_back_by_a_WebSocket()
    {
        var browser = site.Browser;
        await using var cli = await CliProcess.ServeAsync("--demo");
        await using var context = await browser.NewContextAsync();
        var page = await OpenAsync(context, cli);
        const string Script = """
            async () => {
              const wrong = [];
              for (const path of ['/ws', '/ws/deflate']) {
                const socket = await connect(path);
                if ((socket.extensions !== '') !== (path === '/ws/deflate')) wrong.push(`${path}: extensions ${socket.extensions}`);
                for (const text of ['', 'a', 'grüße 日本語 😀', 'x'.repeat(1000000)])
                  if (await echo(socket, text) !== text) wrong.push(`${path}: a text of ${text.length}`);
                for (const length of [0, 1, 125, 126, 65535, 65536, 1000000]) {
                  const bytes = new Uint8Array(length).map((_, at) => at % 251);
                  const back = new Uint8Array(await echo(socket, bytes));
                  if (back.length !== length || back.some((value, at) => value !== bytes[at])) wrong.push(`${path}: ${length} bytes`);
                }
                const closing = ended(socket);
                socket.close(4321, 'enough');
                const how = await closing;
                if (how !== '4321 true') wrong.push(`${path}: closed ${how}`);
              }
              return wrong.join('; ');
            }
            """;
        Assert.Equal("", await page.EvaluateAsync<string>(Script));
    }

    // The page sees 1001, and by itself comes back to the events of the server that follows on the same port.
    [Fact]
    public async Task A_page_is_told_that_the_server_goes_and_its_events_come_back()
    {
        var browser = site.Browser;
        await using var cli = await CliProcess.ServeAsync("--demo");
        await using var context = await browser.NewContextAsync();
        var page = await OpenAsync(context, cli);
        await page.EvaluateAsync("""
            async () => {
              window.sockets = await Promise.all(Array.from({ length: 20 }, () => connect('/ws')));
              window.ends = Promise.all(sockets.map(ended));
              window.events = [];
              window.opened = 0;
              window.source = new EventSource('/events');
              source.onopen = () => opened++;
              source.onmessage = event => events.push(event.data);
              source.addEventListener('end', event => events.push(event.data));
            }
            """);
        await page.WaitForFunctionAsync("() => events.length > 0");
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal("1001 true", await page.EvaluateAsync<string>("async () => [...new Set(await ends)].join()"));
        Assert.Equal(0, await cli.EndAsync());
        Assert.Equal("the server is stopping", await page.EvaluateAsync<string>("() => events.at(-1)"));

        await using var next = CliProcess.Start(CliProcess.PipeServer, "serve", Repository.Path("wwwroot"), "--port", $"{cli.EndPoint.Port}", "--demo");
        await next.ListeningAsync();
        await page.WaitForFunctionAsync("() => opened === 2 && events.at(-1) !== 'the server is stopping'");

        // It has said which event it has seen last.
        const string GoesOn = "() => { const end = events.indexOf('the server is stopping'); return Number(events[end + 1]) - Number(events[end - 1]); }";
        Assert.Equal(1, await page.EvaluateAsync<int>(GoesOn));
    }

    // A browser lets the page of any site connect, with the cookies of the server's: only the server can refuse it.
    [Fact]
    public async Task A_page_of_another_origin_is_refused_and_a_sub_protocol_chosen()
    {
        var browser = site.Browser;
        var options = new WebSocketAcceptOptions { SubProtocols = ["v2.chat", "chat"] };
        await using var server = new HttpServer(new HttpServerOptions { Port = 0 });
        server.MapGet("/", static (_, response) => response.WriteText("<!DOCTYPE html><title>a page</title><link rel=icon href=data:,>", "text/html"));
        server.MapGet("/chat", async (request, _) =>
        {
            using var socket = await request.AcceptWebSocketAsync(options);
            await socket.ReceiveAsync(new byte[16].AsMemory(), CancellationToken.None);
        });
        await server.StartAsync();
        options.AllowedOrigins = [$"http://127.0.0.1:{server.Address.Port}"];

        const string Script = """
            port => new Promise(resolve => {
              const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, ['chat', 'v2.chat']);
              socket.onopen = () => { resolve(`open ${socket.protocol}`); socket.close(); };
              socket.onerror = () => resolve('refused');
            })
            """;
        await using var context = await browser.NewContextAsync();
        foreach (var (host, expected) in new[] { ("127.0.0.1", "open v2.chat"), ("localhost", "refused") })
        {
            var page = await context.NewPageAsync();
            await page.GotoAsync($"http://{host}:{server.Address.Port}/");
            Assert.Equal(expected, await page.EvaluateAsync<string>(Script, server.Address.Port));
        }
    }

    private static async Task<IPage> OpenAsync(IBrowserContext context, CliProcess cli)
    {
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(60_000);
        await page.GotoAsync($"http://{cli.EndPoint}/");
        await page.EvaluateAsync(Functions);
        return page;
    }
}
