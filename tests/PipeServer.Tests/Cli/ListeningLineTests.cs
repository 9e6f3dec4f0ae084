using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace PipeServer.Tests.Cli;

/// <summary>What the program says of the places at which it listens, or cannot.</summary>
[UnsupportedOSPlatform("windows")] // but for those that are skipped there
public sealed partial class ListeningLineTests : IDisposable
{
    private const int F_SETFD = 2;

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-lines-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // A passed unix socket ended the program over epoll with an exception that nobody handled.
    [Theory]
    [InlineData("epoll", "unix")]
    [InlineData("epoll", "abstract")]
    [InlineData("epoll", "tcp6")]
    [InlineData("sockets", "unix")]
    [InlineData("sockets", "abstract")]
    [InlineData("sockets", "tcp6")]
    public async Task A_passed_socket_is_served_and_told(string transport, string place)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "systemd is Linux's.");
        Assert.SkipUnless(place != "tcp6" || Socket.OSSupportsIPv6, "IPv6 is not available here.");
        var path = Path.Combine(_folder, "a.sock");
        EndPoint endPoint = place switch
        {
            "unix" => new UnixDomainSocketEndPoint(path),
            "abstract" => new UnixDomainSocketEndPoint("\0" + path),
            _ => new IPEndPoint(IPAddress.IPv6Loopback, 0),
        };
        using var passed = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        passed.Bind(endPoint);
        passed.Listen(16);
        Assert.Equal(0, Control((int)passed.Handle, F_SETFD, 0)); // heirs may have it
        await using var cli = CliProcess.StartShell(
            $"exec 3<&{passed.Handle}; export LISTEN_PID=$$ LISTEN_FDS=1; exec {CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --demo --transport {transport}");
        await ServingAsync(cli);
        Assert.Equal($"Listening on {(place == "tcp6" ? $"http://{passed.LocalEndPoint}" : $"unix:{(place == "unix" ? "" : "@")}{path}")}", cli.Output[0]);
        await using (var client = await TestClient.ConnectAsync(passed.LocalEndPoint!))
        {
            Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/plaintext"))).Text);
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Empty(cli.Errors);
    }

    [Fact]
    public async Task Localhost_a_mode_and_an_abstract_name_are_told_place_by_place()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Abstract names are Linux's.");
        await using (var cli = CliProcess.Start(CliProcess.PipeServer, "serve", _folder, "--address", "localhost", "--port", "0"))
        {
            await ServingAsync(cli);
            await cli.ListeningAsync();
            Assert.Equal($"Listening on http://127.0.0.1:{cli.EndPoint.Port}", cli.Output[0]);
            Assert.Equal(cli.Output.Contains($"Listening on http://[::1]:{cli.EndPoint.Port}"), cli.Output.Count(static line => line.StartsWith("Listening on ")) == 2);
        }

        await using (var cli = CliProcess.Start(
            CliProcess.PipeServer, "serve", _folder, "--address", $"unix:{_folder}/a,b.sock", "--listen", $"unix:{_folder}/c,,d.sock,mode=600", "--socket-mode", "0660"))
        {
            await ServingAsync(cli);
            Assert.Equal([$"Listening on unix:{_folder}/a,b.sock", $"Listening on unix:{_folder}/c,d.sock"], cli.Output.Take(2));
            Assert.Equal("660 600", $"{Convert.ToString((int)File.GetUnixFileMode($"{_folder}/a,b.sock"), 8)} {Convert.ToString((int)File.GetUnixFileMode($"{_folder}/c,d.sock"), 8)}");
            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());
            Assert.Empty(Directory.GetFiles(_folder));
        }

        await using (var cli = CliProcess.Start(CliProcess.PipeServer, "serve", _folder, "--address", $"unix:@{_folder}"))
        {
            await ServingAsync(cli);
            Assert.Equal($"Listening on unix:@{_folder}", cli.Output[0]);
            await using var client = await TestClient.ConnectAsync(new UnixDomainSocketEndPoint("\0" + _folder));
            Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/"))).Status);
            Assert.Empty(Directory.GetFiles(_folder));
        }
    }

    [Fact]
    public async Task All_addresses_are_told_as_the_machines_own()
    {
        await using var cli = CliProcess.Start(CliProcess.PipeServer, "serve", _folder, "--address", "0.0.0.0", "--port", "0");
        await ServingAsync(cli);
        await cli.ListeningAsync();
        Assert.Equal($"Listening on http://127.0.0.1:{cli.EndPoint.Port}", cli.Output[0]);
        Assert.DoesNotContain(cli.Output, static line => line.Contains("0.0.0.0:"));
    }

    [Theory]
    [InlineData("--address unix:FOLDER/missing/a.sock", "cannot listen on unix:FOLDER/missing/a.sock: there is no folder FOLDER/missing, or the process may not look into it. Create it, or choose another path.")]
    [InlineData("--address unix:FOLDER", "cannot listen on unix:FOLDER: it is a folder. Choose a path in it.")]
    [InlineData("--address 198.51.100.1", "cannot listen on 198.51.100.1 port 7878: this machine does not have that address. Choose one of its own with --address.")]
    [InlineData("--address unix:FOLDER/a.sock --socket-group no-such-group", "cannot listen on unix:FOLDER/a.sock: there is no group 'no-such-group' for its file. Name one of getent group, or its number.")]
    [InlineData("--address unix:FOLDER/a.sock --socket-mode 888", "--socket-mode must be octal, from 0 to 777, like 660; '888' is not.")]
    [InlineData("--address unix:FOLDER/a.sock --socket-mode 4660", "--socket-mode must be octal, from 0 to 777, like 660; '4660' is not.")]
    [InlineData("--address unix:@a --socket-mode 660", "--socket-mode cannot be given to unix:@a: an abstract name has no file, and everybody may connect. Choose a path.")]
    [InlineData("--address unix:@a --socket-group daemon", "--socket-group cannot be given to unix:@a: an abstract name has no file, and everybody may connect. Choose a path.")]
    [InlineData("--socket-mode 660", "--socket-mode is for the file of a unix socket, and the server listens on none. A passed socket has been given its own.")]
    [InlineData("--address unix:@", "--address unix:@: A unix socket cannot listen there: the abstract name must have from 1 to 102 bytes; the file of that name is ./@.")]
    [InlineData("--listen unix:/a,b", "--listen: 'unix:/a,b' is not an endpoint: there is no option 'b'; the options are proxy, tls, h1 behind tls, h2c, redirect or redirect=PORT, and behind unix:PATH mode=660 and group=NAME (a comma in the path is written twice).")]
    public async Task What_is_in_the_way_of_a_place_is_one_line(string options, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has other paths.");
        var arguments = options.Replace("FOLDER", _folder).Split(' ');
        await using var cli = CliProcess.Start(CliProcess.PipeServer, ["serve", _folder, .. arguments]);
        Assert.Equal(1, await cli.EndAsync());
        Assert.StartsWith($"pipeserver: {expected.Replace("FOLDER", _folder)}", Assert.Single(cli.Errors));
        Assert.Empty(cli.Output);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private static Task ServingAsync(CliProcess cli) => Eventually.TrueAsync(() => cli.Output.Any(static line => line.StartsWith("Serving ")), "it serves");

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);
}
