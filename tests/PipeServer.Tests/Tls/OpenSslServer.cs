using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PipeServer.Tls.OpenSsl;

namespace PipeServer.Tests.Tls;

/// <summary>A server with TLS endpoints by OpenSSL, and clients for it: SslStream, and the program openssl.</summary>
internal sealed class OpenSslServer : IAsyncDisposable
{
    private readonly TestServer _server;

    private OpenSslServer(TestServer server) => _server = server;

    public HttpServer Server => _server.Server;

    public TestLog Log => _server.Log;

    public static void SkipWhereMissing() =>
        Assert.SkipUnless(OpenSslEngine.IsSupported, "OpenSSL 3 is not installed. On Debian: apt install libssl3");

    public static TlsOptions Options(ITlsCertificateSource? source = null) =>
        new() { Engine = TlsEngine.OpenSsl, Certificates = source ?? TestCertificates.Source(("localhost", TestCertificates.Localhost)) };

    public static async Task<OpenSslServer> StartAsync(
        string transport = "epoll", Action<HttpServer>? map = null, Action<HttpServerOptions>? configure = null, params TlsOptions[] endpoints)
    {
        SkipWhereMissing();
        return new OpenSslServer(await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/info", Info, Dispatch.Inline);
                map?.Invoke(server);
            },
            options =>
            {
                foreach (var tls in endpoints is [] ? [Options()] : endpoints)
                {
                    options.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0) { Tls = tls });
                }

                configure?.Invoke(options);
            }));
    }

    public async Task<Stream> ConnectAsync(
        Action<SslClientAuthenticationOptions>? configure = null, int endpoint = 0, Func<Stream, Stream>? wrap = null, bool isBlocking = false)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000 };
        if (isBlocking)
        {
#pragma warning disable CA1849, VSTHRD103 // Asynchronous calls would make it a non-blocking socket, whose waits allocate.
            socket.Connect(Server.EndPoints[endpoint]);
            var blocking = new SslStream(new NetworkStream(socket, ownsSocket: true));
            blocking.AuthenticateAsClient(ClientOptions());
#pragma warning restore CA1849, VSTHRD103
            return blocking;
        }

        await socket.ConnectAsync(Server.EndPoints[endpoint]);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        var ssl = new SslStream(wrap?.Invoke(stream) ?? stream);
        var options = ClientOptions();
        configure?.Invoke(options);
        try
        {
            await ssl.AuthenticateAsClientAsync(options).WaitAsync(TestClient.Patience);
            return ssl;
        }
        catch
        {
            await ssl.DisposeAsync();
            throw;
        }
    }

    public static SslClientAuthenticationOptions ClientOptions() => new()
    {
        TargetHost = "localhost",
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { TestCertificates.Authority },
            RevocationMode = X509RevocationMode.NoCheck,
        },
        AllowTlsResume = false,
    };

    public async Task<TestClient> ConnectHttpAsync(Action<SslClientAuthenticationOptions>? configure = null, int endpoint = 0, Func<Stream, Stream>? wrap = null) =>
        new(await ConnectAsync(configure, endpoint, wrap));

    public async Task<string> GetInfoAsync(Action<SslClientAuthenticationOptions>? configure = null)
    {
        await using var client = await ConnectHttpAsync(configure);
        return (await client.RequestAsync(TestClient.Get("/info"))).Text;
    }

    /// <summary>What openssl s_client says when it has sent a request for /info, and the answer.</summary>
    public Task<string> RunClientAsync(string arguments, int endpoint = 0, string? input = null) => RunOpenSslAsync(
        $"s_client -connect 127.0.0.1:{((IPEndPoint)Server.EndPoints[endpoint]).Port} {arguments}",
        input ?? "GET /info HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    public static async Task<string> RunOpenSslAsync(string arguments, string input = "")
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/openssl"), "The program openssl is not installed. On Debian: apt install openssl");
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/openssl", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.StandardInput.WriteAsync(input);
            await process.StandardInput.FlushAsync();
            await process.WaitForExitAsync().WaitAsync(TestClient.Patience);
        }
        catch (IOException)
        {
            await process.WaitForExitAsync().WaitAsync(TestClient.Patience); // it has ended before it has read its input
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }

        lock (output)
        {
            return output.ToString();
        }

        void Add(string? line)
        {
            lock (output)
            {
                output.Append(line).Append('\n');
            }
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static void Info(HttpRequest request, HttpResponse response)
    {
        var tls = request.Tls!;
        response.WriteText(
            $"version={tls.Version} suite={tls.CipherSuite} name={tls.ServerName ?? "-"} alpn={tls.ApplicationProtocol ?? "-"} "
            + $"client={tls.ClientCertificate?.Subject ?? "-"} resumed={tls.IsResumed} https={request.IsHttps}");
    }
}
