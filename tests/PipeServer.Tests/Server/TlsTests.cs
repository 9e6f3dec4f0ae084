using System.Net.Security;
using System.Security.Authentication;
using PipeServer.Server;

namespace PipeServer.Tests.Server;

/// <summary>What a client of a server that speaks TLS sees, and what the ledger says of it: one suite over each engine.</summary>
public abstract class TlsTests(string transport)
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    [Theory]
    [InlineData(SslProtocols.Tls12, TlsVersion.Tls12)]
    [InlineData(SslProtocols.Tls13, TlsVersion.Tls13)]
    public async Task A_request_tells_what_was_agreed_on(SslProtocols spoken, TlsVersion version)
    {
        await using var server = await StartAsync();
        await using var client = await ConnectAsync(server, "localhost", options =>
        {
            options.EnabledSslProtocols = spoken;
            options.ApplicationProtocols = [new SslApplicationProtocol("http/0.9"), SslApplicationProtocol.Http11];
        });
        var told = (await client.RequestAsync(TestClient.Get("/tls"))).Text.Split(' ');
        Assert.Equal(["https", "True", version.ToString(), client.Tls.NegotiatedCipherSuite.ToString(), "localhost", "http/1.1", "-", "False"], told);
        Assert.StartsWith("https://127.0.0.1:", server.Server.Address.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_without_a_name_or_ALPN_is_served()
    {
        await using var server = await StartAsync();
        await using var client = await ConnectAsync(server, name: null);
        var told = (await client.RequestAsync(TestClient.Get("/tls"))).Text.Split(' ');
        Assert.Equal(["-", "-"], told[4..6]);
    }

    [Fact]
    public async Task Without_a_protocol_in_common_the_handshake_fails()
    {
        await using var server = await StartAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(server, "localhost", static options => options.ApplicationProtocols = [new SslApplicationProtocol("h3")]));
        await AssertNothingIsOpenAsync(server, new ConnectionCounts(1, 1, 0));
        Assert.Contains(HandshakeOutcome.Failed, server.Server.GetStatistics().Handshakes.Select(static count => count.Outcome));
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task HTTP_2_is_chosen_where_it_is_spoken_whatever_the_client_prefers(SslProtocols spoken)
    {
        await using var server = await StartAsync(static options => options.Endpoints = Places());
        for (var round = 0; round < 2; round++)
        {
            foreach (var offered in new[] { "h2", "h2 http/1.1", "http/1.1 h2", "h3 http/1.0 h2" })
            {
                await using var client = await (await server.ConnectPlainAsync()).SecureAsync("localhost", options => Offer(options, offered));
                Assert.Equal("h2", client.Tls.NegotiatedApplicationProtocol.ToString());
            }

            await using var plain = await TestClient.ConnectAsync(server.Server.EndPoints[1]);
            await using var one = await plain.SecureAsync("localhost", options => Offer(options, "h2 http/1.1"));
            Assert.Equal("http/1.1", (await one.RequestAsync(TestClient.Get("/tls"))).Text.Split(' ')[5]);

            // A reload changes certificates, and not what is spoken.
            server.Server.Reload(new HttpServerOptions { Workers = 2, Endpoints = Places(), Tls = new TlsOptions { Certificates = TestCertificates.Source() } });
        }

        static HttpEndpoint[] Places() => [HttpEndpoint.Parse("127.0.0.1:0,tls"), HttpEndpoint.Parse("127.0.0.1:0,tls,h1")];

        void Offer(SslClientAuthenticationOptions options, string offered)
        {
            options.EnabledSslProtocols = spoken;
            options.ApplicationProtocols = [.. offered.Split(' ').Select(static name => new SslApplicationProtocol(name))];
        }
    }

    // RFC 9113 §9.2.2: a client that was given HTTP/2 with such a suite would end the connection by INADEQUATE_SECURITY.
    [Theory]
    [InlineData("ECDHE-ECDSA-AES128-SHA256", SslProtocols.Tls12, "http/1.1")]
    [InlineData("ECDHE-ECDSA-AES128-SHA256", SslProtocols.Tls13, "h2")]
    [InlineData("ECDHE-ECDSA-AES128-SHA256", SslProtocols.Tls12 | SslProtocols.Tls13, "h2")]
    [InlineData("ECDHE-ECDSA-AES128-GCM-SHA256", SslProtocols.Tls12, "h2")]
    public async Task HTTP_2_is_not_chosen_with_a_suite_that_it_must_not_have(string suites, SslProtocols spoken, string expected)
    {
        // SslStream does not tell in time which suite it will be, nor which versions its client has.
        expected = suites.Contains("GCM") || transport.EndsWith("openssl", StringComparison.Ordinal) ? expected : "http/1.1";
        await using var server = await StartAsync(options => options.Tls = new TlsOptions { Certificates = TestCertificates.Source(), CipherSuites = suites });
        await using var client = await ConnectAsync(server, "localhost", options =>
        {
            options.EnabledSslProtocols = spoken;
            options.ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
        });
        Assert.Equal(expected, client.Tls.NegotiatedApplicationProtocol.ToString());
    }

    [Fact]
    public async Task A_name_without_a_certificate_is_told_by_an_alert()
    {
        var source = TestCertificates.Source(("localhost", TestCertificates.Localhost));
        source.Default = null;
        await using var server = await StartAsync(options => options.Tls = new TlsOptions { Certificates = source });
        await using var client = await server.ConnectPlainAsync();
        await client.SendAsync(await ClientHello.RecordAsync("elsewhere.example"));
        Assert.Equal([21, 3, 3, 0, 2, 2, 112], await client.ReadToEndAsync());
        await AssertNothingIsOpenAsync(server, new ConnectionCounts(1, 1, 0));
    }

    // curl --http1.0 offers nothing else, and was refused.
    [Fact]
    public async Task A_client_of_HTTP_1_0_alone_is_served()
    {
        await using var server = await StartAsync();
        foreach (var (offered, expected) in new (string[], string)[] { (["http/1.0"], "http/1.0"), (["http/1.0", "http/1.1"], "http/1.1"), (["h3", "http/1.0"], "http/1.0") })
        {
            await using var client = await ConnectAsync(
                server, "localhost", options => options.ApplicationProtocols = [.. offered.Select(static name => new SslApplicationProtocol(name))]);
            Assert.Equal(expected, (await client.RequestAsync(TestClient.Get("/tls"))).Text.Split(' ')[5]);
        }
    }

    // Behind a close_notify the engines asked for more for ever: OpenSSL's step of the handshake never ended, and had its thread to itself, where enough lay
    // behind it; SslStream kept all that came.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(20_000)]
    public async Task A_close_notify_within_the_handshake_ends_it(int records)
    {
        await using var server = await StartAsync(static options => options.RequestHeadTimeout = TimeSpan.FromMinutes(2));
        await using var client = await server.ConnectPlainAsync();
        byte[] bytes = [.. await ClientHello.RecordAsync("localhost"), 21, 3, 3, 0, 2, 1, 0, .. Enumerable.Repeat((byte[])[22, 3, 3, 0, 4, 20, 0, 0, 0], records).SelectMany(static record => record)];
        try
        {
            await client.SendAsync(bytes);
        }
        catch (IOException)
        {
            // It was ended before it had read all.
        }

        await Eventually.TrueAsync(() => server.Server.Connections.Closed == 1, "it has ended");
        Assert.Equal([HandshakeOutcome.Failed], server.Server.GetStatistics().Handshakes.Select(static count => count.Outcome));
    }

    // A handler that was at work when its client ended TCP behind its request had its answer thrown away, and the client was reset.
    [Fact]
    public async Task An_end_without_close_notify_behind_a_whole_request_takes_no_answer_away()
    {
        var (begun, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var server = await TestServer.StartAsync(transport, server =>
        {
            Map(server);
            server.MapGet("/gate", async (_, response) =>
            {
                begun.SetResult();
                await gate.Task;
                response.WriteText("late");
            });
        });
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/gate"));
        await begun.Task.WaitAsync(Patience);
        client.ShutdownCarrier();
        await Task.Delay(100); // the end arrives while the handler is at work; sooner or later than that the answer must come as well
        gate.SetResult();
        Assert.Equal("late", (await client.ReadResponseAsync()).Text);
        await Eventually.TrueAsync(() => server.Server.Requests == new RequestCounts(1, 1, 0, 0), "it is counted");
        await AssertNothingIsOpenAsync(server, new ConnectionCounts(1, 1, 0));
    }

    // What a client gets that names no host is the default's, whatever name the connection was secured under.
    [Fact]
    public async Task Without_a_host_a_request_needs_what_the_default_asks_for()
    {
        await using var server = await StartAsync(options => options.Tls = new TlsOptions
        {
            Certificates = TestCertificates.Source(
                ("inner.example", TestCertificates.Create("inner.example", clients: new TlsClientCertificates([TestCertificates.Authority]))),
                ("localhost", TestCertificates.Localhost)),
        });
        await using var client = await ConnectAsync(server, "localhost");
        Assert.Equal(421, (await client.RequestAsync("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")).Status);
        using var certificate = TestCertificates.CreateClient("somebody");
        await using var known = await ConnectAsync(server, "inner.example", options => options.ClientCertificates = [certificate]);
        Assert.Equal(200, (await known.RequestAsync("GET / HTTP/1.0\r\n\r\n")).Status);
    }

    // A browser that was given the port without https showed nothing but "connection reset".
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("Z")]
    public async Task Plain_HTTP_is_told_that_this_port_speaks_TLS(string request)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectPlainAsync();
        var response = await client.RequestAsync(request);
        Assert.Equal(400, response.Status);
        Assert.Equal("close", response["Connection"]);
        Assert.Contains("TLS", response.Text, StringComparison.Ordinal);
        Assert.True(await client.IsClosedAsync());
        await client.DisposeAsync();
        await AssertNothingIsOpenAsync(server, new ConnectionCounts(1, 0, 0, 1));
        Assert.Equal(["plain_http"], server.Server.GetStatistics().Refusals.Select(static refusal => refusal.Name));
    }

    [Theory]
    [InlineData(new byte[] { 0 })]
    [InlineData(new byte[] { 0x80, 0x2e, 1, 3, 1 })] // of SSL 2
    [InlineData(new byte[] { (byte)'g', (byte)'e', (byte)'t' })]
    [InlineData(new byte[] { 22, 2, 0, 0, 1 })]
    [InlineData(new byte[] { 22, 3, 1, 0xff, 0xff })]
    public async Task What_is_not_TLS_is_closed_and_nothing_is_written_in_plaintext(byte[] bytes)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectPlainAsync();
        await client.SendAsync(bytes);
        byte[] answer = [];
        try
        {
            answer = await client.ReadToEndAsync();
        }
        catch (IOException)
        {
            // A close with something unread is a reset.
        }

        Assert.True(answer is [] or [21, ..]);
        await AssertNothingIsOpenAsync(server, new ConnectionCounts(1, 1, 0));
    }

    [Fact]
    public async Task A_handshake_that_stops_anywhere_ends_without_a_trace()
    {
        await using var server = await StartAsync();
        var hello = await ClientHello.RecordAsync("localhost");
        var count = 0;
        for (var length = 0; length < hello.Length; length += length < 12 ? 1 : 17)
        {
            await using var client = await server.ConnectPlainAsync();
            await client.SendAsync(hello.AsMemory(0, length));
            client.ShutdownSend();
            Assert.Empty(await client.ReadToEndAsync());
            count++;
        }

        await AssertNothingIsOpenAsync(server, new ConnectionCounts(count, count, 0));
        await using var last = await server.ConnectAsync();
        Assert.Equal(200, (await last.RequestAsync(TestClient.Get("/"))).Status);
    }

    [Fact]
    public async Task A_handshake_and_requests_may_come_byte_by_byte()
    {
        await using var server = await StartAsync();
        await using var plain = await server.ConnectPlainAsync();
        await using var client = await plain.SecureAsync(isByteByByte: true);
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);
        Assert.Equal("5", (await client.RequestAsync("POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello")).Text);
    }

    [Fact]
    public async Task A_handshake_has_the_head_timeout_from_its_accept_on()
    {
        await using var server = await StartAsync(static options => options.RequestHeadTimeout = TimeSpan.FromMilliseconds(300));
        var hello = await ClientHello.RecordAsync("localhost");
        foreach (var length in (int[])[0, 1, 5, 100])
        {
            await using var client = await server.ConnectPlainAsync();
            await client.SendAsync(hello.AsMemory(0, length));
            byte[] answer = [];
            try
            {
                answer = await client.ReadToEndAsync();
            }
            catch (IOException)
            {
                // As above.
            }

            Assert.Empty(answer);
        }

        await AssertNothingIsOpenAsync(server, new ConnectionCounts(4, 4, 0));
        Assert.Equal([HandshakeOutcome.TimedOut], server.Server.GetStatistics().Handshakes.Select(static count => count.Outcome));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(60)]
    public async Task A_connection_beyond_the_handshakes_is_closed_and_counted_as_refused(int sent)
    {
        await using var server = await StartAsync(static options => options.MaxHandshakes = 2);
        var hello = await ClientHello.RecordAsync("localhost");
        await using var one = await server.ConnectPlainAsync();
        await using var two = await server.ConnectPlainAsync();
        await one.SendAsync(hello.AsMemory(0, sent));
        await two.SendAsync(hello.AsMemory(0, sent));
        await Eventually.TrueAsync(() => server.Server.GetStatistics().ActiveHandshakes == 2, "two are in progress");
        await using var three = await server.ConnectPlainAsync();
        Assert.Empty(await three.ReadToEndAsync());
        await Eventually.TrueAsync(() => server.Server.Connections.Refused == 1, "it is counted");
        Assert.Equal(["too_many_handshakes"], server.Server.GetStatistics().Refusals.Select(static refusal => refusal.Name));
        await one.DisposeAsync();
        await Eventually.TrueAsync(() => server.Server.GetStatistics().ActiveHandshakes == 1, "one has left");
        await using var four = await server.ConnectAsync();
        Assert.Equal(200, (await four.RequestAsync(TestClient.Get("/"))).Status);
    }

    // Over the limit of connections nothing may be written in plaintext.
    [Fact]
    public async Task A_connection_too_many_is_told_503_inside_TLS()
    {
        await using var server = await StartAsync(static options => (options.MaxConnections, options.MaxHandshakes) = (1, 4));
        await using var first = await server.ConnectAsync();
        Assert.Equal(200, (await first.RequestAsync(TestClient.Get("/"))).Status);
        await using var second = await server.ConnectAsync();
        Assert.Equal(503, (await second.RequestAsync(TestClient.Get("/"))).Status);
        Assert.True(await second.IsClosedAsync());
        await second.DisposeAsync();
        await Eventually.TrueAsync(() => server.Server.Connections.Refused == 1, "it is counted");
        await using var silent = await server.ConnectPlainAsync();
        await using var third = await server.ConnectPlainAsync();
        Assert.Empty(await third.ReadToEndAsync()); // there is one place among the refused
    }

    [Fact]
    public async Task A_handshake_in_flight_at_the_stop_may_finish_and_is_served_one_request()
    {
        await using var server = await StartAsync();
        await using var idle = await server.ConnectAsync();
        Assert.Equal(200, (await idle.RequestAsync(TestClient.Get("/"))).Status);
        await using var plain = await server.ConnectPlainAsync();
        var gate = new TaskCompletionSource();
        var securing = plain.SecureAsync(pauseAfterFirstBytes: gate.Task);
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.States.Handshaking == 1, "the handshake is in flight");
        var stopping = server.Server.StopAsync();
        Assert.True(await idle.IsClosedAsync()); // by close_notify
        await idle.DisposeAsync();
        Assert.False(stopping.IsCompleted);
        gate.SetResult();
        await using var client = await securing;
        var response = await client.RequestAsync(TestClient.Get("/"));
        Assert.Equal((200, "close"), (response.Status, response["Connection"]));
        Assert.True(await client.IsClosedAsync());
        await client.DisposeAsync();
        var report = await stopping.WaitAsync(Patience);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal(new ConnectionCounts(2, 2, 0), report.Connections);
        Assert.Equal(new RequestCounts(2, 2, 0, 0), report.Requests);
    }

    // TCP's end alone was taken for the end of the body: anybody on the way could have cut it there.
    [Fact]
    public async Task An_end_without_close_notify_aborts_a_body()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync("POST /length HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        await Eventually.TrueAsync(() => server.Server.Requests.Received == 1, "it has begun");
        client.ShutdownCarrier();
        await Assert.ThrowsAnyAsync<Exception>(() => client.ReadResponseAsync());
        await client.DisposeAsync();
        await AssertNothingIsOpenAsync(server, new ConnectionCounts(1, 0, 1));
        Assert.Equal(new RequestCounts(1, 0, 0, 1), server.Server.Requests);
    }

    [Fact]
    public async Task A_reload_gives_new_handshakes_another_certificate_and_leaves_old_connections_alone()
    {
        await using var server = await StartAsync();
        await using var old = await server.ConnectAsync();
        var before = old.Tls.RemoteCertificate!.GetRawCertData();
        var options = new HttpServerOptions { Workers = 2, Tls = new TlsOptions { Certificates = TestCertificates.Source(("localhost", TestCertificates.Create("localhost"))) } };
        server.Server.Reload(options);
        await using var client = await server.ConnectAsync();
        Assert.NotEqual(before, client.Tls.RemoteCertificate!.GetRawCertData());
        Assert.Equal(200, (await old.RequestAsync(TestClient.Get("/"))).Status);
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);

        // What is wrong changes nothing.
        options.Tls = new TlsOptions { Certificates = TestCertificates.Source(), CipherSuites = "NO-SUCH-SUITE" };
        Assert.Contains("NO-SUCH-SUITE", Assert.Throws<ArgumentException>(() => server.Server.Reload(options)).Message, StringComparison.Ordinal);
        options.Tls = null;
        Assert.Throws<ArgumentException>(() => server.Server.Reload(options));
        await using var after = await server.ConnectAsync();
        Assert.Equal(client.Tls.RemoteCertificate!.GetRawCertData(), after.Tls.RemoteCertificate!.GetRawCertData());
    }

    // Two places of one text, as on free ports, are told apart by their order: a reload gave both the certificates of the first.
    [Fact]
    public async Task A_reload_keeps_two_places_of_one_text_apart()
    {
        var certificates = new[] { TestCertificates.Localhost, TestCertificates.Create("localhost") };
        HttpEndpoint[] Places() => [.. certificates.Select(static certificate => new HttpEndpoint(System.Net.IPAddress.Loopback, 0)
        {
            Tls = new TlsOptions { Certificates = TestCertificates.Source(("localhost", certificate)) },
        })];
        await using var server = await StartAsync(options => options.Endpoints = Places());
        Assert.DoesNotContain(nameof(HttpServerOptions.Endpoints), server.Server.Reload(new HttpServerOptions { Workers = 2, Endpoints = Places() }));
        for (var index = 0; index < 2; index++)
        {
            await using var client = await (await TestClient.ConnectAsync(server.Server.EndPoints[index])).SecureAsync();
            Assert.Equal(certificates[index].Certificate.RawData, client.Tls.RemoteCertificate!.GetRawCertData());
        }
    }

    [Fact]
    public async Task A_host_that_asks_for_other_client_certificates_is_misdirected_here()
    {
        var clients = new TlsClientCertificates([TestCertificates.Authority]);
        await using var server = await StartAsync(options => options.Tls = new TlsOptions
        {
            Certificates = TestCertificates.Source(
                ("localhost", TestCertificates.Localhost),
                ("other.example", TestCertificates.Create("other.example")),
                ("inner.example", TestCertificates.Create("inner.example", clients: clients))),
        });
        await using var client = await ConnectAsync(server, "localhost");
        Assert.Equal(200, await AskAsync(client, "localhost"));
        Assert.Equal(200, await AskAsync(client, "OTHER.example.:8443"));
        Assert.Equal(421, await AskAsync(client, "inner.example"));
        Assert.Equal(421, await AskAsync(client, "INNER.example.:1"));
        Assert.Equal(200, await AskAsync(client, "localhost"));

        using var certificate = TestCertificates.CreateClient("somebody");
        await using var known = await ConnectAsync(server, "inner.example", options => options.ClientCertificates = [certificate]);
        Assert.Equal(200, await AskAsync(known, "inner.example"));
        Assert.Equal("CN=somebody", (await known.RequestAsync("GET /tls HTTP/1.1\r\nHost: inner.example\r\n\r\n")).Text.Split(' ')[6]);
        Assert.Equal(421, await AskAsync(known, "localhost"));

        static async Task<int> AskAsync(TestClient client, string host) => (await client.RequestAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status;
    }

    [Theory]
    [InlineData("none")]
    [InlineData("other")]
    [InlineData("server")]
    public async Task Without_a_certificate_of_the_authority_a_client_is_not_let_in(string shown)
    {
        await using var server = await StartAsync(static options => options.Tls = new TlsOptions
        {
            Certificates = TestCertificates.Source(),
            ClientCertificates = new TlsClientCertificates([TestCertificates.Authority]),
        });
        using var certificate = shown switch
        {
            "none" => null,
            "other" => TestCertificates.CreateClient("somebody", TestCertificates.CreateAuthority("another")),
            _ => TestCertificates.Create("localhost").Certificate,
        };
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var client = await ConnectAsync(server, "localhost", options =>
            {
                options.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!;
            });
            await client.RequestAsync(TestClient.Get("/"));
        });
        await AssertNothingIsOpenAsync(server, new ConnectionCounts(1, 1, 0));
        Assert.Equal(0, server.Server.Requests.Received);
    }

    [Fact]
    public async Task Behind_a_proxy_its_header_comes_first_and_what_it_says_of_the_scheme_counts()
    {
        Assert.SkipWhen(transport.StartsWith("memory", StringComparison.Ordinal), "Memory has no addresses.");
        await using var server = await StartAsync(static options =>
        {
            options.ProxyProtocol = true;
            options.TrustedProxies = [TrustedProxy.Parse("127.0.0.1"), TrustedProxy.Parse("192.0.2.7")];
        });
        await using var plain = await server.ConnectPlainAsync();
        await plain.SendAsync("PROXY TCP4 192.0.2.7 192.0.2.1 4711 443\r\n");
        await using var client = await plain.SecureAsync();
        Assert.StartsWith("https ", (await client.RequestAsync(TestClient.Get("/tls"))).Text, StringComparison.Ordinal);
        Assert.StartsWith("http ", (await client.RequestAsync(TestClient.Get("/tls", "X-Forwarded-Proto: http"))).Text, StringComparison.Ordinal);
        Assert.StartsWith("https ", (await client.RequestAsync(TestClient.Get("/tls", "X-Forwarded-Proto: https"))).Text, StringComparison.Ordinal);
        Assert.Equal("192.0.2.7:4711", (await client.RequestAsync(TestClient.Get("/who"))).Text);
    }

    [Fact]
    public async Task Without_a_thread_for_it_no_handshake_costs_anything()
    {
        await using var server = await TestServer.StartAsync(transport.Split('/')[0], Map);
        await using var client = await server.ConnectAsync();
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);
        Assert.Null(server.Server.Running.Context.Handshakes);
    }

    private static void Map(HttpServer server)
    {
        server.MapGet("/", static (_, response) => response.WriteText("hello"));
        server.MapGet("/who", static (request, response) => response.WriteText(request.RemoteEndPoint!.ToString()!));
        server.MapGet("/tls", static (request, response) => response.WriteText(
            $"{request.Scheme} {request.IsHttps} {request.Tls!.Version} {request.Tls.CipherSuite} {request.Tls.ServerName ?? "-"} "
            + $"{request.Tls.ApplicationProtocol ?? "-"} {request.Tls.ClientCertificate?.Subject ?? "-"} {request.Tls.IsResumed}"));
        server.MapPost("/length", static async (request, response) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            response.WriteText($"{body.Length}");
        });
    }

    private static async Task<TestClient> ConnectAsync(TestServer server, string? name, Action<SslClientAuthenticationOptions>? configure = null) =>
        await (await server.ConnectPlainAsync()).SecureAsync(name, configure);

    private static async Task AssertNothingIsOpenAsync(TestServer server, ConnectionCounts counts)
    {
        await Eventually.TrueAsync(() => server.Server.GetStatistics().Connections.States.Total == 0, "all have ended");
        Assert.Equal(counts, server.Server.Connections);
        Assert.Equal(0, server.Server.GetStatistics().ActiveHandshakes);
    }

    private Task<TestServer> StartAsync(Action<HttpServerOptions>? configure = null) => TestServer.StartAsync(transport, Map, configure);
}
