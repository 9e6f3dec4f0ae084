using System.Net;
using System.Net.WebSockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections.Features;

namespace PipeServer.AspNetCore.Tests;

/// <summary>TLS, HTTP/2, and what is HTTP/2's.</summary>
public sealed class SecureTests
{
    [Theory]
    [InlineData(1, "HTTP/1.1")]
    [InlineData(2, "HTTP/2")]
    public async Task Both_versions_are_spoken_over_TLS(int version, string protocol)
    {
        await using var host = await StartAsync(static application => application.Run(static context =>
        {
            var handshake = context.Features.Get<ITlsHandshakeFeature>()!;
            Assert.NotNull(context.Features.Get<ITlsConnectionFeature>());
            Assert.Contains(handshake.Protocol, new[] { SslProtocols.Tls12, SslProtocols.Tls13 });
            Assert.NotNull(handshake.NegotiatedCipherSuite);
            Assert.Equal("localhost", handshake.HostName);
            Assert.Equal("localhost", context.Request.Host.Host);
            return context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Scheme} {context.Request.IsHttps}");
        }));
        using var client = Client(host, version);
        Assert.Equal($"{protocol} https True", await client.GetStringAsync("/"));
    }

    [Fact]
    public async Task A_body_goes_both_ways_over_HTTP_2()
    {
        await using var host = await StartAsync(static application => application.Run(static async context =>
        {
            var copy = new MemoryStream(); // the client does not read before it has sent all
            await context.Request.Body.CopyToAsync(copy);
            await context.Response.Body.WriteAsync(copy.ToArray());
        }));
        using var client = Client(host, 2);
        var body = Enumerable.Range(0, 500_000).Select(static index => (byte)(index * 7)).ToArray();
        using var response = await client.PostAsync("/", new ByteArrayContent(body));
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Cookies_that_came_in_several_lines_are_one()
    {
        await using var host = await StartAsync(static application => application.Run(static context => context.Response.WriteAsync(context.Request.Headers.Cookie.ToString())));
        using var client = Client(host, 2);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Add("Cookie", ["a=1", "b=2"]);
        using var response = await client.SendAsync(request);
        Assert.Equal("a=1; b=2", await response.Content.ReadAsStringAsync());
    }

    // Behind an application that had completed the body's writer, and not the response, there were none.
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public async Task Trailers_of_a_response_arrive(int version, bool isCompleted)
    {
        await using var host = await StartAsync(application => application.Run(async context =>
        {
            Assert.True(context.Response.SupportsTrailers());
            context.Response.DeclareTrailer("X-Sum");
            await context.Response.WriteAsync("body");
            context.Response.AppendTrailer("X-Sum", "42");
            if (isCompleted)
            {
                context.Response.BodyWriter.Complete();
            }
        }));
        using var client = Client(host, version);
        using var response = await client.GetAsync("/");
        Assert.Equal("body", await response.Content.ReadAsStringAsync());
        Assert.Equal(["42"], response.TrailingHeaders.GetValues("X-Sum"));
    }

    [Fact]
    public async Task A_stream_is_reset_and_the_connection_lives_on()
    {
        await using var host = await StartAsync(static application => application.Run(static async context =>
        {
            if (context.Request.Path == "/reset")
            {
                context.Features.Get<IHttpResetFeature>()!.Reset(2);
            }

            await context.Response.WriteAsync(context.Connection.Id);
        }));
        using var client = Client(host, 2);
        var connection = await client.GetStringAsync("/");
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("/reset"));
        Assert.Equal(connection, await client.GetStringAsync("/"));
    }

    [Fact]
    public async Task An_exception_behind_the_start_resets_the_stream()
    {
        await using var host = await StartAsync(static application => application.Run(static async context =>
        {
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            await Task.Yield();
            throw new InvalidOperationException("deliberate");
        }));
        using var client = Client(host, 2);
        await Assert.ThrowsAnyAsync<Exception>(() => client.GetStringAsync("/"));
    }

    [Fact]
    public async Task Requests_beside_each_other_keep_apart()
    {
        await using var host = await StartAsync(static application => application.Run(static async context =>
        {
            await Task.Yield();
            await context.Response.WriteAsync($"{context.Request.QueryString}{context.Request.Headers["X-Number"]}");
        }));
        using var client = Client(host, 2);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async number =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/?{number}") { Version = HttpVersion.Version20 };
            request.Headers.Add("X-Number", $"{number}");
            using var response = await client.SendAsync(request);
            Assert.Equal($"?{number}{number}", await response.Content.ReadAsStringAsync());
        }));
    }

    [Fact]
    public async Task A_WebSocket_is_accepted_over_HTTP_2()
    {
        await using var host = await StartAsync(static application =>
        {
            application.UseWebSockets();
            application.Run(Echo.AnswerAsync);
        });
        using var client = Client(host, 2);
        using var socket = new ClientWebSocket { Options = { HttpVersion = HttpVersion.Version20, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new Uri(client.BaseAddress!.ToString().Replace("https", "wss")), client, CancellationToken.None).WaitAsync(ApplicationHost.Patience);
        Assert.Equal("chat", socket.SubProtocol);
        await Echo.TalkAsync(socket);
    }

    [Fact]
    public async Task Origins_that_the_middleware_refuses_are_refused_over_HTTP_2()
    {
        await using var host = await StartAsync(static application =>
        {
            application.UseWebSockets(new WebSocketOptions { AllowedOrigins = { "https://good.example" } });
            application.Run(Echo.AnswerAsync);
        });
        using var client = Client(host, 2);
        using var socket = new ClientWebSocket { Options = { HttpVersion = HttpVersion.Version20, HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact } };
        socket.Options.SetRequestHeader("Origin", "https://bad.example");
        var address = new Uri(client.BaseAddress!.ToString().Replace("https", "wss"));
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, client, CancellationToken.None).WaitAsync(ApplicationHost.Patience));
    }

    [Fact]
    public async Task The_certificate_may_come_from_a_file()
    {
        var path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, TestCertificate.Pem);
            await using var host = await ApplicationHost.StartAsync(
                static application => application.Run(static context => context.Response.WriteAsync("secure")),
                options => options.CertificatePath = path,
                url: "https://localhost:0");
            using var client = Client(host, 2);
            Assert.Equal("secure", await client.GetStringAsync("/"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task Without_a_certificate_the_error_says_what_to_do()
    {
        var exception = await Record.ExceptionAsync(async () =>
        {
            await using var host = await ApplicationHost.StartAsync(static _ => { }, url: "https://localhost:0");
        });

        // A machine with a developer certificate serves by it.
        Assert.True(exception is null || (exception is InvalidOperationException && exception.Message.Contains("PipeServer:CertificatePath")), $"{exception}");
    }

    private static Task<ApplicationHost> StartAsync(Action<WebApplication> map) =>
        ApplicationHost.StartAsync(map, static options => options.Certificate = TestCertificate.Localhost, url: "https://localhost:0");

    private static HttpClient Client(ApplicationHost host, int version) => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.GetCertHashString() == TestCertificate.Localhost.GetCertHashString() },
        UseCookies = false,
    })
    {
        BaseAddress = new Uri(host.Addresses[0]),
        DefaultRequestVersion = version == 2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = ApplicationHost.Patience,
    };
}
