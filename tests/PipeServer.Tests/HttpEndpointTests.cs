using System.ComponentModel;
using System.Net;
using System.Net.Sockets;

namespace PipeServer.Tests;

public sealed class HttpEndpointTests
{
    [Theory]
    [InlineData("127.0.0.1:8080", null)]
    [InlineData("0.0.0.0:0", null)]
    [InlineData("[::1]:8080", null)]
    [InlineData("[::]:65535,proxy", null)]
    [InlineData("localhost:80", null)]
    [InlineData("LocalHost:0,proxy", "localhost:0,proxy")]
    [InlineData("unix:/run/app.sock", null)]
    [InlineData("unix:relative.sock,proxy", null)]
    [InlineData("unix:@app", null)]
    [InlineData("unix:@a,,b,proxy", null)]
    [InlineData("unix:./@app,mode=600", null)]
    [InlineData("unix:/run/app.sock,proxy,mode=660,group=www-data", null)]
    [InlineData("unix:/run/app.sock,group=33,mode=0060", "unix:/run/app.sock,mode=060,group=33")]
    [InlineData("unix:/run/a,,b.sock", null)]
    [InlineData("unix:/run/a,,", null)]
    [InlineData("unix:/run/a,,,,,mode=666", null)]
    [InlineData("unix:,,", null)]
    [InlineData("fd:3", null)]
    [InlineData("fd:17,proxy", null)]
    [InlineData("0.0.0.0:80,redirect", null)]
    [InlineData("[::]:8080,redirect=443", null)]
    [InlineData("127.0.0.1:8080,h2c", null)]
    [InlineData("unix:@app,h2c,proxy", "unix:@app,proxy,h2c")]
    [InlineData("127.0.0.1:8443,tls", null)]
    [InlineData("127.0.0.1:8443,tls,h1", null)]
    [InlineData("127.0.0.1:8443,h1,proxy,tls", "127.0.0.1:8443,proxy,tls,h1")]
    [InlineData("fd:3,redirect=0443", "fd:3,redirect=443")]
    public void The_text_form_is_read_and_written(string text, string? written)
    {
        var endpoint = HttpEndpoint.Parse(text);
        Assert.Equal(written ?? text, endpoint.ToString());
        Assert.Equal(text.Contains(",proxy"), endpoint.ProxyProtocol);
        Assert.True(HttpEndpoint.TryParse(text, null, out var again));
        Assert.Equal(endpoint.ToString(), again.ToString());
        Assert.Equal(endpoint.ToString(), TypeDescriptor.GetConverter(typeof(HttpEndpoint)).ConvertFromInvariantString(text)?.ToString());
    }

    [Theory]
    [InlineData("", "it must be ADDRESS:PORT")]
    [InlineData("8080", "it must be ADDRESS:PORT")]
    [InlineData("127.0.0.1", "it must be ADDRESS:PORT")]
    [InlineData("127.0.0.1:65536", "the port must be from 0 to 65535")]
    [InlineData("127.0.0.1:-1", "the port must be from 0 to 65535")]
    [InlineData("127.0.0.1:", "the port must be from 0 to 65535")]
    [InlineData("::1:8080", "it must be ADDRESS:PORT")]
    [InlineData("[127.0.0.1]:80", "it must be ADDRESS:PORT")]
    [InlineData("127.1:80", "it must be ADDRESS:PORT")]
    [InlineData("example.com:80", "it must be ADDRESS:PORT")]
    [InlineData("unix:", "the path must have from 1 to 103 bytes")]
    [InlineData("fd:2", "the number of a passed socket must be 3 or more")]
    [InlineData("fd:web", "the number of a passed socket must be 3 or more")]
    [InlineData("127.0.0.1:80,tsl", "there is no option 'tsl'; the options are proxy, tls, h1 behind tls, h2c, redirect or redirect=PORT, and behind unix:PATH mode=660 and group=NAME")]
    [InlineData("127.0.0.1:80,redirect=0", "the port of https must be from 1 to 65535")]
    [InlineData("127.0.0.1:80,redirect=", "the port of https must be from 1 to 65535")]
    [InlineData("127.0.0.1:80,redirect=x", "the port of https must be from 1 to 65535")]
    [InlineData("unix:/a,b", "there is no option 'b'; the options are proxy, tls, h1 behind tls, h2c, redirect or redirect=PORT, and behind unix:PATH mode=660 and group=NAME (a comma in the path is written twice)")]
    [InlineData("unix:/a,mode=888", "the mode must be octal, from 0 to 777, and '888' is not")]
    [InlineData("unix:/a,mode=1777", "the mode must be octal")]
    [InlineData("unix:/a,mode=", "the mode must be octal")]
    [InlineData("unix:/a,group=", "the name of the group is missing")]
    [InlineData("unix:@a,mode=660", "mode=660 is for the file of a unix socket, and there is none")]
    [InlineData("127.0.0.1:80,group=x", "group=x is for the file of a unix socket, and there is none")]
    [InlineData("unix:@", "the abstract name must have from 1 to 102 bytes")]
    [InlineData("unix:/a\0b", "it must not contain NUL")]
    [InlineData("localhost:65536", "the port must be from 0 to 65535")]
    [InlineData("127.0.0.1:80,tls,h2c", "h2c is HTTP/2 in clear text, and tls speaks HTTP/2 without a word: leave h2c out")]
    [InlineData("127.0.0.1:80,h2c,tls", "h2c is HTTP/2 in clear text, and tls speaks HTTP/2 without a word: leave h2c out")]
    [InlineData("127.0.0.1:80,h1", "h1 takes HTTP/2 from an endpoint with tls; in clear text there is none without h2c: leave h1 out")]
    [InlineData("127.0.0.1:80,tls,h1,h2c", "h1 and h2c are there together, or one of them twice: leave one out")]
    [InlineData("127.0.0.1:80,h2", "there is no option 'h2'")]
    [InlineData("127.0.0.1:80,", "there is no option ''")]
    public void What_is_wrong_with_a_text_is_said(string text, string problem)
    {
        Assert.StartsWith($"'{text}' is not an endpoint: {problem}", Assert.Throws<FormatException>(() => HttpEndpoint.Parse(text)).Message);
        Assert.False(HttpEndpoint.TryParse(text, null, out _));
    }

