using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Cli;
using PipeServer.Cli.Admin;
using PipeServer.Cli.Reload;
using PipeServer.Cli.Upgrade;

namespace PipeServer.Tests.Cli.Admin;

/// <summary>Who may ask the admin side, and for what.</summary>
public sealed class AdminGuardTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-admin-").FullName;
    private readonly List<OptionValue> _options = [new("--port", "7878", "default"), new("--header", "(hidden)", "command line")];
    private Func<Task<ReloadOutcome>> _reload = static () => Task.FromResult(new ReloadOutcome(null, ["--header"], ["--port"]));
    private int _drains;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // DNS rebinding: a name of an attacker's that was made to lead to this machine.
    [Theory]
    [InlineData("localhost", 200)]
    [InlineData("LOCALHOST:9090", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("127.0.0.1:1", 200)]
    [InlineData("192.0.2.7:9090", 200)]
    [InlineData("[::1]:9090", 200)]
    [InlineData("evil.example", 403)]
    [InlineData("evil.example:9090", 403)]
    [InlineData("localhost.evil.example", 403)]
    [InlineData("127.0.0.1.evil.example", 403)]
    [InlineData("2130706433", 403)]
    [InlineData("localhostx", 403)]
    [InlineData("", 400)]
    public async Task A_name_of_somebody_else_is_refused(string host, int status)
    {
        await using var admin = await StartAsync("0");
        foreach (var path in new[] { "/", "/metrics", "/config", "/healthz/live", "/nothing" })
        {
            var response = await AdminClient.AskAsync(Place(admin), $"GET {path}", $"Host: {host}");
            Assert.Equal(path == "/nothing" && status == 200 ? 404 : status, response.Status);
            Assert.DoesNotContain("evil", response.Text);
        }

        Assert.Equal(status == 200 ? 202 : status, (await AdminClient.AskAsync(Place(admin), "POST /drain", $"Host: {host}", "X-PipeServer-Admin: 1")).Status);
        Assert.Equal(status == 200 ? 1 : 0, _drains);
    }

    [Fact]
    public async Task An_absolute_target_does_not_get_around_it()
    {
        await using var admin = await StartAsync("0");
        Assert.Equal(403, (await AdminClient.AskAsync(Place(admin), "GET http://evil.example/config", "Host: localhost")).Status);
        Assert.Equal(200, (await AdminClient.AskAsync(Place(admin), "GET http://localhost/config", "Host: localhost")).Status);
    }

    // As HAProxy asks for health.
    [Fact]
    public async Task A_client_of_HTTP_1_0_may_leave_the_host_out()
    {
        await using var admin = await StartAsync("0");
        await using var client = await TestClient.ConnectAsync(Place(admin));
        Assert.Equal(200, (await client.RequestAsync("GET /healthz/live HTTP/1.0\r\n\r\n")).Status);
    }

    [Fact]
    public async Task A_name_that_was_given_is_known()
    {
        await using var admin = await StartAsync("127.0.0.1:0,host=admin.example.com");
        Assert.Equal(200, (await AdminClient.AskAsync(Place(admin), "GET /config", "Host: Admin.Example.com:9090")).Status);
        Assert.Equal(403, (await AdminClient.AskAsync(Place(admin), "GET /config", "Host: example.com")).Status);
    }

    [Theory]
    [InlineData(202, "X-PipeServer-Admin: 1")]
    [InlineData(202, "X-PipeServer-Admin: 1", "Origin: http://localhost", "Sec-Fetch-Site: same-origin")]
    [InlineData(202, "X-PipeServer-Admin: 1", "Origin: https://LOCALHOST")]
    [InlineData(202, "X-PipeServer-Admin: 1", "Sec-Fetch-Site: none")]
    [InlineData(403)]
    [InlineData(403, "X-PipeServer-Admin: 0")]
    [InlineData(403, "Origin: http://localhost", "Sec-Fetch-Site: same-origin")]
    [InlineData(403, "X-PipeServer-Admin: 1", "Origin: http://evil.example")]
    [InlineData(403, "X-PipeServer-Admin: 1", "Origin: http://localhost:8080")]
    [InlineData(403, "X-PipeServer-Admin: 1", "Origin: null")]
    [InlineData(403, "X-PipeServer-Admin: 1", "Origin: http://localhost, http://evil.example")]
    [InlineData(403, "X-PipeServer-Admin: 1", "Origin: http://localhost.evil.example")]
    [InlineData(403, "X-PipeServer-Admin: 1", "Sec-Fetch-Site: cross-site")]
    [InlineData(403, "X-PipeServer-Admin: 1", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: navigate")]
    public async Task A_change_comes_from_here_and_says_so(int status, params string[] headers)
    {
        await using var admin = await StartAsync("0");
        var response = await AdminClient.AskAsync(Place(admin), "POST /drain", ["Host: localhost", .. headers]);
        Assert.Equal(status, response.Status);
        Assert.Equal(status == 202 ? 1 : 0, _drains);
        if (headers.Length == 0)
        {
            Assert.Equal("403 Forbidden: a request to change something needs the header X-PipeServer-Admin: 1.\n", response.Text);
        }
    }

    [Theory]
    [InlineData(403, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors")]
    [InlineData(403, "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: cors")]
    [InlineData(403, "Origin: http://evil.example")]
    [InlineData(200, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate")]
    [InlineData(200, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: cors")]
    public async Task A_page_from_elsewhere_may_link_here_and_no_more(int status, params string[] headers)
    {
        await using var admin = await StartAsync("0");
        var response = await AdminClient.AskAsync(Place(admin), "GET /config", ["Host: localhost", .. headers]);
        Assert.Equal(status, response.Status);
        Assert.Null(response["Access-Control-Allow-Origin"]);
    }

    [Fact]
    public async Task Each_answer_says_what_a_browser_may_do_with_it()
    {
        await using var admin = await StartAsync("0");
        foreach (var path in new[] { "/", "/config", "/metrics", "/nothing" })
        {
            var response = await AdminClient.AskAsync(Place(admin), $"GET {path}");
            Assert.StartsWith("default-src 'none'; ", response["Content-Security-Policy"]);
            Assert.Contains("frame-ancestors 'none'", response["Content-Security-Policy"]);
            Assert.Equal(("nosniff", "no-store"), (response["X-Content-Type-Options"], response["Cache-Control"]));
            Assert.Equal(("DENY", "same-origin"), (response["X-Frame-Options"], response["Cross-Origin-Resource-Policy"]));
        }
    }

    [Theory]
    [InlineData("GET /drain", "POST, OPTIONS")]
    [InlineData("GET /reload", "POST, OPTIONS")]
    [InlineData("POST /metrics", "GET, HEAD, OPTIONS")]
    [InlineData("DELETE /config", "GET, HEAD, OPTIONS")]
    public async Task Another_method_is_405(string line, string allow)
    {
        await using var admin = await StartAsync("0");
        var response = await AdminClient.AskAsync(Place(admin), line, "X-PipeServer-Admin: 1");
        Assert.Equal((405, allow), (response.Status, response["Allow"]));
        Assert.Equal(0, _drains);
    }

    [Fact]
    public async Task A_second_drain_begins_nothing_and_says_so()
    {
        await using var admin = await StartAsync("0");
        Assert.Equal("ready\n", (await AdminClient.AskAsync(Place(admin), "GET /healthz/ready")).Text);
        Assert.Contains("the drain begins", (await AdminClient.PostAsync(Place(admin), "/drain")).Text);
        var ready = await AdminClient.AskAsync(Place(admin), "GET /healthz/ready");
        Assert.Equal((503, "draining\n"), (ready.Status, ready.Text));
        var second = await AdminClient.PostAsync(Place(admin), "/drain");
        Assert.Equal(202, second.Status);
        Assert.Contains("has begun before", second.Text);
        Assert.Equal(1, _drains);
        var late = await AdminClient.PostAsync(Place(admin), "/reload");
        Assert.Equal((409, "{\"problem\":\"The server stops: nothing is reloaded any more.\"}\n"), (late.Status, late.Text));
    }

    [Fact]
    public async Task A_reload_tells_what_has_changed_or_why_nothing_has()
    {
        await using var admin = await StartAsync("0");
        var response = await AdminClient.PostAsync(Place(admin), "/reload");
        Assert.Equal((200, "application/json"), (response.Status, response["Content-Type"]));
        Assert.Equal("""{"changed":["--header"],"needsRestart":["--port"]}""" + "\n", response.Text);
        _reload = static () => Task.FromResult(new ReloadOutcome("a.json: \"port\" is no number; 'x' is not.", [], []));
        response = await AdminClient.PostAsync(Place(admin), "/reload");
        Assert.Equal(422, response.Status);
        using var problem = JsonDocument.Parse(response.Text);
        Assert.Equal("a.json: \"port\" is no number; 'x' is not.", problem.RootElement.GetProperty("problem").GetString());
        Assert.Contains("'x'", response.Text); // it was \u0027 for who reads it from curl
    }

    [Fact]
    public async Task One_reload_at_a_time_and_one_that_takes_long_holds_up_nothing_else()
    {
        var begun = new TaskCompletionSource();
        var end = new TaskCompletionSource<ReloadOutcome>();
        _reload = () =>
        {
            begun.TrySetResult();
            return end.Task; // it reads files, on a thread of its own
        };
        await using var admin = await StartAsync("0");
        var first = AdminClient.PostAsync(Place(admin), "/reload");
        await begun.Task.WaitAsync(TestClient.Patience, TestContext.Current.CancellationToken);
        Assert.Equal(200, (await AdminClient.AskAsync(Place(admin), "GET /metrics")).Status);
        end.SetResult(new ReloadOutcome(null, [], []));
        Assert.Equal(200, (await first).Status);
    }

    [Fact]
    public async Task The_configuration_comes_as_json_or_as_text_and_anew_each_time()
    {
        await using var admin = await StartAsync("0");
        var response = await AdminClient.AskAsync(Place(admin), "GET /config");
        Assert.Equal(
            """{"options":[{"name":"--port","value":"7878","source":"default"},{"name":"--header","value":"(hidden)","source":"command line"}]}""" + "\n",
            response.Text);
        _options.Add(new OptionValue("--queue", "5", "default"));
        response = await AdminClient.AskAsync(Place(admin), "GET /config", "Accept: text/plain");
        Assert.Equal("text/plain; charset=utf-8", response["Content-Type"]);
        Assert.Equal("--port    7878      default\n--header  (hidden)  command line\n--queue   5         default\n", response.Text);
    }

    [Theory]
    [InlineData(null, "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("*/*", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("text/plain, application/openmetrics-text;q=0.9", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("application/openmetrics-text;version=2.0.0", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("application/openmetrics-text; version=1.0.0; q=0, */*", "text/plain; version=0.0.4; charset=utf-8")]
    [InlineData("application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8")]
    [InlineData(
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "application/openmetrics-text; version=1.0.0; charset=utf-8")]
    public async Task Metrics_come_in_the_form_that_is_asked_for(string? accept, string type)
    {
        await using var admin = await StartAsync("0");
        var response = await AdminClient.AskAsync(Place(admin), "GET /metrics", accept is null ? [] : [$"Accept: {accept}"]);
        Assert.Equal((200, type), (response.Status, response["Content-Type"]));
        Assert.Equal(type.StartsWith("application"), response.Text.EndsWith("# EOF\n"));
    }

    [Fact]
    public async Task With_users_everything_asks_for_one()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "crypt(3) is needed.");
        var users = Path.Combine(_folder, "users");
        await File.WriteAllTextAsync(users, "bob:" + Hash("$6$rounds=1000$salt$", "secret") + "\n", TestContext.Current.CancellationToken);
        await using var admin = await StartAsync("0", users);
        foreach (var line in new[] { "GET /", "GET /metrics", "GET /healthz/live", "GET /config", "GET /nothing", "POST /drain", "POST /reload" })
        {
            var response = await AdminClient.AskAsync(Place(admin), line, "X-PipeServer-Admin: 1");
            Assert.Equal((401, "Basic realm=\"admin\", charset=\"UTF-8\""), (response.Status, response["WWW-Authenticate"]));
            Assert.Equal(401, (await AdminClient.AskAsync(Place(admin), line, "X-PipeServer-Admin: 1", Basic("bob:wrong"))).Status);
        }

        Assert.Equal(0, _drains);
        Assert.Equal(403, (await AdminClient.AskAsync(Place(admin), "GET /metrics", "Host: evil.example", Basic("bob:secret"))).Status);
        Assert.Equal(200, (await AdminClient.AskAsync(Place(admin), "GET /metrics", Basic("bob:secret"))).Status);
        Assert.Equal(200, (await AdminClient.AskAsync(Place(admin), "GET /config", Basic("bob:secret"))).Status);
        Assert.Equal(202, (await AdminClient.AskAsync(Place(admin), "POST /drain", "X-PipeServer-Admin: 1", Basic("bob:secret"))).Status);
        Assert.Equal(1, _drains);
    }

    [Fact]
    public async Task A_page_of_somebody_elses_is_behind_the_guard_too()
    {
        await using var admin = await StartAsync("0", mapPage: static server =>
        {
            server.MapGet("/", static (_, response) => response.WriteText("page"), Dispatch.Inline);
            server.MapPost("/change", static (_, response) => response.WriteText("changed"), Dispatch.Inline);
        });
        Assert.Equal("page", (await AdminClient.AskAsync(Place(admin), "GET /")).Text);
        Assert.Equal(403, (await AdminClient.AskAsync(Place(admin), "GET /", "Host: evil.example")).Status);
        Assert.Equal(403, (await AdminClient.AskAsync(Place(admin), "POST /change")).Status);
        Assert.Equal("changed", (await AdminClient.PostAsync(Place(admin), "/change")).Text);
    }

    // A stream without an end, and one that sends half a request: neither holds up the end of the program.
    [Fact]
    public async Task It_ends_whatever_its_clients_do()
    {
        await using var admin = await StartAsync("0", mapPage: static server => server.MapGet("/", static async (request, response) =>
        {
            response.WriteText("begun");
            await response.Body.FlushAsync(request.Aborted);
            await Task.Delay(Timeout.Infinite, request.Aborted); // not request.Draining, as it should
        }));
        await using var stream = await TestClient.ConnectAsync(Place(admin));
        await stream.SendAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal(200, (await stream.ReadHeadAsync()).Status);
        await using var half = await TestClient.ConnectAsync(Place(admin));
        await half.SendAsync("GET / HT");
        await using var silent = await TestClient.ConnectAsync(Place(admin));
        await admin.StopAsync(CancellationToken.None).WaitAsync(TestClient.Patience, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(() => TestClient.ConnectAsync(Place(admin)));
    }

    private static string Basic(string credentials) => $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}";

    private static string Hash(string setting, string password) =>
        Encoding.ASCII.GetString(PipeServer.StaticFiles.Crypt.Hash(Encoding.UTF8.GetBytes(password), setting)!);

    private static IPEndPoint Place(AdminServer admin) => IPEndPoint.Parse(admin.Addresses[0]["http://".Length..]);

    private static void MapPage(HttpServer server) => server.MapGet("/", static (_, response) => response.WriteText("page"), Dispatch.Inline);

    private async Task<AdminServer> StartAsync(string place, string? authFile = null, Action<HttpServer>? mapPage = null)
    {
        var settings = new AdminSettings { Place = place, AuthFile = authFile };
        Assert.Null(settings.TryOpen([]));
        var controls = new AdminControls(() => _options, () => Interlocked.Increment(ref _drains), () => _reload(), static () => Task.FromResult(new UpgradeOutcome("none here")));
        controls.Advance(ServingPhase.Serving);
        var admin = new AdminServer(settings, controls, NullLoggerFactory.Instance, mapPage ?? MapPage);
        Assert.Null(await admin.TryStartAsync());
        return admin;
    }
}
