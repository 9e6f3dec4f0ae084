using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;

namespace PipeServer.Tests.Server;

/// <summary>Who may connect to a unix socket, and what is said of a place that cannot be had.</summary>
[UnsupportedOSPlatform("windows")] // but for those that are skipped there
public sealed class UnixSocketAccessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-access-").FullName;

    private string SocketPath => Path.Combine(_folder, "a.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("epoll", "660")]
    [InlineData("epoll", "222")] // wider than the umask allows
    [InlineData("sockets", "600")]
    [InlineData("sockets", "777")]
    public async Task A_file_gets_the_mode_and_the_group_of_its_endpoint(string transport, string mode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "stat(1) is asked in the words of GNU.");
        var group = Environment.IsPrivilegedProcess ? "daemon" : Run("id", "-gn");
        await using (var server = await TestServer.StartAsync(
            transport, ListeningTests.MapHello, options => options.Endpoints = [HttpEndpoint.Parse($"unix:{SocketPath},mode={mode},group={group}")]))
        {
            Assert.Equal($"{mode} {group}", Run("stat", "-c", "%a %G", SocketPath));
            Assert.Equal($"unix:{SocketPath}", Assert.Single(server.Server.Addresses));
            await using var client = await TestClient.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
            Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
        }

        Assert.False(File.Exists(SocketPath));
    }

    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task The_servers_mode_is_for_files_that_have_none_of_their_own(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's.");
        var second = SocketPath + "2";
        await using var server = await TestServer.StartAsync(transport, ListeningTests.MapHello, options =>
        {
            options.SocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite;
            options.SocketGroup = Run("id", "-g");
            options.Endpoints = [HttpEndpoint.Unix(SocketPath), HttpEndpoint.Parse($"unix:{second},mode=200"), HttpEndpoint.Parse("127.0.0.1:0")];
        });
        Assert.Equal("620", Run("stat", "-c", "%a", SocketPath));
        Assert.Equal("200", Run("stat", "-c", "%a", second));
    }

    // A file of a mode that its owner cannot read was not known for a socket: after a crash the server did not start again.
    [Theory]
    [InlineData("epoll")]
    [InlineData("sockets")]
    public async Task A_stale_file_of_any_mode_is_replaced(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's.");
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(SocketPath + ".dead"));
            File.Move(SocketPath + ".dead", SocketPath);
        }

        File.SetUnixFileMode(SocketPath, UnixFileMode.UserWrite);
        await using var server = await TestServer.StartAsync(
            transport, ListeningTests.MapHello, options => options.Endpoints = [HttpEndpoint.Parse($"unix:{SocketPath},mode=200")]);
        await using var client = await TestClient.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath));
        Assert.Equal("hello", (await client.RequestAsync(TestClient.Get("/"))).Text);
    }

    [Theory]
    [InlineData("epoll", "missing/a.sock", "there is no folder FOLDER/missing, or the process may not look into it. Create it, or choose another path.")]
    [InlineData("sockets", "missing/a.sock", "there is no folder FOLDER/missing, or the process may not look into it. Create it, or choose another path.")]
    [InlineData("epoll", "file", "there is a file that is not a socket. Move it away, or choose another path.")]
    [InlineData("sockets", "file", "there is a file that is not a socket. Move it away, or choose another path.")]
    [InlineData("epoll", "file/a.sock", "there is no folder FOLDER/file, or")]
    [InlineData("sockets", "file/a.sock", "there is no folder FOLDER/file, or")]
    [InlineData("epoll", "folder", "it is a folder. Choose a path in it.")]
    [InlineData("sockets", "folder", "it is a folder. Choose a path in it.")]
    [InlineData("epoll", "taken", "it is in use. Stop the other program, or choose another path.")]
    [InlineData("sockets", "taken", "it is in use. Stop the other program, or choose another path.")]
    [InlineData("epoll", "a.sock,group=no-such-group", "there is no group 'no-such-group' for its file. Name one of getent group, or its number.")]
    [InlineData("sockets", "a.sock,group=no-such-group", "there is no group 'no-such-group' for its file. Name one of getent group, or its number.")]
    [InlineData("epoll", "a.sock,mode=660,group=0", "its file cannot be given the group '0': the process must be a member of it, or root.")]
    [InlineData("epoll", "locked/a.sock", "permission denied. The process must be allowed to write to the folder FOLDER/locked.")]
    [InlineData("sockets", "locked/a.sock", "permission denied. The process must be allowed to write to the folder FOLDER/locked.")]
    public async Task What_is_in_the_way_of_a_unix_socket_is_said(string transport, string place, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's.");
        Assert.SkipWhen(Environment.IsPrivilegedProcess && expected.Contains("must be"), "Nothing is forbidden to root.");
        Directory.CreateDirectory(Path.Combine(_folder, "folder"));
        Directory.CreateDirectory(Path.Combine(_folder, "locked"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(Path.Combine(_folder, "file"), "not a socket");
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "taken")));
        other.Listen();
        var endpoint = HttpEndpoint.Parse($"unix:{_folder}/{place}");
        var exception = await Assert.ThrowsAsync<ListenException>(() => TestServer.StartAsync(
            transport, ListeningTests.MapHello, options => options.Endpoints = [endpoint]));
        Assert.StartsWith($"Cannot listen on {endpoint}: {expected.Replace("FOLDER", _folder)}", exception.Message);
        Assert.EndsWith(exception.Explanation, exception.Message);
        Assert.False(File.Exists(SocketPath), "a file is left");
        Assert.True(File.Exists(Path.Combine(_folder, "taken")));
        Assert.Equal("not a socket", await File.ReadAllTextAsync(Path.Combine(_folder, "file")));
    }

    [Theory]
    [InlineData("epoll", "198.51.100.1:0", "this machine does not have that address.")]
    [InlineData("sockets", "198.51.100.1:0", "this machine does not have that address.")]
    [InlineData("epoll", "[2001:db8::1]:0", "this machine ")] // has no such address, or no IPv6
    [InlineData("sockets", "[2001:db8::1]:0", "this machine ")]
    [InlineData("epoll", "fd:1000", "descriptor 1000 is not a listening socket")]
    [InlineData("sockets", "fd:1000", "descriptor 1000 is not a listening socket")]
    public async Task What_is_in_the_way_of_another_place_is_said(string transport, string place, string expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "epoll is Linux's.");
        var exception = await Assert.ThrowsAsync<ListenException>(() => TestServer.StartAsync(
            transport, ListeningTests.MapHello, options => options.Endpoints = [HttpEndpoint.Parse(place)]));
        Assert.StartsWith($"Cannot listen on {place}: {expected}", exception.Message);
    }

    [Theory]
    [InlineData("127.0.0.1:0", "SocketMode is for the file of a unix socket, and the server listens on none.")]
    [InlineData("fd:3", "SocketMode is for the file of a unix socket, and the server listens on none.")]
    [InlineData("unix:@a", "SocketMode cannot be given to unix:@a: an abstract name has no file")]
    public void A_mode_that_would_have_no_effect_is_refused(string place, string expected)
    {
        var options = new HttpServerOptions { SocketMode = UnixFileMode.UserWrite, Endpoints = [HttpEndpoint.Parse(place)] };
        Assert.StartsWith(expected, Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
        var endpoint = HttpEndpoint.Parse(place);
        endpoint.SocketGroup = "daemon";
        options = new HttpServerOptions { Endpoints = [endpoint] };
        Assert.StartsWith("SocketMode and SocketGroup are for the file of a unix socket", Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
    }

    [Fact]
    public void Modes_and_groups_that_cannot_be_are_refused()
    {
        var options = new HttpServerOptions { SocketMode = UnixFileMode.SetUser, UnixSocketPath = "/a" };
        Assert.StartsWith("SocketMode must be from 0 to 777 in octal, and is 4000", Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
        options = new HttpServerOptions { SocketGroup = "", UnixSocketPath = "/a" };
        Assert.StartsWith("SocketGroup must not be empty", Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
        options = new HttpServerOptions { UnixSocketPath = "@" };
        Assert.StartsWith("UnixSocketPath cannot be listened on: the abstract name must have", Assert.Throws<ArgumentException>(() => new HttpServer(options)).Message);
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
