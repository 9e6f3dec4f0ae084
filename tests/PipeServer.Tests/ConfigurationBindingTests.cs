using System.Net;
using System.Text;
using Microsoft.Extensions.Configuration;
using PipeServer.StaticFiles;
using PipeServer.Workers;

namespace PipeServer.Tests;

/// <summary>Options by the configuration binder of .NET, as applications bind them: what it cannot take must not be left out without a word.</summary>
public sealed class ConfigurationBindingTests
{
    // An address in the file was ignored, and the server listened on 127.0.0.1.
    [Fact]
    public void Localhost_is_every_loopback_address()
    {
        var address = BindAddress.Parse("LocalHost");
        Assert.Equal((BindAddress.Localhost, true, "localhost"), (address, address.IsLocalhost, address.ToString()));
        Assert.True(address != IPAddress.Loopback);
        Assert.Equal("localhost:80", new HttpEndpoint(address, 80).ToString());
    }

    [Fact]
    public void Server_options_bind_with_addresses_and_places_as_text()
    {
        const string Json = """
            {
              "address": "0.0.0.0", "Port": 8080, "Workers": 3, "ReusePort": true, "KeepAliveTimeout": "00:00:07", "Overload": "wait",
              "MaxConnectionsPerAddress": 5, "AcceptLimit": null, "MaxRequestBodyBytes": 5000000000, "UnixSocketPath": "/run/a.sock",
              "Endpoints": ["127.0.0.1:8081,proxy", "unix:/run/b.sock", { "Address": "::1", "Port": 8082 }], "TrustedProxies": ["10.0.0.0/8", "unix"],
              "ForwardedHeader": "forwarded", "RateLimit": "10/s:50",
              "LoggerFactory": "ignored", "Transport": "ignored", "TimeProvider": "ignored", "ServerErrorPage": "ignored"
            }
            """;
        var bound = new HttpServerOptions();
        Section(Json).Bind(bound);
        foreach (var options in new[] { bound, Section(Json).Get<HttpServerOptions>()! })
        {
            Assert.Equal(IPAddress.Any, options.Address.Value);
            Assert.Equal((8080, 3, true, OverloadPolicy.Wait), (options.Port, options.Workers, options.ReusePort, options.Overload));
            Assert.Equal((TimeSpan.FromSeconds(7), 5, null), (options.KeepAliveTimeout, options.MaxConnectionsPerAddress, options.AcceptLimit));
            Assert.Equal((5_000_000_000, "/run/a.sock"), (options.MaxRequestBodyBytes, options.UnixSocketPath));
            Assert.Equal(["127.0.0.1:8081,proxy", "unix:/run/b.sock", "[::1]:8082"], options.Endpoints.Select(static endpoint => endpoint.ToString()));
            Assert.Equal(["10.0.0.0/8", "unix"], options.TrustedProxies.Select(static proxy => proxy.ToString()));
            Assert.Equal((ForwardedHeader.Forwarded, RateLimit.PerSecond(10, 50)), (options.ForwardedHeader, options.RateLimit));
            Assert.Equal((null, TimeProvider.System), (options.Transport, options.TimeProvider));
            _ = new HttpServer(options);
        }
    }

