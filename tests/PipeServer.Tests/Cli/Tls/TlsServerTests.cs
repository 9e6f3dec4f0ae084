using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

namespace PipeServer.Tests.Cli.Tls;

/// <summary>The program over TLS, as an operator has it: certificates by name, exchanged while it runs, clients' certificates, logs, health checks.</summary>
public sealed class TlsServerTests : IDisposable
{
    private const string NoSignals = "Signals of this kind are Unix's.";

    private readonly CertificateFolder _folder = new();

    public TlsServerTests()
    {
        Directory.CreateDirectory(_folder["www"]);
        File.WriteAllText(_folder["www/a.txt"], "hello");
        _folder.Write("a", ["a.example", "localhost"]);
        _folder.Write("b", ["b.example", "*.b.example"]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Names_choose_certificates()
    {
        await using var cli = await ServeAsync("--tls-cert", _folder["a.pem"], "--tls-key", _folder["a.key"], "--tls-cert", _folder["b.pem"], "--tls-key", _folder["b.key"]);
        Assert.StartsWith("Listening on https://127.0.0.1:", cli.Output[0]);
        foreach (var (name, expected) in new[] { ("a.example", "a"), ("b.example", "b"), ("x.b.example", "b"), ("x.y.b.example", "a"), ("c.example", "a"), ("", "a") })
        {
            Assert.Equal("CN=" + expected, await SubjectAsync(cli, name));
        }

        await EndAsync(cli);
    }

    [Fact]
    public async Task Places_that_say_tls_speak_it_and_the_others_do_not()
    {
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer, "serve", _folder["www"], "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0,tls", "--tls-cert", _folder["a.pem"], "--tls-key", _folder["a.key"]);
        await cli.ListeningAsync();
        await Eventually.TrueAsync(() => cli.Output.Count(static line => line.StartsWith("Listening on ")) == 2, "it says both");
        Assert.StartsWith("Listening on http://", cli.Output[0]);
        Assert.StartsWith("Listening on https://", cli.Output[1]);
        await using (var client = await TestClient.ConnectAsync(cli.EndPoint))
        {
            Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        }

        Assert.Equal("CN=a", await SubjectAsync(cli, "a.example", new Uri(cli.Output[1].Split(' ')[2]).Port));
        await EndAsync(cli);
    }

    [Fact]
    public async Task A_reload_exchanges_certificates_and_old_connections_live_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync("--tls-cert", _folder["a.pem"], "--tls-key", _folder["a.key"]);
        await using var old = await ConnectAsync(cli, "a.example");
        Assert.Equal("CN=a", old.RemoteCertificate!.Subject);
        CertificateFolder.Replace(_folder["a.pem"], File.ReadAllText(_folder["b.pem"]));
        await ReloadAsync(cli, "Not reloaded, and nothing has changed: --tls-cert: ");
        Assert.Contains("do not belong together", cli.Output[^1]);
        Assert.Equal("CN=a", await SubjectAsync(cli, "a.example"));
        CertificateFolder.Replace(_folder["a.key"], File.ReadAllText(_folder["b.key"]));
        await ReloadAsync(cli, "Reloaded: --tls-cert changed.");
        Assert.Equal("CN=b", await SubjectAsync(cli, "a.example"));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(old));
        await ReloadAsync(cli, "Reloaded: nothing changed.");
        await EndAsync(cli);
    }

    [Fact]
    public async Task TLS_is_neither_begun_nor_ended_by_a_reload()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        var with = $"{{ \"root\": \"www\", \"port\": 0, \"tls-cert\": \"a.pem\", \"tls-key\": \"a.key\" }}";
        var without = "{ \"root\": \"www\", \"port\": 0 }";
        foreach (var (first, second, expected) in new[]
        {
            (with, without, "Not reloaded, and nothing has changed: The configuration names no certificate any more, and a reload cannot end TLS."),
            (without, with, "--tls-cert and --tls-key keep their values until a restart."),
        })
        {
            File.WriteAllText(_folder["config.json"], first);
            await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", "--config", _folder["config.json"]);
            await cli.ListeningAsync();
            File.WriteAllText(_folder["config.json"], second);
            await ReloadAsync(cli, expected);
            if (first == with)
            {
                Assert.Equal("CN=a", await SubjectAsync(cli, "a.example"));
            }
            else
            {
                await using var client = await TestClient.ConnectAsync(cli.EndPoint);
                Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
            }

            await EndAsync(cli);
        }
    }

    // The files are replaced one after the other; in between they do not go together, and nothing is said of it.
    [Fact]
    public async Task Changed_files_are_noticed_without_a_signal()
    {
        await using var cli = await ServeAsync("--tls-cert", _folder["a.pem"], "--tls-key", _folder["a.key"]);
        Assert.Equal("CN=a", await SubjectAsync(cli, "a.example"));
        CertificateFolder.Replace(_folder["a.pem"], File.ReadAllText(_folder["b.pem"]));
        CertificateFolder.Replace(_folder["a.key"], File.ReadAllText(_folder["b.key"]));
        await WaitAsync(cli, "New handshakes get what the changed files hold: b.example (until ");
        Assert.Equal("CN=b", await SubjectAsync(cli, "a.example"));
        Assert.DoesNotContain(cli.Output, static line => line.Contains(" error: "));

        // A broken one is told once, and changes nothing until it is whole again.
        CertificateFolder.Replace(_folder["a.pem"], "broken");
        await WaitAsync(cli, "error: Files of certificates have changed and cannot be used");
        Assert.Contains("holds no certificate", cli.Output[^1]);
        Assert.Equal("CN=b", await SubjectAsync(cli, "a.example"));

        // It is what it was again: of that nothing was said, and the error stood there as the last word.
        CertificateFolder.Replace(_folder["a.pem"], File.ReadAllText(_folder["b.pem"]));
        await WaitAsync(cli, "The files of certificates can be used again: they hold what is in force.");
        var (certificate, key) = _folder.Write("c", ["c.example"]);
        CertificateFolder.Replace(_folder["a.key"], File.ReadAllText(key));
        CertificateFolder.Replace(_folder["a.pem"], File.ReadAllText(certificate));
        await WaitAsync(cli, "New handshakes get what the changed files hold: c.example (until ");
        Assert.Equal("CN=c", await SubjectAsync(cli, "a.example"));
        await EndAsync(cli);
        Assert.Single(cli.Output, static line => line.Contains(" error: "));
    }

    [Fact]
    public async Task A_client_shows_its_certificate_and_the_log_has_its_subject()
    {
        await using var cli = await ServeAsync(
            "--tls-cert", _folder["a.pem"], "--tls-key", _folder["a.key"], "--tls-client-ca", _folder.Authority, "--access-log", _folder["log"], "--access-log-format",
            "%s %{REQUEST_SCHEME}x %{SSL_PROTOCOL}x %{SSL_CIPHER}x %{SSL_TLS_SNI}x %{SSL_CLIENT_S_DN}x");
        using var own = TestCertificates.CreateClient("\"ann, lee\"");
        await using (var client = await ConnectAsync(cli, "a.example", own))
        {
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(client));
        }

        using var authority = TestCertificates.CreateAuthority("somebody else");
        using var stranger = TestCertificates.CreateClient("eve", authority);
        foreach (var wrong in new[] { stranger, null })
        {
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await using var client = await ConnectAsync(cli, "a.example", wrong);
                Assert.NotEqual("", await AskAsync(client)); // with TLS 1.3 the refusal comes after the client's side is done
            });
        }

        await EndAsync(cli);
        var line = Assert.Single(await File.ReadAllLinesAsync(_folder["log"], TestContext.Current.CancellationToken));
        Assert.StartsWith("200 https TLSv1.3 TLS_AES_", line);
        Assert.Contains(" a.example CN=ann\\x5C,\\x20lee", line);
        Assert.Equal(6, line.Split(' ').Length);
    }

    [Fact]
    public async Task The_json_log_tells_of_tls()
    {
        await using var cli = await ServeAsync(
            "--tls-cert", _folder["a.pem"], "--tls-key", _folder["a.key"], "--tls-client-ca", _folder.Authority, "--tls-client-optional",
            "--access-log", _folder["log"], "--access-log-format", "json", "--tls-min", "1.3");
        using var own = TestCertificates.CreateClient("ann");
        foreach (var shown in new[] { own, null })
        {
            await using var client = await ConnectAsync(cli, "a.example", shown);
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(client));
        }

        await EndAsync(cli);
        var lines = await File.ReadAllLinesAsync(_folder["log"], TestContext.Current.CancellationToken);
        using var one = JsonDocument.Parse(lines[0]);
        using var two = JsonDocument.Parse(lines[1]);
        var tls = one.RootElement.GetProperty("tls");
        Assert.Equal(("TLSv1.3", "a.example", "CN=ann"), (tls.GetProperty("protocol").GetString(), tls.GetProperty("serverName").GetString(), tls.GetProperty("clientSubject").GetString()));
        Assert.StartsWith("TLS_", tls.GetProperty("cipher").GetString());
        Assert.False(two.RootElement.GetProperty("tls").TryGetProperty("clientSubject", out _));
    }

    [Fact]
    public async Task What_will_expire_is_told_at_the_start_and_measured()
    {
        var (certificate, key) = _folder.Write("soon", ["soon.example"], days: 5);
        await using var cli = await ServeAsync("--tls-cert", certificate, "--tls-key", key, "--admin", "127.0.0.1:0");
        await WaitAsync(cli, "warning: The certificate for soon.example expires in 5 days");
        var admin = new Uri(cli.Output.First(static line => line.StartsWith("Admin on ")).Split(' ')[2]);
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri(admin, "/metrics"), TestContext.Current.CancellationToken);
        var seconds = metrics.Split('\n').Single(static line => line.StartsWith("pipeserver_tls_certificate_expiry_seconds{tls_certificate_name=\"soon.example\"} "));
        Assert.InRange(double.Parse(seconds.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), 4.9 * 86400, 5 * 86400);
        await EndAsync(cli);
    }

    [Fact]
    public async Task A_secret_that_everybody_may_read_is_told()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are Unix's.");
        _folder.SetMode("a.key", UnixFileMode.UserRead | UnixFileMode.OtherRead);
        await using var cli = await ServeAsync("--tls-cert", _folder["a.pem"], "--tls-key", _folder["a.key"]);
        await WaitAsync(cli, $"warning: Every user of this machine may read {_folder["a.key"]} (mode 404), which holds a secret: chmod 600.");
        await EndAsync(cli);
    }

    [Fact]
    public async Task A_health_check_asks_it()
    {
        await using var cli = await ServeAsync("--tls-cert", _folder["b.pem"], "--tls-key", _folder["b.key"], "--health"); // for other names than the loopback's
        var url = $"https://{cli.EndPoint}/healthz/ready";
        foreach (var (asked, code, expected) in new[] { (url, 0, ""), ($"https://localhost:{cli.EndPoint.Port}/a.txt", 0, ""), ($"https://{cli.EndPoint}/none", 1, "the answer is 404") })
        {
            await using var check = CliProcess.Start(CliProcess.PipeServer, "healthcheck", asked);
            Assert.Equal(code, await check.EndAsync());
            Assert.Contains(expected, string.Join('\n', check.Errors));
        }

        await using (var plain = CliProcess.Start(CliProcess.PipeServer, "healthcheck", url.Replace("https", "http", StringComparison.Ordinal)))
        {
            Assert.Equal(1, await plain.EndAsync());
        }

        await using (var silent = await SilentServer.StartAsync())
        {
            await using var check = CliProcess.Start(CliProcess.PipeServer, "healthcheck", $"https://127.0.0.1:{silent.Port}/", "--timeout", "0.5");
            Assert.Equal(1, await check.EndAsync());
            Assert.Contains("no answer within 0.5 s", Assert.Single(check.Errors));
        }

        await EndAsync(cli);
    }

    [Fact]
    public async Task Ticket_keys_and_limits_are_taken_and_change()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        File.WriteAllBytes(_folder["ticket"], RandomNumberGenerator.GetBytes(80));
        _folder.SetMode("ticket", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var cli = await ServeAsync("--tls-cert", _folder["a.pem"], "--tls-key", _folder["a.key"], "--tls-ticket-keys", _folder["ticket"], "--max-handshakes", "10");
        Assert.Equal("CN=a", await SubjectAsync(cli, "a.example"));
        File.WriteAllBytes(_folder["ticket"], RandomNumberGenerator.GetBytes(80));
        await ReloadAsync(cli, "Reloaded: --tls-ticket-keys changed.");
        Assert.Equal("CN=a", await SubjectAsync(cli, "a.example"));
        await EndAsync(cli);
    }

    private async Task<CliProcess> ServeAsync(params string[] arguments)
    {
        var cli = CliProcess.Start(CliProcess.PipeServer, ["serve", _folder["www"], "--port", "0", .. arguments]);
        await cli.ListeningAsync();
        return cli;
    }

    private static async Task<string> SubjectAsync(CliProcess cli, string name, int? port = null)
    {
        await using var client = await ConnectAsync(cli, name, port: port);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(client));
        return client.RemoteCertificate!.Subject;
    }

    private static async Task<SslStream> ConnectAsync(CliProcess cli, string name, X509Certificate2? own = null, int? port = null)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(cli.EndPoint.Address, port ?? cli.EndPoint.Port, TestContext.Current.CancellationToken);
        var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = name,
                EnabledSslProtocols = SslProtocols.None,
                ClientCertificates = own is null ? [] : [own],
                RemoteCertificateValidationCallback = static (_, shown, _, _) => shown is not null, // the tests look at it
            },
            TestContext.Current.CancellationToken);
        return stream;
    }

    // The head of the answer; empty where the connection ends without one.
    private static async Task<string> AskAsync(SslStream stream)
    {
        await stream.WriteAsync("GET /a.txt HTTP/1.1\r\nHost: a.example\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        var buffer = new byte[4096];
        var length = 0;
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), TestContext.Current.CancellationToken);
            length += read;
            var text = Encoding.ASCII.GetString(buffer, 0, length);
            if (read == 0 || text.EndsWith("hello", StringComparison.Ordinal))
            {
                return text.Length == 0 ? throw new IOException("The connection was closed.") : text;
            }
        }
    }

    // It looks every ten seconds, and tells what is wrong at the second look.
    private static async Task WaitAsync(CliProcess cli, string expected)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!cli.Output.Any(line => line.Contains(expected, StringComparison.Ordinal)))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(60), $"It says not '{expected}' but {string.Join('\n', cli.Output)}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static async Task ReloadAsync(CliProcess cli, string expected)
    {
        var lines = cli.Output.Count;
        cli.Signal(CliProcess.SigHup);
        await Eventually.TrueAsync(() => cli.Output.Skip(lines).Any(line => line.Contains(expected)), $"it says '{expected}', and not {string.Join('\n', cli.Output.Skip(lines))}");
    }

    private static async Task EndAsync(CliProcess cli)
    {
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Empty(cli.Errors);
    }

    // Accepts by its backlog, and says nothing.
    private sealed class SilentServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(System.Net.IPAddress.Loopback, 0);

        public int Port => ((System.Net.IPEndPoint)_listener.LocalEndpoint).Port;

        public static Task<SilentServer> StartAsync()
        {
            var server = new SilentServer();
            server._listener.Start();
            return Task.FromResult(server);
        }

        public ValueTask DisposeAsync()
        {
            _listener.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
