using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace PipeServer.Tests.Cli;

/// <summary><c>sites</c> of the configuration file, as an operator has them: several hosts, each with its folder, certificate and options.</summary>
public sealed class SitesTests : IDisposable
{
    private const string NoSignals = "Signals of this kind are Unix's.";
    private const string NoSite = "421 Misdirected Request: no site of this name is here.\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-sites-").FullName;

    public SitesTests()
    {
        foreach (var name in new[] { "a", "b", "c", "other" })
        {
            Write($"{name}/index.html", $"the page of {name}");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Each_host_has_its_folder_and_its_options()
    {
        Write("b/404.html", "b has no such thing");
        Write("b/.dot", "hidden");
        Write("b/app.js", new string('x', 5000));
        await using var cli = await ServeAsync("""
            { "root": "other", "port": 0, "header": { "X-All": "1" }, "cache": 60, "sites": [
              { "hosts": ["a.test", "*.a.test"], "root": "a" },
              { "hosts": ["b.test", "[2001:db8::1]"], "root": "b", "header": { "X-B": "2" }, "cache": null, "hidden": true, "browse": true, "compress": true },
            ] }
            """);
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        foreach (var (host, page) in new[]
        {
            ("a.test", "a"), ("A.TEST:80", "a"), ("a.test.", "a"), ("x.y.a.test", "a"), ("b.test", "b"), ("[2001:DB8:0::1]:1", "b"), ("c.test", "other"), ("xa.test", "other"),
        })
        {
            var response = await AskAsync(client, host);
            Assert.Equal(
                ($"the page of {page}", page == "b" ? null : "1", page == "b" ? "2" : null, page == "b" ? null : "max-age=60"),
                (response.Text, response["X-All"], response["X-B"], response["Cache-Control"]));
        }

        Assert.Equal("the page of b", (await client.RequestAsync("GET http://b.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n")).Text);
        Assert.Equal((404, "b has no such thing"), await AskForAsync(client, "b.test", "/nowhere"));
        Assert.Equal("hidden", (await AskForAsync(client, "b.test", "/.dot")).Text);
        Assert.Equal(404, (await AskForAsync(client, "a.test", "/.dot")).Status);
        Assert.Equal("br", (await client.RequestAsync("GET /app.js HTTP/1.1\r\nHost: b.test\r\nAccept-Encoding: br\r\n\r\n"))["Content-Encoding"]);
        await using var old = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal("the page of other", (await old.RequestAsync("GET / HTTP/1.0\r\n\r\n")).Text);
        await EndAsync(cli);
    }

    [Fact]
    public async Task Without_ROOT_an_unknown_host_gets_the_first_site_or_421()
    {
        const string Sites = "\"port\": 0, \"sites\": [{ \"hosts\": \"a.test\", \"root\": \"a\" }, { \"hosts\": \"b.test\", \"root\": \"b\" }]";
        await using (var cli = await ServeAsync($"{{ {Sites} }}"))
        {
            await using var client = await TestClient.ConnectAsync(cli.EndPoint);
            Assert.Equal("the page of a", (await AskAsync(client, "nobody.test")).Text);
            Assert.Equal("the page of b", (await AskAsync(client, "b.test")).Text);
            await EndAsync(cli);
        }

        await using (var cli = await ServeAsync($"{{ \"unknown-host\": \"421\", {Sites} }}"))
        {
            await using var client = await TestClient.ConnectAsync(cli.EndPoint);
            Assert.Equal((421, NoSite), await AskForAsync(client, "nobody.test", "/"));
            Assert.Equal((421, NoSite), await AskForAsync(client, "a.test.b", "/x"));
            Assert.Equal("the page of a", (await AskAsync(client, "a.test")).Text);
            await using var old = await TestClient.ConnectAsync(cli.EndPoint);
            Assert.Equal("the page of a", (await old.RequestAsync("GET / HTTP/1.0\r\n\r\n")).Text);
            await EndAsync(cli);
        }
    }

    [Fact]
    public async Task A_reload_adds_removes_and_changes_sites_and_a_broken_file_changes_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        await using var cli = await ServeAsync("""
            { "root": "other", "port": 0, "sites": [{ "hosts": ["a.test"], "root": "a" }, { "hosts": ["b.test"], "root": "b" }] }
            """);
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal("the page of a", (await AskAsync(client, "a.test")).Text);
        Configure("""
            { "root": "other", "port": 0, "sites": [{ "hosts": ["c.test"], "root": "c" }, { "hosts": ["a.test"], "root": "b", "header": { "X-New": "1" } }] }
            """);
        await ReloadAsync(cli, "Reloaded: sites changed.");
        var changed = await AskAsync(client, "a.test");
        Assert.Equal(("the page of b", "1"), (changed.Text, changed["X-New"]));
        Assert.Equal("the page of c", (await AskAsync(client, "c.test")).Text);
        Assert.Equal("the page of other", (await AskAsync(client, "b.test")).Text);
        Configure("""
            { "root": "other", "port": 0, "sites": [{ "hosts": ["c.test"], "root": "a" }, { "hosts": ["d.test"], "root": "nowhere" }] }
            """);
        await ReloadAsync(cli, "sites[1]");
        Assert.Equal("the page of c", (await AskAsync(client, "c.test")).Text);
        Assert.Equal("the page of b", (await AskAsync(client, "a.test")).Text);
        Configure("""{ "root": "other", "port": 0 }""");
        await ReloadAsync(cli, "Reloaded: sites changed.");
        Assert.Equal("the page of other", (await AskAsync(client, "a.test")).Text);
        await EndAsync(cli);
    }

    // A request that had found its site, and came to it only when a reload had taken that away, was answered 500.
    [Fact]
    public async Task Under_reloads_no_request_is_lost()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        const string With = """{ "root": "other", "port": 0, "file-cache": 0, "sites": [{ "hosts": ["a.test"], "root": "a" }, { "hosts": ["b.test"], "root": "b" }] }""";
        const string Without = """{ "root": "other", "port": 0, "file-cache": 0, "sites": [{ "hosts": ["a.test"], "root": "c" }] }""";
        await using var cli = await ServeAsync(With);
        using var enough = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                await using var client = await TestClient.ConnectAsync(cli.EndPoint);
                while (!enough.IsCancellationRequested)
                {
                    Assert.Contains((await AskAsync(client, "b.test")).Text, new[] { "the page of b", "the page of other" });
                    Assert.Contains((await AskAsync(client, "a.test")).Text, new[] { "the page of a", "the page of c" });
                }
            },
            TestContext.Current.CancellationToken)).ToList();
        for (var round = 0; round < 10 * Stress.Rounds(1); round++)
        {
            Configure(round % 2 == 0 ? Without : With);
            await ReloadAsync(cli, "Reloaded: sites changed.");
        }

        await enough.CancelAsync();
        await Task.WhenAll(clients);
        await EndAsync(cli);
    }

    [Theory]
    [InlineData("""{ "sites": {} }""", "\"sites\" must be a list of objects like { \"hosts\": [\"example.com\"]")]
    [InlineData("""{ "sites": ["a"] }""", "sites[0] must be an object like")]
    [InlineData("""{ "sites": [{ "root": "a" }] }""", "sites[0] has no \"hosts\"")]
    [InlineData("""{ "sites": [{ "hosts": [], "root": "a" }] }""", "sites[0] has no \"hosts\"")]
    [InlineData("""{ "sites": [{ "hosts": "a.test" }] }""", "sites[0] (a.test) must have one \"root\"")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "rot": 1 }] }""", "sites[0]: there is no option \"rot\" for a site. Did you mean root?")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "port": 1 }] }""", "sites[0]: there is no option \"port\" for a site.")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "Root": "b" }] }""", "sites[0]: \"root\" and \"Root\" are the same option")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "nowhere" }] }""", "sites[0]: The folder ")]
    [InlineData("""{ "root": "a", "sites": [{ "hosts": "a.test", "root": "a" }, { "hosts": ["b.test", "A.test."], "root": "b" }] }""", "sites[1]: the host 'A.test.' is there twice")]
    [InlineData("""{ "sites": [{ "hosts": "a.test:80", "root": "a" }] }""", "sites[0].hosts: 'a.test:80' is no name of a host")]
    [InlineData("""{ "sites": [{ "hosts": "bücher.test", "root": "a" }] }""", "xn--")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "cache": "é" }] }""", "sites[0]: --cache must be seconds")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "ext": ["a", "b"] }] }""", "sites[0].ext must be one value")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "index": [] }] }""", "sites[0].index must be a list that is not empty")]
    [InlineData("""{ "root": "a", "sites": [{ "hosts": "a.test", "root": "a", "header": { "Connection": "x" } }] }""", "sites[0]: --header")]
    [InlineData("""{ "root": "a", "sites": [{ "hosts": "a.test", "root": "a", "header": { "X": "a\u00e9\n" } }] }""", "sites[0].header")]
    [InlineData("""{ "root": "a", "sites": [{ "hosts": "a.test", "root": "a", "spa": "no.html" }] }""", "sites[0]: --spa: there is no file 'no.html'")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "tls-key": "k" }] }""", "tls-key is for a certificate of the site's own")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "tls-client-ca": "k" }] }""", "tls-client-ca needs a certificate of the site's own")]
    [InlineData("""{ "sites": [{ "hosts": "a.test", "root": "a", "tls-cert": "nowhere.pem" }] }""", "sites[0].tls-cert: ")]
    [InlineData("""{ "redirect-http": true }""", "--redirect-http leads to https, and no place speaks TLS.")]
    [InlineData("""{ "redirect-http": "80:0" }""", "--redirect-http must be a port, or two like 8080:443")]
    [InlineData("""{ "hsts": true }""", "--hsts is said over TLS only")]
    [InlineData("""{ "hsts": "1 year" }""", "--hsts must be seconds from 0")]
    [InlineData("""{ "unknown-host": "404" }""", "--unknown-host must be default or 421; '404' is not.")]
    public async Task A_mistake_is_told_in_one_line_with_its_place(string configuration, string expected)
    {
        Configure(configuration);
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "check", "--config", Path("pipeserver.json"));
        Assert.Equal(1, await cli.EndAsync());
        Assert.Contains(expected, Assert.Single(cli.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_names_the_sites_and_no_secret_of_theirs()
    {
        Configure("""{ "sites": [{ "hosts": ["a.test", "*.a.test"], "root": "a", "header": { "X-Key": "secret" } }] }""");
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "check", "--config", Path("pipeserver.json"));
        Assert.Equal(0, await cli.EndAsync());
        Assert.Contains(cli.Output, line => line.StartsWith("site a.test, *.a.test ", StringComparison.Ordinal) && line.Contains($"{Path("a")} with --header", StringComparison.Ordinal));
        Assert.DoesNotContain(cli.Output, static line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sslstream")]
    [InlineData("openssl")]
    public async Task A_host_has_its_certificate_and_asks_its_clients_for_theirs(string engine)
    {
        Assert.SkipWhen(engine == "openssl" && !PipeServer.Tls.OpenSsl.OpenSslEngine.IsSupported, "The OpenSSL engine is not available here.");
        Certificate("general", "general.test");
        Certificate("a", "a.test");
        Certificate("b", "other.name");
        Write("clients.pem", TestCertificates.Authority.ExportCertificatePem());
        await using var cli = await ServeAsync($$"""
            { "root": "other", "port": 0, "tls-cert": "general.pem", "tls-key": "general.key", "tls-engine": "{{engine}}", "hsts": true, "sites": [
              { "hosts": ["a.test"], "root": "a", "tls-cert": "a.pem", "tls-key": "a.key", "tls-client-ca": "clients.pem" },
              { "hosts": ["b.test", "*.b.test"], "root": "b", "tls-cert": "b.pem", "tls-key": "b.key" },
              { "hosts": ["c.test"], "root": "c" } ] }
            """);
        foreach (var (host, subject, page) in new[]
        {
            ("b.test", "CN=other.name", "b"), ("x.b.test", "CN=other.name", "b"), ("c.test", "CN=general.test", "c"), ("nobody.test", "CN=general.test", "other"),
        })
        {
            await using var client = await (await TestClient.ConnectAsync(cli.EndPoint)).SecureAsync(host);
            Assert.Equal(subject, client.Tls.RemoteCertificate!.Subject);
            var response = await AskAsync(client, host);
            Assert.Equal(($"the page of {page}", "max-age=31536000"), (response.Text, response["Strict-Transport-Security"]));
        }

        // Who has come for another host's name has not shown what this one asks for (RFC 9110 §15.5.20).
        await using (var client = await (await TestClient.ConnectAsync(cli.EndPoint)).SecureAsync("b.test"))
        {
            Assert.Equal(421, (await AskAsync(client, "A.test.")).Status);
            Assert.Equal("the page of c", (await AskAsync(client, "c.test")).Text); // of the same policy
        }

        using var own = TestCertificates.CreateClient("somebody");
        using var usable = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null);
        await using var known = await (await TestClient.ConnectAsync(cli.EndPoint)).SecureAsync("a.test", options => options.ClientCertificates = [usable]);
        Assert.Equal("the page of a", (await AskAsync(known, "a.test")).Text);
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var stranger = await (await TestClient.ConnectAsync(cli.EndPoint)).SecureAsync("a.test");
            Assert.Equal(200, (await AskAsync(stranger, "a.test")).Status);
        });
        await EndAsync(cli);
    }

    // By plain HTTP nobody is asked for a certificate, and under a name that no site has for that of all: both ways led to the files of a site that is for
    // clients with certificates only.
    [Fact]
    public async Task A_site_for_clients_with_certificates_is_for_nobody_else()
    {
        Certificate("general", "general.test");
        Certificate("a", "a.test");
        Write("clients.pem", TestCertificates.Authority.ExportCertificatePem());
        Write("a/.well-known/acme-challenge/token", "thumbprint");
        foreach (var optional in new[] { false, true })
        {
            Configure($$"""
                { "listen": ["127.0.0.1:0", "127.0.0.1:0,tls"], "redirect-http": "0:443", "tls-cert": "general.pem", "tls-key": "general.key",
                  "tls-client-optional": {{(optional ? "true" : "false")}}, "sites": [
                  { "hosts": ["a.test"], "root": "a", "tls-cert": "a.pem", "tls-key": "a.key", "tls-client-ca": "clients.pem" },
                  { "hosts": ["b.test"], "root": "b" } ] }
                """);
            await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", "--config", Path("pipeserver.json"));
            await cli.ListeningAsync();
            await Eventually.TrueAsync(() => cli.Output.Count(static line => line.StartsWith("Listening on ", StringComparison.Ordinal)) == 3, "it tells all places");
            var ports = cli.Output.Where(static line => line.StartsWith("Listening on ", StringComparison.Ordinal)).Select(static line => new Uri(line.Split(' ')[2]).Port).ToList();
            await using (var plain = await TestClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ports[0])))
            {
                foreach (var host in new[] { "a.test", "A.test.:80", "nobody.test" })
                {
                    Assert.Equal(optional ? 200 : 421, (await AskAsync(plain, host)).Status);
                }

                Assert.Equal("the page of b", (await AskAsync(plain, "b.test")).Text);
                Assert.Equal((200, "thumbprint"), await AskForAsync(plain, "a.test", "/.well-known/acme-challenge/token"));
                await using var old = await TestClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ports[0]));
                Assert.Equal(optional ? 200 : 421, (await old.RequestAsync("GET / HTTP/1.0\r\n\r\n")).Status);
            }

            await using (var redirected = await TestClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ports[2])))
            {
                Assert.Equal("https://a.test/", (await AskAsync(redirected, "a.test"))["Location"]);
            }

            await using (var stranger = await (await TestClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ports[1]))).SecureAsync("nobody.test"))
            {
                Assert.Equal(optional ? 200 : 421, (await AskAsync(stranger, "nobody.test")).Status);
                Assert.Equal(421, (await AskAsync(stranger, "a.test")).Status);
                Assert.Equal("the page of b", (await AskAsync(stranger, "b.test")).Text);
            }

            // Nor without a certificate for all: by the name of a site whose clients need none.
            await using (var neighbour = await (await TestClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ports[1]))).SecureAsync("b.test"))
            {
                Assert.Equal(optional ? 200 : 421, (await AskAsync(neighbour, "nobody.test")).Status);
            }

            await EndAsync(cli);
        }
    }

    // A connection of before, to the very name, went on without a certificate.
    [Fact]
    public async Task A_site_that_asks_for_certificates_from_a_reload_on_asks_old_connections_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NoSignals);
        Certificate("a", "a.test");
        Write("clients.pem", TestCertificates.Authority.ExportCertificatePem());
        const string Configuration = """
            { "root": "other", "port": 0, "tls-cert": "a.pem", "tls-key": "a.key", "sites": [{ "hosts": ["a.test"], "root": "a", "tls-cert": "a.pem", "tls-key": "a.key" }] }
            """;
        await using var cli = await ServeAsync(Configuration);
        await using var client = await (await TestClient.ConnectAsync(cli.EndPoint)).SecureAsync("a.test");
        Assert.Equal("the page of a", (await AskAsync(client, "a.test")).Text);
        Configure(Configuration.Replace("\"a.key\" }]", "\"a.key\", \"tls-client-ca\": \"clients.pem\" }]", StringComparison.Ordinal));
        await ReloadAsync(cli, "Reloaded: sites");
        Assert.Equal((421, NoSite), await AskForAsync(client, "a.test", "/"));
        Assert.Equal("the page of other", (await AskAsync(client, "other.test")).Text);
        await EndAsync(cli);
    }

    // certbot --webroot writes a token below the site's root and has it asked for by plain HTTP, by a client without a password.
    [Fact]
    public async Task Plain_HTTP_is_redirected_but_for_what_certbot_writes()
    {
        Certificate("general", "general.test");
        Write("users", "ann:$2y$05$abcdefghijklmnopqrstuuO6zIYnzOe7CfnYbYtnKqDhHkEzXl0Wq\n");
        const string Token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";
        Write($"a/.well-known/acme-challenge/{Token}", Token + ".thumbprint");
        Write($"other/.well-known/acme-challenge/{Token}", "of ROOT");
        Configure("""
            { "root": "other", "listen": ["127.0.0.1:0,tls", "127.0.0.1:0"], "redirect-http": "0:443", "tls-cert": "general.pem", "tls-key": "general.key", "unknown-host": "421",
              "health": true, "auth-file": null, "sites": [{ "hosts": ["a.test"], "root": "a", "auth-file": "users", "base-path": "/prefix" }, { "hosts": "b.test", "root": "b" }] }
            """);
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", "--config", Path("pipeserver.json"));
        await cli.ListeningAsync();
        await Eventually.TrueAsync(() => cli.Output.Count(static line => line.StartsWith("Listening on ", StringComparison.Ordinal)) == 3, "it tells all places");
        var places = cli.Output.Where(static line => line.StartsWith("Listening on http:", StringComparison.Ordinal))
            .Select(static line => new IPEndPoint(IPAddress.Loopback, new Uri(line.Split(' ')[2]).Port)).ToList();
        await using var plain = await TestClient.ConnectAsync(places[0]);
        Assert.Equal("the page of b", (await AskAsync(plain, "b.test")).Text); // it was named as a place of its own
        await using var client = await TestClient.ConnectAsync(places[1]);
        var response = await client.RequestAsync("GET /x?y=%2F HTTP/1.1\r\nHost: a.test\r\n\r\n");
        Assert.Equal((308, "https://a.test/x?y=%2F", null), (response.Status, response["Location"], response["Strict-Transport-Security"]));
        Assert.Equal((200, Token + ".thumbprint"), await AskForAsync(client, "a.test", $"/.well-known/acme-challenge/{Token}"));
        Assert.Equal(404, (await AskForAsync(client, "a.test", "/.well-known/acme-challenge/none")).Status);
        Assert.Equal(404, (await AskForAsync(client, "b.test", $"/.well-known/acme-challenge/{Token}")).Status);
        Assert.Equal((421, NoSite), await AskForAsync(client, "nobody.test", $"/.well-known/acme-challenge/{Token}"));
        Assert.Equal((421, NoSite), await AskForAsync(client, "nobody.test", "/x"));
        Assert.Equal(401, (await AskForAsync(client, "a.test", "/.well-known/acme-challenge/")).Status);
        Assert.Equal(200, (await AskForAsync(client, "nobody.test", "/healthz/live")).Status);
        await EndAsync(cli);
    }

    private static async Task<(int Status, string Text)> AskForAsync(TestClient client, string host, string path)
    {
        var response = await client.RequestAsync($"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        return (response.Status, response.Text);
    }

    private static Task<TestResponse> AskAsync(TestClient client, string host) => client.RequestAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");

    private static async Task ReloadAsync(CliProcess cli, string line)
    {
        var before = cli.Output.Concat(cli.Errors).Count(other => other.Contains(line, StringComparison.Ordinal));
        cli.Signal(CliProcess.SigHup);
        await Eventually.TrueAsync(
            () => cli.Output.Concat(cli.Errors).Count(other => other.Contains(line, StringComparison.Ordinal)) > before, $"it says: {line}");
    }

    private static async Task EndAsync(CliProcess cli)
    {
        if (OperatingSystem.IsLinux())
        {
            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());
        }
    }

    private async Task<CliProcess> ServeAsync(string configuration)
    {
        Configure(configuration);
        var cli = CliProcess.Start(CliProcess.PipeServer, "serve", "--config", Path("pipeserver.json"));
        await cli.ListeningAsync();
        return cli;
    }

    private void Certificate(string file, string name)
    {
        var certificate = TestCertificates.Create(name).Certificate;
        Write(file + ".pem", certificate.ExportCertificatePem());
        using var key = certificate.GetECDsaPrivateKey()!;
        Write(file + ".key", key.ExportPkcs8PrivateKeyPem());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path(file + ".key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private void Configure(string configuration)
    {
        using var _ = JsonDocument.Parse(configuration, new JsonDocumentOptions { AllowTrailingCommas = true });
        Write("pipeserver.json", configuration);
    }

    private void Write(string file, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(file))!);
        File.WriteAllText(Path(file), content);
    }

    private string Path(string name) => System.IO.Path.Combine(_folder, name);
}
