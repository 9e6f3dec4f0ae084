using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace PipeServer.Hosting.Tests;

/// <summary>Where options come from, and what goes before what.</summary>
public sealed class OptionsTests
{
    [Fact]
    public void Every_kind_of_option_is_read_from_the_section()
    {
        var options = Read("""
            {
              "address": "0.0.0.0", "Port": 8080, "Workers": 3, "ReusePort": true, "KeepAliveTimeout": "00:00:07", "Overload": "wait",
              "MaxConnectionsPerAddress": 5, "AcceptLimit": null, "MaxRequestBodyBytes": 5000000000, "QueueTimeout": "-00:00:00.001",
              "Endpoints": [
                "127.0.0.1:8081,proxy", "unix:/run/b.sock", { "Address": "::1", "Port": 8082, "Protocols": "Http1, Http2" },
                { "UnixSocketPath": "/run/c.sock", "SocketMode": "660", "SocketGroup": "www" }, { "Descriptor": 3, "ProxyProtocol": true },
                { "Address": "localhost", "HttpsRedirectPort": 443, "IsTls": null }
              ],
              "TrustedProxies": ["10.0.0.0/8", "unix"], "ForwardedHeader": "forwarded", "RateLimit": "10/s:50", "StrictTransportSecurity": "31536000",
              "Tls": { "MinVersion": "Tls13", "Engine": "SslStream" }, "HealthChecks": true, "ServerHeader": "", "DateHeader": false
            }
            """);
        Assert.Equal((IPAddress.Any, 8080, 3, true), (options.Address.Value, options.Port, options.Workers, options.ReusePort));
        Assert.Equal((OverloadPolicy.Wait, TimeSpan.FromSeconds(7), 5), (options.Overload, options.KeepAliveTimeout, options.MaxConnectionsPerAddress));
        Assert.Equal((null, 5_000_000_000, Timeout.InfiniteTimeSpan), (options.AcceptLimit, options.MaxRequestBodyBytes, options.QueueTimeout));
        Assert.Equal(
            [
                "127.0.0.1:8081,proxy", "unix:/run/b.sock", "[::1]:8082,h2c", "unix:/run/c.sock,mode=660,group=www", "fd:3,proxy", "localhost:0,redirect=443",
            ],
            options.Endpoints.Select(static endpoint => endpoint.ToString()));
        Assert.Equal(["10.0.0.0/8", "unix"], options.TrustedProxies.Select(static proxy => proxy.ToString()));
        Assert.Equal((ForwardedHeader.Forwarded, RateLimit.PerSecond(10, 50)), (options.ForwardedHeader, options.RateLimit));
        Assert.Equal(("max-age=31536000", true), (options.StrictTransportSecurity!.ToString(), options.HealthChecks));
        Assert.Equal(("", false), (options.ServerHeader, options.DateHeader));
        Assert.Equal((TlsVersion.Tls13, TlsEngine.SslStream), (options.Tls!.MinVersion, options.Tls.Engine));
    }

