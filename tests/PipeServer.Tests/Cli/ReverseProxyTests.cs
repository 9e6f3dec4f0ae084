using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace PipeServer.Tests.Cli;

/// <summary>
/// Debian's nginx, HAProxy and Caddy in front of the program, where they are installed, set up as docs/behind-a-proxy.md says: the clients are those of the
/// proxy, however they lie about it.
/// </summary>
public sealed class ReverseProxyTests : IDisposable
{
    private const string Client = "127.0.0.9";

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-proxy-").FullName;

    private string LogPath => Path.Combine(_folder, "access.log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task Nginx_names_its_clients()
    {
        string[] settings = ["proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "proxy_set_header X-Forwarded-Proto $scheme;", "proxy_set_header Host $host;"];
        PageHas(settings);
        return LogAndRateHaveTheClientAsync("x-forwarded-for", "127.0.0.2", "/usr/sbin/nginx", NginxArguments(), (server, place) => Nginx(server, place, settings));
    }

    [Fact]
    public Task Nginx_names_its_clients_by_Forwarded() => LogAndRateHaveTheClientAsync(
        "forwarded", "127.0.0.2", "/usr/sbin/nginx", NginxArguments(),
        (server, place) => Nginx(server, place, ["proxy_set_header Forwarded \"$http_forwarded, for=$remote_addr;proto=$scheme\";"]));

    [Fact]
    public Task HAProxy_names_its_clients()
    {
        string[] settings = ["option forwardfor", "http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]"];
        PageHas(settings);
        return LogAndRateHaveTheClientAsync(
            "x-forwarded-for", "127.0.0.2", "/usr/sbin/haproxy", ["-db", "-f", Configuration],
            (server, place) => $"""
                defaults
                  mode http
                  timeout connect 20s
                  timeout client 20s
                  timeout server 20s
                listen test
                  bind {place}
                  {string.Join("\n  ", settings)}
                  server pipeserver {server} source 127.0.0.2

                """);
    }

    [Fact]
    public Task Caddy_names_its_clients()
    {
        PageHas("reverse_proxy 127.0.0.1:7878");
        return LogAndRateHaveTheClientAsync(
            "x-forwarded-for", "127.0.0.1", "/usr/bin/caddy", ["run", "--adapter", "caddyfile", "--config", Configuration],
            static (server, place) => $$"""
                {
                  admin off
                  auto_https off
                }
                http://:{{place.Port}} {
                  bind 127.0.0.1
                  reverse_proxy {{server}}
                }

                """);
    }

    private string Configuration => Path.Combine(_folder, "proxy.conf");

    private string[] NginxArguments() => ["-e", Path.Combine(_folder, "error.log"), "-p", _folder, "-c", Configuration];

    // One process, which keeps all that it writes in the folder.
    private string Nginx(IPEndPoint server, IPEndPoint place, string[] settings)
    {
        var paths = string.Concat(
            new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(name => $"  {name}_temp_path {_folder}/{name};\n"));
        return $$"""
            daemon off;
            master_process off;
            pid {{_folder}}/nginx.pid;
            error_log {{_folder}}/error.log;
            events { }
            http {
              access_log off;
            {{paths}}
              upstream pipeserver {
                server {{server}};
                keepalive 1;
              }
              server {
                listen {{place}};
                location / {
                  proxy_pass http://pipeserver;
                  proxy_bind 127.0.0.2;
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  {{string.Join(' ', settings)}}
                }
              }
            }
            """;
    }

    private async Task LogAndRateHaveTheClientAsync(
        string header, string proxy, string program, string[] arguments, Func<IPEndPoint, IPEndPoint, string> configure)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Each address of 127.0.0.0/8 is this machine's on Linux.");
        Assert.SkipUnless(File.Exists(program), $"{program} is not installed.");
        await using var cli = await CliProcess.ServeAsync(
            "--trusted-proxy", proxy, "--forwarded", header, "--access-log", LogPath, "--access-log-format", "%h %s %{Referer}i", "--rate-limit", "3/m");
        var place = FreePlace();
        await File.WriteAllTextAsync(Configuration, configure(cli.EndPoint, place));
        await RunAsync(program, arguments, place, async () =>
        {
            string[] lies =
            [
                "", "X-Forwarded-For: 203.0.113.66\r\nForwarded: for=203.0.113.66\r\n",
                "X-Forwarded-For: 127.0.0.2, nonsense\r\nX-Forwarded-For: 203.0.113.66\r\nForwarded: for=\"203.0.113.66\r\n",
            ];
            for (var i = 0; i < 4; i++)
            {
                Assert.Equal(i < 3 ? 200 : 429, await StatusAsync(Client, place, lies[i % 3], $"proxied-{i}"));
            }

            Assert.Equal(200, await StatusAsync("127.0.0.10", place, lies[1], "another"));

            // Past the proxy the same words mean nothing.
            Assert.Equal(200, await StatusAsync("127.0.0.11", cli.EndPoint, lies[1], "direct"));
        });
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Equal(
            [
                $"{Client} 200 proxied-0", $"{Client} 200 proxied-1", $"{Client} 200 proxied-2", $"{Client} 429 proxied-3", "127.0.0.10 200 another",
                "127.0.0.11 200 direct",
            ],
            await File.ReadAllLinesAsync(LogPath));
        Assert.Contains(cli.Output.Concat(cli.Errors), static line => line.Contains($"Refused {Client}: 429"));
    }

    // The port is one that was free a moment ago.
    private static IPEndPoint FreePlace()
    {
        using var reserved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)reserved.LocalEndPoint!;
    }

    private static async Task<int> StatusAsync(string from, IPEndPoint place, string fields, string referer)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(place).WaitAsync(TestClient.Patience);
        await using var client = new TestClient(new NetworkStream(socket));
        return (await client.RequestAsync($"GET / HTTP/1.1\r\nHost: a\r\nReferer: {referer}\r\n{fields}\r\n")).Status;
    }

    private async Task RunAsync(string program, string[] arguments, IPEndPoint place, Func<Task> act)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        (start.Environment["HOME"], start.Environment["XDG_DATA_HOME"], start.Environment["XDG_CONFIG_HOME"]) = (_folder, _folder, _folder);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await using (await TestClient.ConnectWhenListeningAsync(place))
            {
            }

            await act();
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync().WaitAsync(TestClient.Patience);
        }

        _ = await output + await errors;
    }

    private static void PageHas(params string[] settings)
    {
        var page = File.ReadAllText(Repository.Path("docs", "behind-a-proxy.md"));
        Assert.All(settings, setting => Assert.Contains(setting, page));
    }
}
