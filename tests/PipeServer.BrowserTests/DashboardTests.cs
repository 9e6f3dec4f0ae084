using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace PipeServer.BrowserTests;

/// <summary>The live dashboard as somebody sees it in Chromium, while a server of this process is at work. Screenshots are left beside the tests' assembly.</summary>
public sealed partial class DashboardTests(Site site) : IClassFixture<Site>
{
    private const int Desktop = 1280;
    private const int Phone = 360;
    private const string Hostile = "<img src=x onerror=document.title='hit'>";

    [Theory]
    [InlineData(Desktop, ColorScheme.Light)]
    [InlineData(Desktop, ColorScheme.Dark)]
    [InlineData(Phone, ColorScheme.Light)]
    [InlineData(Phone, ColorScheme.Dark)]
    public async Task The_page_has_nothing_wrong_with_it(int width, ColorScheme colors)
    {
        await using var host = await DashboardHost.StartAsync();
        await LoadAsync(host, 30);
        await using var stuck = await StuckAsync(host, $"/stuck/{new string('a', 150)}/{new string('b', 40)}?token=secret");
        await using var look = await OpenAsync(host, width, colors);
        await Assertions.Expect(look.Page.Locator("#workers tbody th")).ToHaveCountAsync(1);
        await Assertions.Expect(look.Page.Locator("#rate polyline")).ToHaveAttributeAsync("points", ManyPoints());
        await ShootAsync(look, $"dashboard-{width}-{colors}");
        Assert.Empty(await look.FaultsAsync(isStreaming: true));
        Assert.All(look.Requested, url => Assert.StartsWith(host.Admin.Address.ToString(), url));
        Assert.DoesNotContain("secret", await look.Page.ContentAsync());
    }