    [Theory]
    [InlineData("""{ "Port": "eighty" }""", "PipeServer:Port: 'eighty' is not a whole number")]
    [InlineData("""{ "Port": { "Of": 1 } }""", "PipeServer:Port: it must be one value")]
    [InlineData("""{ "Prot": 1 }""", "PipeServer:Prot: HttpServerOptions has no option of that name. Correct it, or leave it out.")]
    [InlineData("""{ "KeepAliveTimeout": "30" }""", "PipeServer:KeepAliveTimeout: '30' is not a duration: write it as 00:00:30 for half a minute.")]
    [InlineData("""{ "Overload": "drop" }""", "PipeServer:Overload: 'drop' must be one of Reject, Wait.")]
    [InlineData("""{ "ReusePort": "yes" }""", "PipeServer:ReusePort: 'yes' must be true or false.")]
    [InlineData("""{ "MaxRequestBodyBytes": "1 MB" }""", "PipeServer:MaxRequestBodyBytes: '1 MB' is not a whole number.")]
    [InlineData("""{ "Address": "127.0.0.1:80" }""", "PipeServer:Address: '127.0.0.1:80' is not an address to listen on")]
    [InlineData("""{ "Endpoints": "127.0.0.1:80" }""", "PipeServer:Endpoints: it must be a list.")]
    [InlineData("""{ "Endpoints": ["127.0.0.1:80", "nonsense"] }""", "PipeServer:Endpoints:1: 'nonsense' is not an endpoint")]
    [InlineData("""{ "Endpoints": [{ "Port": 80 }] }""", "PipeServer:Endpoints:0: an endpoint must be a text like 127.0.0.1:8080, or have Address and Port")]
    [InlineData("""{ "Endpoints": [{ "Address": "::1", "Prot": 80 }] }""", "PipeServer:Endpoints:0:Prot: HttpEndpoint has no option of that name")]
    [InlineData("""{ "Endpoints": [null] }""", "PipeServer:Endpoints:0: null; leave it out instead.")]
    [InlineData("""{ "TrustedProxies": [{ "Of": 1 }] }""", "PipeServer:TrustedProxies:0: a proxy must be a text")]
    [InlineData("""{ "Tls": "yes" }""", "PipeServer:Tls: it must be an object.")]
    [InlineData("""{ "Tls": { "Certificates": "a" } }""", "PipeServer:Tls:Certificates: it is an object of the program. Set TlsOptions.Certificates in code.")]
    [InlineData("""{ "LoggerFactory": "Serilog" }""", "PipeServer:LoggerFactory: it is an object of the program.")]
    [InlineData("""{ "RateLimit": "10" }""", "PipeServer:RateLimit: '10' is not a rate of requests: it must be like 10/s")]
    [InlineData("""{ "Port": 70000 }""", "PipeServer: Port must be from 0 to 65535.")] // from here on the server's own rules
    [InlineData("""{ "Endpoints": ["127.0.0.1:80,proxy"] }""", "PipeServer: TrustedProxies must name the proxies")]
    [InlineData("""{ "Endpoints": ["127.0.0.1:80,tls"] }""", "PipeServer: Tls must say how TLS is spoken")]
    public void What_is_wrong_is_told_with_its_place_and_the_way_out(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<OptionsValidationException>(() => Read(json)).Message);

