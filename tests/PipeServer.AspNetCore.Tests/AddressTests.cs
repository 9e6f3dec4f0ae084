using System.Net.Sockets;

namespace PipeServer.AspNetCore.Tests;

/// <summary>Where the server listens.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:")]
    [InlineData("http://localhost:0", "http://localhost:")]
    [InlineData("HTTP://LOCALHOST:0", "http://localhost:")]
    [InlineData("http://*:0", "http://[::]:")]
    [InlineData("http://+:0", "http://[::]:")]
    [InlineData("http://0.0.0.0:0", "http://0.0.0.0:")]
    public async Task A_free_port_is_filled_in(string url, string expected)
    {
        await using var host = await StartAsync(url);
        var address = Assert.Single(host.Addresses);
        Assert.StartsWith(expected, address, StringComparison.OrdinalIgnoreCase);
        var port = int.Parse(address[(address.LastIndexOf(':') + 1)..]);
        Assert.NotEqual(0, port);
        using var client = new HttpClient();
        Assert.Equal($"{port}", await client.GetStringAsync($"http://127.0.0.1:{port}/"));
    }

    [Fact]
    public async Task Localhost_is_both_loopback_addresses()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "This machine has no IPv6.");
        await using var host = await StartAsync("http://localhost:0");
        var port = host.Client.BaseAddress!.Port;
        using var client = new HttpClient();
        Assert.Equal($"{port}", await client.GetStringAsync($"http://127.0.0.1:{port}/"));
        Assert.Equal($"{port}", await client.GetStringAsync($"http://[::1]:{port}/"));
    }

    [Fact]
    public async Task Several_addresses_are_served()
    {
        await using var host = await StartAsync("http://127.0.0.1:0;http://localhost:0;http://127.0.0.1:0");
        Assert.Equal(3, host.Addresses.Count);
        Assert.Equal(3, host.Addresses.Distinct().Count());
        foreach (var address in host.Addresses)
        {
            using var client = new HttpClient();
            Assert.Equal($"{new Uri(address).Port}", await client.GetStringAsync(address));
        }
    }

    [Theory]
    [InlineData("unix:")]
    [InlineData("http://unix:")]
    public async Task A_unix_socket_is_served(string prefix)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using (var host = await StartAsync(prefix + path))
        {
            Assert.Equal([prefix + path], host.Addresses);
            using var client = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, token) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), token);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
            Assert.Equal("0", await client.GetStringAsync("http://localhost/"));
        }

        Assert.False(File.Exists(path));
    }

    [Theory]
    [InlineData("ftp://localhost:5000", "scheme must be http or https")]
    [InlineData("localhost:5000", "'localhost:5000' is not an address to listen at")]
    [InlineData("http://localhost:70000", "port must be from 0 to 65535")]
    [InlineData("http://localhost:5000/path", "UsePathBase")]
    [InlineData("http://pipe:/name", "named pipe")]
    [InlineData("unix:", "is not an address to listen at")]
    public async Task A_bad_address_is_an_error_that_says_why(string url, string reason)
    {
        var exception = await Assert.ThrowsAsync<FormatException>(() => StartAsync(url));
        Assert.Contains(reason, exception.Message);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_an_error()
    {
        await using var host = await StartAsync("http://127.0.0.1:0");
        var exception = await Assert.ThrowsAsync<ListenException>(() => StartAsync(host.Addresses[0]));
        Assert.Contains($":{host.Client.BaseAddress!.Port}", exception.Message);
    }

    [Fact]
    public async Task Endpoints_of_the_options_go_before_addresses()
    {
        await using var host = await ApplicationHost.StartAsync(
            static application => application.Run(static context => context.Response.WriteAsync("here")),
            static options => options.Server.Endpoints = [HttpEndpoint.Parse("127.0.0.1:0")],
            url: "http://127.0.0.1:1");
        Assert.Equal("here", await host.GetAsync("/"));
        Assert.Contains(host.Log.Lines, static line => line.StartsWith("Warning:") && line.Contains("http://127.0.0.1:1 are not used"));
    }

    private static Task<ApplicationHost> StartAsync(string url) => ApplicationHost.StartAsync(
        static application => application.Run(static context => context.Response.WriteAsync($"{context.Connection.LocalPort}")), url: url);
}