    [Fact]
    public async Task Its_numbers_are_those_of_the_ledger()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var look = await OpenAsync(host, Desktop);
        await LoadAsync(host, 200);
        await Eventually(() => host.Server.Requests.InFlight == 0);
        var requests = host.Server.Requests;
        await Assertions.Expect(Row(look, "ledger", "Received")).ToHaveTextAsync($"{requests.Received}");
        await Assertions.Expect(Row(look, "ledger", "Completed")).ToHaveTextAsync($"{requests.Completed}");
        await Assertions.Expect(Row(look, "ledger", "Refused")).ToHaveTextAsync($"{requests.Refused}");
        await Assertions.Expect(Row(look, "ledger", "In flight")).ToHaveTextAsync("0");
        await Assertions.Expect(Row(look, "connections", "Accepted")).ToHaveTextAsync($"{host.Server.Connections.Accepted}");
        var answers = look.Page.Locator("#answers tbody tr");
        Assert.Equal(
            requests.Received,
            (await answers.Locator("td:last-child").AllInnerTextsAsync()).Sum(static text => long.Parse(text.Replace(",", ""), null)));
        await Assertions.Expect(answers.Filter(new() { HasText = "500" }).Locator("td").Last).ToHaveTextAsync("1");
        await Assertions.Expect(look.Page.Locator("#refused tbody")).ToContainTextAsync("the handler failed");
        await Assertions.Expect(Row(look, "latency", "count").First).Not.ToHaveTextAsync("–");
        Assert.Empty(await look.FaultsAsync(isStreaming: true));
    }

    [Fact]
    public async Task A_stuck_worker_shows_by_name_within_two_seconds()
    {
        await using var host = await DashboardHost.StartAsync(static options => options.Workers = 1);
        await using var look = await OpenAsync(host, Desktop);
        await using var stuck = await StuckAsync(host, "/stuck/export?token=secret");
        var row = look.Page.Locator("#workers tbody tr").Filter(new() { HasText = "GET /stuck/export?…" });
        await Assertions.Expect(row).ToBeVisibleAsync(new() { Timeout = 2000 });
        await Assertions.Expect(row.Locator("th")).ToContainTextAsync("worker-0");
        await Assertions.Expect(look.Page.Locator("#t-busy")).ToHaveTextAsync("1 of 1");
        await Assertions.Expect(look.Page.GetByRole(AriaRole.Status)).ToContainTextAsync(
            "worker-0 has been running GET /stuck/export?… for 10", new() { Timeout = 20_000 });
        Assert.DoesNotContain("secret", await look.Page.ContentAsync());
        host.Release();
        await Assertions.Expect(look.Page.Locator("#workers tbody")).ToHaveTextAsync("All are idle.");
    }

    [Theory]
    [InlineData(Desktop, ColorScheme.Light)]
    [InlineData(Phone, ColorScheme.Dark)]
    public async Task A_drain_is_watched_to_its_end(int width, ColorScheme colors)
    {
        await using var host = await DashboardHost.StartAsync();
        await using var idle = await ConnectAsync(host);
        await using var stuck = await StuckAsync(host, "/stuck/export?token=secret");
        await using var look = await OpenAsync(host, width, colors);
        await look.Page.GetByRole(AriaRole.Button, new() { Name = "Drain…" }).ClickAsync();
        var dialog = look.Page.GetByRole(AriaRole.Dialog, new() { Name = "Drain and stop the server?" });
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Drain and stop" }).ClickAsync();
        await Assertions.Expect(look.Page.Locator("#state")).ToHaveTextAsync("Draining");
        await Assertions.Expect(look.Page.Locator("#phase")).ToContainTextAsync("Requests in flight are being finished");
        await Assertions.Expect(look.Page.Locator("#blockers tbody")).ToContainTextAsync("GET /stuck/export?…");
        await Assertions.Expect(look.Page.Locator("#blockers tbody")).ToContainTextAsync("runs on worker-");
        await Assertions.Expect(look.Page.GetByRole(AriaRole.Button, new() { Name = "Drain…" })).ToBeDisabledAsync();
        await ShootAsync(look, $"dashboard-drain-{width}-{colors}");
        Assert.Empty(await look.FaultsAsync(isStreaming: true));
        host.Release();
        await Assertions.Expect(look.Page.Locator("#state")).ToHaveTextAsync("Stopped");
        await Assertions.Expect(look.Page.Locator("#phase")).ToContainTextAsync("all requests were answered");
        await Assertions.Expect(look.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("The server has stopped");
        await ShootAsync(look, $"dashboard-stopped-{width}-{colors}");
        Assert.Equal(["drain"], host.Asked);
    }

    // The program itself, the published file where there is one: from the page to the exit, and the page's last figures are the report's.
    [Fact]
    public async Task The_program_is_watched_to_its_end()
    {
        await using var cli = await CliProcess.ServeAsync("--admin", "0", "--demo", "--workers", "2");
        var admin = new Uri(cli.Output.First(static line => line.StartsWith("Admin on "))["Admin on ".Length..]);
        var server = new UriBuilder("http", "127.0.0.1", cli.EndPoint.Port).Uri;
        await using var look = await Look.AtAsync(site.Browser, Desktop);
        await look.Page.GotoAsync(admin.ToString());
        await Assertions.Expect(look.Page.Locator("#state")).ToHaveTextAsync("Serving");
        using var http = new HttpClient { BaseAddress = server };
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal("Hello, World!", await http.GetStringAsync(new Uri("/worker/plaintext", UriKind.Relative)));
            await http.GetStringAsync(new Uri("/", UriKind.Relative));
        }

        var slow = http.GetStringAsync(new Uri("/sleep?ms=8000&token=secret", UriKind.Relative));
        var row = look.Page.Locator("#workers tbody tr").Filter(new() { HasText = "GET /sleep?…" });
        await Assertions.Expect(row).ToBeVisibleAsync();
        await Assertions.Expect(Row(look, "ledger", "Received")).ToHaveTextAsync("101");
        await Assertions.Expect(Row(look, "files", "Hits")).Not.ToHaveTextAsync("0");
        Assert.Empty(await look.FaultsAsync(isStreaming: true));

        await look.Page.GetByRole(AriaRole.Button, new() { Name = "Reload…" }).ClickAsync();
        await look.Page.Locator("#yes").ClickAsync();
        await Assertions.Expect(look.Page.GetByRole(AriaRole.Status)).ToContainTextAsync("The configuration was read again.");
        await look.Page.GetByRole(AriaRole.Button, new() { Name = "Drain…" }).ClickAsync();
        await look.Page.Locator("#yes").ClickAsync();
        await Assertions.Expect(look.Page.Locator("#blockers tbody")).ToContainTextAsync("GET /sleep?…");
        await ShootAsync(look, "dashboard-program-drain");
        Assert.DoesNotContain("secret", await look.Page.ContentAsync());
        Assert.NotEmpty(await slow);
        await Assertions.Expect(look.Page.Locator("#state")).ToHaveTextAsync("Stopped", new() { Timeout = 20_000 });
        await Assertions.Expect(look.Page.Locator("#phase")).ToContainTextAsync("all requests were answered");
        await Assertions.Expect(Row(look, "ledger", "Completed")).ToHaveTextAsync("101");
        Assert.Equal(0, await cli.EndAsync());
        Assert.Contains(cli.Output, static line => line.Contains("requests: 101 received, 101 completed"));
    }

    [Fact]
    public async Task It_is_used_by_the_keyboard()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var look = await OpenAsync(host, Desktop);
        var page = look.Page;
        await Assertions.Expect(page.Locator("#reload")).ToBeEnabledAsync();
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.Locator("#reload")).ToBeFocusedAsync();
        Assert.NotEqual("none", await page.EvaluateAsync<string>("getComputedStyle(document.activeElement).outlineStyle"));
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.Locator("#stop")).ToBeFocusedAsync();

        // Nothing is done by mistake: the dialog begins with its way out, and Escape is one too.
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeFocusedAsync();
        Assert.Empty(await look.FaultsAsync(isStreaming: true));
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("#stop")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        Assert.Empty(host.Asked);

        await page.Keyboard.PressAsync("Shift+Tab");
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.Locator("#yes")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync(
            "The configuration was read again. Changed: --header. Only after a restart: --workers.");
        host.ReloadAnswer = """{"problem":"--header: 'x' is no field.","changed":[],"needsRestart":[]}""";
        await page.Locator("#reload").ClickAsync();
        await page.Locator("#yes").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Nothing was changed: --header: 'x' is no field.");
        Assert.Equal(["reload", "reload"], host.Asked);
    }

    // What the server lets pass is shown as it came; and if it let markup pass, that would be shown too, as text.
    [Fact]
    public async Task A_hostile_path_is_text()
    {
        await using var host = await DashboardHost.StartAsync();
        await using var stuck = await StuckAsync(host, "/stuck/&lt;b&gt;/%3Cimg%20src=x%20onerror=alert(1)%3E");
        await using var look = await OpenAsync(host, Phone);
        await Assertions.Expect(look.Page.Locator("#workers tbody")).ToContainTextAsync("GET /stuck/&lt;b&gt;/%3Cimg%20src=x%20onerror=alert(1)%3E");
        Assert.Empty(await look.FaultsAsync(isStreaming: true));

        using var http = new HttpClient();
        var snapshot = await http.GetStringAsync(new Uri(host.Admin.Address, "/status"));
        var hostile = snapshot.Replace("GET /stuck/", $"GET /{Hostile}{new string('x', 300)}/");
        Assert.NotEqual(snapshot, hostile);
        await using var second = await Look.AtAsync(site.Browser, Phone);
        await second.Page.RouteAsync("**/events", route => route.FulfillAsync(new RouteFulfillOptions
        {
            ContentType = "text/event-stream",
            Body = $"retry: 60000\n\ndata: {hostile}\n\n",
        }));
        await second.Page.GotoAsync(host.Admin.Address.ToString());
        await Assertions.Expect(second.Page.Locator("#workers tbody")).ToContainTextAsync($"GET /{Hostile}");
        Assert.Equal(0, await second.Page.Locator("img").CountAsync());
        Assert.Empty(await second.FaultsAsync(isStreaming: true));
    }

    [Fact]
    public async Task A_lost_connection_is_told_and_found_again()
    {
        var host = await DashboardHost.StartAsync();
        await using var look = await OpenAsync(host, Desktop);
        var port = host.Admin.Address.Port;
        await host.Admin.StopAsync();
        await Assertions.Expect(look.Page.Locator("#state")).ToHaveTextAsync("Connection lost");
        await Assertions.Expect(look.Page.Locator("#figures")).ToHaveClassAsync("stale");
        await Assertions.Expect(look.Page.Locator("#stop")).ToBeDisabledAsync();
        await ShootAsync(look, "dashboard-lost");
        await host.DisposeAsync();
        await using var next = await DashboardHost.StartAsync(configureAdmin: admin => admin.Port = port);
        await Assertions.Expect(look.Page.Locator("#state")).ToHaveTextAsync("Serving", new() { Timeout = 20_000 });
        await Assertions.Expect(look.Page.Locator("#figures")).ToHaveClassAsync("");
    }

    private static ILocator Row(Look look, string table, string name) =>
        look.Page.Locator($"#{table} tbody tr").Filter(new() { Has = look.Page.GetByRole(AriaRole.Rowheader, new() { Name = name, Exact = true }) }).Locator("td");

    private async Task<Look> OpenAsync(DashboardHost host, int width, ColorScheme colors = ColorScheme.Light)
    {
        var look = await Look.AtAsync(site.Browser, width, colors);
        await look.Page.GotoAsync(host.Admin.Address.ToString());
        await Assertions.Expect(look.Page.Locator("#state")).ToHaveTextAsync("Serving");
        return look;
    }

    private static async Task LoadAsync(DashboardHost host, int rounds)
    {
        using var http = new HttpClient { BaseAddress = host.Server.Address };
        await Task.WhenAll(Enumerable.Range(0, rounds).Select(async i =>
        {
            Assert.Equal("inline", await http.GetStringAsync(new Uri($"/inline/{i}", UriKind.Relative)));
            Assert.Equal("worker", await http.GetStringAsync(new Uri($"/worker/{i}?q={i}", UriKind.Relative)));
        }));
        using var fault = await http.GetAsync(new Uri("/fault", UriKind.Relative));
        using var nothing = await http.GetAsync(new Uri("/nothing", UriKind.Relative));
        Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.NotFound), (fault.StatusCode, nothing.StatusCode));
    }

    private static async Task<NetworkStream> ConnectAsync(DashboardHost host)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(host.Server.EndPoints[0]);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<NetworkStream> StuckAsync(DashboardHost host, string target)
    {
        var stream = await ConnectAsync(host);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        await Eventually(() => host.Server.Workers.Busy > 0);
        return stream;
    }

    private static async Task Eventually(Func<bool> condition)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 2000, "Not in time.");
            await Task.Delay(10);
        }
    }

    private static Task<byte[]> ShootAsync(Look look, string name) => look.Page.ScreenshotAsync(new PageScreenshotOptions
    {
        Path = Path.Combine(AppContext.BaseDirectory, "screenshots", $"{name}.png"),
        FullPage = true,
    });

    [GeneratedRegex(@"^\S+ \S+")]
    private static partial Regex ManyPoints();
}