    [Fact]
    public void All_that_is_wrong_in_the_section_is_told_at_once()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Read("""{ "Port": "x", "Workers": "y", "Endpoints": ["z"], "Nonsense": 1 }"""));
        Assert.Equal(4, exception.Failures.Count());
    }

    // An option that is new must be readable, or say that it is an object.
    [Fact]
    public void Every_option_has_a_place_in_the_section()
    {
        foreach (var type in new[] { typeof(HttpServerOptions), typeof(TlsOptions) })
        {
            foreach (var name in type.GetProperties().Where(static property => property.CanWrite).Select(static property => property.Name))
            {
                var path = type == typeof(TlsOptions) ? $"PipeServer:Tls:{name}" : $"PipeServer:{name}";
                var message = Record.Exception(() => Read((path, "?")))?.Message ?? "";
                Assert.DoesNotContain("no option of that name", message);
            }
        }
    }

    [Fact]
    public async Task A_host_does_not_start_with_an_option_that_is_wrong()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(static _ => { }, ("PipeServer:Workers", "0")));
        Assert.Contains("PipeServer: Workers must be from 1 to 4096.", exception.Message);
        exception = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(static _ => { }, ("PipeServer:Workers", "few")));
        Assert.Contains("PipeServer:Workers: 'few' is not a whole number", exception.Message);
    }

    [Fact]
    public void What_the_program_sets_goes_before_what_the_configuration_says()
    {
        var builder = TestHost.Builder(("PipeServer:Workers", "3"), ("PipeServer:Loops", "3"), ("PipeServer:Backlog", "3"));
        builder.Services.Configure<HttpServerOptions>(static options => options.Workers = 5); // before the server is added, too
        builder.Services.AddPipeServer(static options => options.Loops++);
        using var host = builder.Build();
        var options = host.Services.GetRequiredService<IOptions<HttpServerOptions>>().Value;
        Assert.Equal((5, 4, 3), (options.Workers, options.Loops, options.Backlog));
    }

    [Fact]
    public void Another_section_may_be_named()
    {
        var builder = TestHost.Builder(("Edge:Port", "81"), ("PipeServer:Port", "80"));
        builder.Services.AddPipeServer(builder.Configuration.GetSection("Edge"), static options => options.Workers = 7);
        using var host = builder.Build();
        var options = host.Services.GetRequiredService<IOptions<HttpServerOptions>>().Value;
        Assert.Equal((81, 7), (options.Port, options.Workers));
    }

    [Fact]
    public void A_container_without_a_configuration_has_the_defaults()
    {
        var services = new ServiceCollection();
        services.AddPipeServer();
        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptions<HttpServerOptions>>().Value;
        Assert.Equal((7878, TimeProvider.System, null), (options.Port, options.TimeProvider, options.MeterFactory));
    }

    [Fact]
    public void Log_clock_and_meters_are_the_hosts()
    {
        var builder = TestHost.Builder();
        var clock = new StandingClock();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddPipeServer();
        using var host = builder.Build();
        var options = host.Services.GetRequiredService<IOptions<HttpServerOptions>>().Value;
        Assert.Same(clock, options.TimeProvider);
        Assert.Same(host.Services.GetRequiredService<ILoggerFactory>(), options.LoggerFactory);
        using var meter = options.MeterFactory!(new MeterOptions("of-the-host"));
        Assert.Same(host.Services.GetRequiredService<IMeterFactory>(), meter.Scope);
    }

    // The host's time, less the delay before the drain and what follows it; unless somebody has set the period.
    [Theory]
    [InlineData(30_000, null, null, 29_000)]
    [InlineData(5_000, null, null, 4_500)]
    [InlineData(30_000, "00:00:10", null, 19_000)]
    [InlineData(5_000, "00:00:10", null, 0)]
    [InlineData(-1, null, null, 4_294_967_294)]
    [InlineData(30_000, null, "00:01:00", 60_000)]
    [InlineData(5_000, "00:00:01", "00:00:00", 0)]
    public void The_grace_period_comes_of_the_hosts_shutdown_timeout(int host, string? delay, string? own, long expected)
    {
        var builder = TestHost.Builder(("PipeServer:DrainDelay", delay), ("PipeServer:ShutdownGracePeriod", own));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(host));
        builder.Services.AddPipeServer();
        using var built = builder.Build();
        Assert.Equal(expected, built.Services.GetRequiredService<IOptions<HttpServerOptions>>().Value.ShutdownGracePeriod.TotalMilliseconds);
    }

    [Fact]
    public void A_grace_period_of_the_program_is_kept()
    {
        var builder = TestHost.Builder();
        builder.Services.AddPipeServer(static options => options.ShutdownGracePeriod = TimeSpan.FromSeconds(3));
        using var host = builder.Build();
        Assert.Equal(TimeSpan.FromSeconds(3), host.Services.GetRequiredService<IOptions<HttpServerOptions>>().Value.ShutdownGracePeriod);
    }

    private static HttpServerOptions Read(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "PipeServer": {{json}} }"""));
        return Read(new ConfigurationBuilder().AddJsonStream(stream).Build());
    }

    private static HttpServerOptions Read((string Key, string Value) setting) =>
        Read(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(setting.Key, (string?)setting.Value)]).Build());

    private static HttpServerOptions Read(IConfiguration configuration)
    {
        var services = new ServiceCollection();
        services.AddSingleton(configuration).AddPipeServer(static options =>
        {
            if (options.Tls is { } tls)
            {
                tls.Certificates = new NoCertificate(); // an object of the program
            }
        });
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<HttpServerOptions>>().Value;
    }

    private sealed class NoCertificate : ITlsCertificateSource
    {
        public TlsCertificate? Find(string? serverName) => null;
    }

    private sealed class StandingClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);
    }
}