    // The bug: the binder read the digits of the enumeration as decimal, so 440 was rw-rwx---, and 660 was refused as 1224.
    [Theory]
    [InlineData("660", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    [InlineData("0440", UnixFileMode.UserRead | UnixFileMode.GroupRead)]
    [InlineData("UserRead, UserWrite", UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    public void A_sockets_mode_is_octal(string text, UnixFileMode expected)
    {
        var options = Section($$"""{ "SocketMode": "{{text}}", "UnixSocketPath": "/run/a.sock" }""").Get<HttpServerOptions>()!;
        Assert.Equal(expected, options.SocketMode!.Value);
        Assert.Equal(options.SocketMode, SocketFileMode.Parse(options.SocketMode.ToString()));
        _ = new HttpServer(options);
    }

    [Theory]
    [InlineData("888")]
    [InlineData("1777")]
    [InlineData("rw-rw----")]
    public void A_text_that_is_no_mode_is_told_with_its_place(string text)
    {
        var exception = Assert.Throws<InvalidOperationException>(() => Section($$"""{ "SocketMode": "{{text}}" }""").Get<HttpServerOptions>());
        Assert.Contains("PipeServer:SocketMode", exception.Message);
        Assert.Contains($"'{text}' is not the mode of a socket's file: it must be octal", exception.InnerException!.Message);
    }

    [Fact]
    public void A_text_that_is_no_rate_is_told_with_its_place()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => Section("""{ "RateLimit": "10" }""").Get<HttpServerOptions>());
        Assert.Contains("PipeServer:RateLimit", exception.Message);
        Assert.Contains("'10' is not a rate of requests: it must be like 10/s", exception.InnerException!.Message);
    }

    // The bug: an endpoint as an object was refused by the binder that docs/hosting.md shows, because its address had a type without a text form.
    [Theory]
    [InlineData("0.0.0.0", "0.0.0.0:80,proxy")]
    [InlineData("localhost", "localhost:80,proxy")]
    public void An_endpoint_may_be_an_object_where_unknown_names_are_errors(string address, string expected)
    {
        var options = Section($$"""{ "Endpoints": [{ "Address": "{{address}}", "Port": 80, "ProxyProtocol": true }] }""")
            .Get<HttpServerOptions>(static binder => binder.ErrorOnUnknownConfiguration = true)!;
        Assert.Equal(expected, options.Endpoints.Single().ToString());
    }

    // The binder drops what throws inside a list, so these were no endpoints at all, and the server listened on its default.
    [Theory]
    [InlineData("""{ "Endpoints": ["127.0.0.1:80", "nonsense"] }""", "Endpoints: 'nonsense' is not an endpoint: it must be ADDRESS:PORT")]
    [InlineData("""{ "Endpoints": ["127.0.0.1:80,ssl"] }""", "Endpoints: '127.0.0.1:80,ssl' is not an endpoint: there is no option 'ssl'")]
    [InlineData("""{ "TrustedProxies": ["10.0.0.0/33"] }""", "TrustedProxies: '10.0.0.0/33' does not name a proxy")]
    [InlineData("""{ "Endpoints": [null] }""", "Endpoints must not hold null")]
    [InlineData("""{ "TrustedProxies": [null] }""", "TrustedProxies must not hold null")]
    [InlineData("""{ "Port": 70000 }""", "Port must be from 0 to 65535")]
    public void A_value_that_is_wrong_is_told_when_the_server_is_created(string json, string expected) =>
        Assert.Contains(expected, Assert.ThrowsAny<ArgumentException>(() => new HttpServer(Section(json).Get<HttpServerOptions>())).Message);

    [Theory]
    [InlineData("300.1.1.1")]
    [InlineData("127.1")]
    [InlineData("8080")]
    [InlineData("*")]
    [InlineData("[::1]")]
    [InlineData("[::1]:8080")]
    [InlineData("127.0.0.1:8080")]
    [InlineData("example.com")]
    public void A_text_that_is_no_address_is_told_with_its_place(string text)
    {
        var exception = Assert.Throws<InvalidOperationException>(() => Section($$"""{ "Address": "{{text}}" }""").Get<HttpServerOptions>());
        Assert.Contains("PipeServer:Address", exception.Message);
        Assert.Contains($"'{text}' is not an address to listen on: it must be an IPv4 or IPv6 address without a port", exception.InnerException!.Message);
        Assert.False(BindAddress.TryParse(text, null, out _));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::", "::")]
    [InlineData("0:0:0:0:0:0:0:1", "::1")]
    public void An_address_is_its_text(string text, string expected)
    {
        BindAddress address = BindAddress.Parse(text);
        IPAddress value = address;
        Assert.Equal((expected, expected), (value.ToString(), address.ToString()));
        Assert.True(address == value);
        Assert.True(address != IPAddress.Parse("10.0.0.1"));
    }

    [Fact]
    public void Names_that_there_are_not_are_errors_where_the_binder_is_told_so() =>
        Assert.Throws<InvalidOperationException>(() =>
            Section("""{ "Prot": 1 }""").Get<HttpServerOptions>(static binder => binder.ErrorOnUnknownConfiguration = true));

    [Fact]
    public void File_options_bind()
    {
        var options = Section("""
            {
              "IndexFiles": ["home.html"], "Browse": true, "ContentTypes": { ".foo": "text/foo" }, "CacheControl": "no-cache", "CacheBytes": 5,
              "Headers": ["X-A: b: c", { "Name": "X-B", "Value": "d" }], "AttachmentExtensions": ["zip"], "TimeProvider": "ignored"
            }
            """).Get<StaticFileOptions>()!;
        Assert.Equal(["index.html", "home.html"], options.IndexFiles); // a binder adds to a list, as the documentation says
        Assert.Equal([new StaticHeader("X-A", "b: c"), new StaticHeader("X-B", "d")], options.Headers);
        Assert.Equal((true, "no-cache", 5L), (options.Browse, options.CacheControl, options.CacheBytes));
        Assert.Equal("text/foo", options.ContentTypes[".foo"]);
        Assert.Equal(["zip"], options.AttachmentExtensions);
        using var handler = new StaticFileHandler(Repository.Path("wwwroot"), options);
    }

    // Headers bound to pairs without a name, or to nothing.
    [Theory]
    [InlineData("""{ "Headers": ["X-A"] }""", "Headers must be like \"X-Name: value\"; 'X-A' is not.")]
    [InlineData("""{ "Headers": { "X-A": "b" } }""", "Headers must be like \"X-Name: value\"; 'b' is not.")]
    [InlineData("""{ "Headers": ["X A: b"] }""", "Headers: ")]
    public void Headers_that_are_none_are_told_when_the_handler_is_created(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() =>
            new StaticFileHandler(Repository.Path("wwwroot"), Section(json).Get<StaticFileOptions>()!)).Message);

    [Fact]
    public void Pool_options_bind()
    {
        var options = Section("""{ "ThreadNamePrefix": "mine", "StopTimeout": "00:00:05", "Logger": "ignored", "TimeProvider": "ignored" }""").Get<WorkerPoolOptions>()!;
        Assert.Equal(("mine", TimeSpan.FromSeconds(5), TimeProvider.System), (options.ThreadNamePrefix, options.StopTimeout, options.TimeProvider));
    }

    // The source-generated binder hands a property's value to the constructor's parameter of the same name: where the types differed, an
    // application with that generator did not compile.
    [Fact]
    public void An_endpoints_constructor_takes_the_types_of_its_properties()
    {
        var port = typeof(HttpEndpoint).GetConstructors().Single().GetParameters().Single(static parameter => parameter.Name == "port");
        Assert.Equal(typeof(HttpEndpoint).GetProperty("Port")!.PropertyType, port.ParameterType);
    }

    private static IConfigurationSection Section(string json) => new ConfigurationBuilder()
        .AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "PipeServer": {{json}} }"""))).Build().GetSection("PipeServer");
}