    [Fact]
    public void HTTP_2_is_spoken_over_TLS_and_in_clear_text_where_it_is_asked_for()
    {
        Assert.False(HttpEndpoint.Parse("127.0.0.1:80").IsHttp2);
        Assert.True(HttpEndpoint.Parse("127.0.0.1:80,h2c").IsHttp2);
        Assert.True(HttpEndpoint.Parse("127.0.0.1:80,tls").IsHttp2);
        Assert.False(HttpEndpoint.Parse("127.0.0.1:80,tls,h1").IsHttp2);
        Assert.True(new HttpEndpoint(IPAddress.Loopback, 80) { Tls = new TlsOptions() }.IsHttp2);
        Assert.Null(HttpEndpoint.Parse("127.0.0.1:80,tls").Protocols);
        var endpoint = HttpEndpoint.Parse("127.0.0.1:80,h2c");
        Assert.Equal(HttpProtocols.Http1 | HttpProtocols.Http2, endpoint.Protocols);
        endpoint.Protocols = null;
        Assert.Equal("127.0.0.1:80", endpoint.ToString());
    }

    [Theory]
    [InlineData(HttpProtocols.None)]
    [InlineData(HttpProtocols.Http2)]
    [InlineData((HttpProtocols)5)]
    public void An_endpoint_without_HTTP_1_is_refused(HttpProtocols protocols)
    {
        var options = new HttpServerOptions { Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0) { Protocols = protocols }] };
        var exception = Assert.Throws<ArgumentException>(() => new HttpServer(options));
        Assert.Equal(nameof(HttpServerOptions.Endpoints), exception.ParamName);
        Assert.Contains("Protocols must be Http1, or Http1, Http2, and is ", exception.Message);
    }

    [Fact]
    public void Each_kind_tells_its_place()
    {
        var ip = new HttpEndpoint(IPAddress.IPv6Loopback, 80);
        Assert.Equal((IPAddress.IPv6Loopback, 80, null, null), (ip.Address?.Value, ip.Port, ip.UnixSocketPath, ip.Descriptor));
        var unix = HttpEndpoint.Unix("/x");
        Assert.Equal((null, null, "/x", null), (unix.Address, unix.Port, unix.UnixSocketPath, unix.Descriptor));
        var name = HttpEndpoint.Unix("\0x");
        Assert.Equal((null, null, "@x", null), (name.Address, name.Port, name.UnixSocketPath, name.Descriptor));
        var local = HttpEndpoint.Localhost(80);
        Assert.Equal((BindAddress.Localhost, 80, null, null, true), (local.Address, local.Port, local.UnixSocketPath, local.Descriptor, local.IsLocalhost));
        Assert.Throws<ArgumentOutOfRangeException>(static () => HttpEndpoint.Localhost(65_536));
        var inherited = HttpEndpoint.Inherited(4);
        Assert.Equal((null, null, null, 4), (inherited.Address, inherited.Port, inherited.UnixSocketPath, inherited.Descriptor));
        Assert.Throws<ArgumentOutOfRangeException>(static () => HttpEndpoint.Inherited(2));
        Assert.Throws<ArgumentOutOfRangeException>(static () => new HttpEndpoint(IPAddress.Any, 70_000));
        Assert.Throws<ArgumentException>(static () => HttpEndpoint.Unix(new string('x', 104)));
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.255.0.1", true)]
    [InlineData("10.0.0.0/8", "11.0.0.1", false)]
    [InlineData("10.0.0.1/8", "10.200.0.1", true)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.1.1", true)]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("2001:db8::/32", "2001:db8:1::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("::1", "::1", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("unix", "192.0.2.7", false)]
    [InlineData("unix", null, true)]
    [InlineData("0.0.0.0/0", null, false)]
    public void A_proxy_is_trusted_by_its_address(string trusted, string? peer, bool expected)
    {
        var proxy = TrustedProxy.Parse(trusted);
        Assert.Equal(expected, proxy.Includes(peer is null ? null : new IPEndPoint(IPAddress.Parse(peer), 1)));
        Assert.Equal(proxy.ToString(), TrustedProxy.Parse(proxy.ToString()).ToString());
        Assert.Equal(proxy.ToString(), TypeDescriptor.GetConverter(typeof(TrustedProxy)).ConvertFromInvariantString(trusted)?.ToString());
    }

    // 010.0.0.0/8 was taken for 8.0.0.0/8, and 10/8 for 0.0.0.0/8: whoever is there was believed, and the proxy that was meant was not.
    [Theory]
    [InlineData("")]
    [InlineData("010.0.0.0/8")]
    [InlineData("10/8")]
    [InlineData("0x0a000000/8")]
    [InlineData("167772160/8")]
    [InlineData("[2001:db8::]/32")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("/8")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10")]
    [InlineData("[::1]:80")]
    [InlineData("example.com")]
    [InlineData("Unix")]
    public void What_names_no_proxy_is_refused(string text)
    {
        Assert.StartsWith($"'{text}' does not name a proxy", Assert.Throws<FormatException>(() => TrustedProxy.Parse(text)).Message);
        Assert.False(TrustedProxy.TryParse(text, null, out _));
    }

    [Fact]
    public void A_proxy_endpoint_without_trusted_proxies_is_refused()
    {
        var options = new HttpServerOptions { Endpoints = [HttpEndpoint.Parse("127.0.0.1:0"), HttpEndpoint.Parse("127.0.0.1:0,proxy")] };
        Assert.Contains("TrustedProxies must name the proxies", Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
        options = new HttpServerOptions { ProxyProtocol = true };
        Assert.Contains("127.0.0.1:7878,proxy", Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_server_listens_at_every_place(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || transport == "sockets", "epoll is Linux's.");
        Assert.SkipUnless(Socket.OSSupportsUnixDomainSockets, "Unix sockets are not available here.");
        var path = Path.Combine(Path.GetTempPath(), $"pipeserver-{Guid.NewGuid():N}.sock");
        await using var server = await TestServer.StartAsync(
            transport,
            static server => server.MapGet("/", static (_, response) => response.WriteText("hello")),
            options => options.Endpoints = [HttpEndpoint.Parse("127.0.0.1:0"), HttpEndpoint.Unix(path), HttpEndpoint.Parse("[::1]:0")]);
        Assert.Equal(3, server.Server.EndPoints.Count);
        foreach (var endPoint in server.Server.EndPoints)
        {
            await using var client = await TestClient.ConnectAsync(endPoint);
            Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }

        var report = await server.Server.StopAsync();
        Assert.Equal(3, report.Connections.Accepted);
        Assert.False(File.Exists(path));
        foreach (var endPoint in server.Server.EndPoints)
        {
            await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(endPoint));
        }
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_place_that_is_taken_fails_the_start_and_frees_the_others(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || transport == "sockets", "epoll is Linux's.");
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var path = Path.Combine(Path.GetTempPath(), $"pipeserver-{Guid.NewGuid():N}.sock");
        var exception = await Assert.ThrowsAsync<ListenException>(() => TestServer.StartAsync(
            transport, static _ => { }, options => options.Endpoints = [HttpEndpoint.Unix(path), HttpEndpoint.Parse($"127.0.0.1:{port}")]));
        Assert.Equal(SocketError.AddressAlreadyInUse, exception.SocketErrorCode);
        Assert.Equal($"127.0.0.1:{port}", exception.Endpoint.ToString());
        Assert.StartsWith($"Cannot listen on 127.0.0.1:{port}: it is in use.", exception.Message);
        await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(new UnixDomainSocketEndPoint(path)));
        File.Delete(path);
    }

    // Both owned the descriptor, and the second of them closed whatever had its number by then.
    [Fact]
    public void A_passed_socket_is_named_once()
    {
        var options = new HttpServerOptions { Endpoints = [HttpEndpoint.Inherited(3), HttpEndpoint.Inherited(3)] };
        var exception = Assert.Throws<ArgumentException>(() => new HttpServer(options));
        Assert.StartsWith("Endpoints must name a passed socket once; fd 3", exception.Message);
    }
}
