using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PipeServer.Transport.Epoll;
using PipeServer.Transport.Sockets;

namespace PipeServer.Tests.Server;

/// <summary>Each transport at each kind of place, bound by the server or passed to it: it serves, says where, and stops in order.</summary>
public sealed partial class ListeningTests
{
    public static TheoryData<string, string, string> Matrix
    {
        get
        {
            var matrix = new TheoryData<string, string, string>();
            foreach (var transport in new[] { "epoll", "sockets" })
            {
                foreach (var place in new[] { "tcp4", "tcp6", "unix", "abstract" })
                {
                    matrix.Add(transport, place, "bound");
                    matrix.Add(transport, place, "passed");
                }
            }

            return matrix;
        }
    }

    // A passed unix socket had no address over epoll, and the program ended in an exception that nobody handled.
    [Theory]
    [MemberData(nameof(Matrix))]
    public async Task It_serves_says_where_and_stops(string transport, string place, string how)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || (transport == "sockets" && how == "bound" && place != "abstract"), "This is Linux's.");
        Assert.SkipUnless(place != "tcp6" || Socket.OSSupportsIPv6, "IPv6 is not available here.");
        var name = $"ps-{Guid.NewGuid():N}";
        var path = Path.Combine(Path.GetTempPath(), name + ".sock");
        using var passed = how == "passed" ? Listen(place, name, path) : null;
        HttpEndpoint asked = passed is not null ? HttpEndpoint.Inherited(Duplicate((int)passed.Handle)) : place switch
        {
            "tcp4" => HttpEndpoint.Parse("127.0.0.1:0"),
            "tcp6" => HttpEndpoint.Parse("[::1]:0"),
            "unix" => HttpEndpoint.Parse($"unix:{path}"),
            _ => HttpEndpoint.Parse($"unix:@{name}"),
        };
        try
        {
            await using var server = await TestServer.StartAsync(transport, MapHello, options => options.Endpoints = [asked]);
            var endPoint = Assert.Single(server.Server.EndPoints);
            var port = (endPoint as IPEndPoint)?.Port;
            var expected = place switch
            {
                "tcp4" => $"http://127.0.0.1:{port}",
                "tcp6" => $"http://[::1]:{port}",
                "unix" => $"unix:{path}",
                _ => $"unix:@{name}",
            };
            Assert.Equal(expected, Assert.Single(server.Server.Addresses));
            Assert.NotEqual(0, port);
            if (port is null)
            {
                Assert.Throws<InvalidOperationException>(() => server.Server.Address);
            }

            EndPoint target = place switch
            {
                "unix" => new UnixDomainSocketEndPoint(path),
                "abstract" => new UnixDomainSocketEndPoint("\0" + name),
                _ => endPoint,
            };
            for (var client = 0; client < 3; client++)
            {
                await using var one = await TestClient.ConnectAsync(target);
                Assert.Equal("hello", (await one.RequestAsync(TestClient.Get("/"))).Text);
                Assert.Equal("hello", (await one.RequestAsync(TestClient.Get("/"))).Text);
            }

            var report = await server.Server.StopAsync();
            Assert.Equal((ShutdownOutcome.Drained, 3L), (report.Outcome, report.Connections.Accepted));
            if (passed is null)
            {
                await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(target));
                Assert.False(File.Exists(path));
            }
            else
            {
                // Whoever passed it goes on with it.
                await using var waiting = await TestClient.ConnectAsync(target);
                Assert.Equal(place == "unix", File.Exists(path));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    // A socket that does not listen was accepted from, and each accept failed, for ever.
    [Theory]
    [InlineData("epoll", "datagram")]
    [InlineData("epoll", "bound")]
    [InlineData("sockets", "datagram")]
    [InlineData("sockets", "bound")]
    public async Task A_passed_socket_that_does_not_listen_fails_the_start(string transport, string kind)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sockets are passed on Linux.");
        using var socket = new Socket(AddressFamily.InterNetwork, kind == "datagram" ? SocketType.Dgram : SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var number = Duplicate((int)socket.Handle);
        var exception = await Assert.ThrowsAsync<ListenException>(() => TestServer.StartAsync(
            transport, MapHello, options => options.Endpoints = [HttpEndpoint.Inherited(number)]));
        Assert.Contains($"descriptor {number} is not a listening socket", exception.Message);

        // It was closed, whoever owned it: by a wrong number, a file of the runtime.
        using var left = new Microsoft.Win32.SafeHandles.SafeFileHandle(number, ownsHandle: true);
        Assert.Equal(new FileInfo($"/proc/self/fd/{socket.Handle}").LinkTarget, new FileInfo($"/proc/self/fd/{number}").LinkTarget);
    }

    // The system's "invalid argument" says nothing of the way out.
    [Theory]
    [InlineData("epoll", "[fe80::1]:0", "Cannot listen on [fe80::1]:0: an address of one link needs the name of its interface, like fe80::1%eth0.")]
    [InlineData("sockets", "[fe80::1]:0", "Cannot listen on [fe80::1]:0: an address of one link needs the name of its interface, like fe80::1%eth0.")]
    [InlineData("epoll", "[::ffff:127.0.0.1]:0", "Cannot listen on [::ffff:127.0.0.1]:0: write it as 127.0.0.1.")]
    [InlineData("sockets", "[::ffff:127.0.0.1]:0", "Cannot listen on [::ffff:127.0.0.1]:0: write it as 127.0.0.1.")]
    public async Task An_address_that_no_socket_takes_is_explained(string transport, string place, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && HasIPv6(), "Systems differ in what they take.");
        var exception = await Assert.ThrowsAsync<ListenException>(() => TestServer.StartAsync(
            transport, MapHello, options => options.Endpoints = [HttpEndpoint.Parse(place)]));
        Assert.Equal(expected, exception.Message);
    }

    // The bug: loops that had been started for the first of two places were given no time to end when the second was taken, and the log said
    // that a handler blocked them.
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_start_that_fails_at_its_second_place_blames_no_handler(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || transport == "sockets", "epoll is Linux's.");
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        taken.Listen();
        using var log = new TestLog();
        for (var attempt = 0; attempt < 20; attempt++)
        {
            await using var server = new HttpServer(new HttpServerOptions
            {
                Transport = transport == "epoll" ? new EpollTransport(new EpollTransportOptions { Loops = 4, Logger = log }) : new SocketTransport(),
                Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0), new HttpEndpoint(IPAddress.Loopback, ((IPEndPoint)taken.LocalEndPoint!).Port)],
                LoggerFactory = log,
            });
            await Assert.ThrowsAsync<ListenException>(() => server.StartAsync());
        }

        Assert.Equal(0, log.CountFrom(LogLevel.Error));
    }

    [Theory]
    [InlineData("epoll", 0)]
    [InlineData("sockets", 0)]
    public async Task Localhost_is_all_that_it_names_with_one_port(string transport, int port)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || transport == "sockets", "epoll is Linux's.");
        await using var server = await TestServer.StartAsync(transport, MapHello, options => options.Endpoints = [HttpEndpoint.Localhost(port)]);
        var places = server.Server.EndPoints.Cast<IPEndPoint>().ToList();
        Assert.Contains(places, static place => place.Address.Equals(IPAddress.Loopback));
        Assert.Equal(HasIPv6(), places.Exists(static place => place.Address.Equals(IPAddress.IPv6Loopback)));
        Assert.Single(places.Select(static place => place.Port).Distinct());
        Assert.Equal($"http://127.0.0.1:{places[0].Port}", server.Server.Addresses[0]);
        foreach (var place in places)
        {
            await using var client = await TestClient.ConnectAsync(place);
            Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }

        Assert.Equal(ShutdownOutcome.Drained, (await server.Server.StopAsync()).Outcome);
        foreach (var place in places)
        {
            await Assert.ThrowsAnyAsync<SocketException>(() => TestClient.ConnectAsync(place));
        }
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_fixed_port_of_localhost_that_is_taken_at_one_address_fails_the_start(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || transport == "sockets", "epoll is Linux's.");
        Assert.SkipUnless(HasIPv6(), "IPv6 is not available here.");
        using var taken = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        taken.Listen();
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var exception = await Assert.ThrowsAsync<ListenException>(() => TestServer.StartAsync(
            transport, MapHello, options => options.Endpoints = [HttpEndpoint.Localhost(port)]));
        Assert.StartsWith($"Cannot listen on localhost:{port}: it is in use.", exception.Message);
        // A process that another test starts has a copy of each descriptor for a moment.
        await Eventually.TrueAsync(() => !Answers(new IPEndPoint(IPAddress.Loopback, port)), "nobody listens at the other address any more");
    }

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    public async Task All_addresses_are_told_one_by_one(string place)
    {
        Assert.SkipUnless(place[0] == '0' || Socket.OSSupportsIPv6, "IPv6 is not available here.");
        await using var server = await TestServer.StartAsync("sockets", MapHello, options => options.Endpoints = [HttpEndpoint.Parse(place)]);
        var addresses = server.Server.Addresses;
        Assert.InRange(addresses.Count, 1, 16);
        Assert.Equal(addresses.Distinct(), addresses);
        Assert.Contains($"http://127.0.0.1:{((IPEndPoint)server.Server.EndPoints[0]).Port}", addresses);
        Assert.Equal(new Uri(addresses[0]), server.Server.Address);
        foreach (var address in addresses.Select(static address => new Uri(address)))
        {
            var ip = IPAddress.Parse(address.DnsSafeHost);
            Assert.False(ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any) || ip.IsIPv6LinkLocal);
            await using var client = await TestClient.ConnectAsync(new IPEndPoint(ip, address.Port));
            Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_passed_socket_for_IPv6_alone_is_told_without_IPv4(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && HasIPv6(), "IPv6 and Linux are needed.");
        using var passed = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = false };
        passed.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        passed.Listen(16);
        await using var server = await TestServer.StartAsync(
            transport, MapHello, options => options.Endpoints = [HttpEndpoint.Inherited(Duplicate((int)passed.Handle))]);
        Assert.Equal(passed.LocalEndPoint, Assert.Single(server.Server.EndPoints));
        Assert.Equal($"http://[::1]:{((IPEndPoint)passed.LocalEndPoint!).Port}", server.Server.Addresses[0]);
        Assert.DoesNotContain(server.Server.Addresses, static address => address.Contains("127.0.0.1"));
        await using var client = await TestClient.ConnectAsync(new IPEndPoint(IPAddress.IPv6Loopback, server.Server.Address.Port));
        Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
    }

    internal static void MapHello(HttpServer server) => server.MapGet("/", static (_, response) => response.WriteText("hello"));

    private static bool Answers(IPEndPoint place)
    {
        using var client = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            client.Connect(place);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool HasIPv6()
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static Socket Listen(string place, string name, string path)
    {
        EndPoint endPoint = place switch
        {
            "tcp4" => new IPEndPoint(IPAddress.Loopback, 0),
            "tcp6" => new IPEndPoint(IPAddress.IPv6Loopback, 0),
            "unix" => new UnixDomainSocketEndPoint(path),
            _ => new UnixDomainSocketEndPoint("\0" + name),
        };
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(endPoint);
        socket.Listen(16);
        return socket;
    }

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(int descriptor);
}
