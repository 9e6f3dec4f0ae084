using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// A server for HTTP/2 clients that others wrote, with one endpoint: in clear text, where a client has to know that HTTP/2 is spoken, or over TLS by one of
/// the engines. It is a server of this process, or, where <c>PIPESERVER_CLI</c> names one, the published file with its demo routes.
/// </summary>
internal sealed class ClientHost : IAsyncDisposable
{
    /// <summary>The length of <c>/large.bin</c>.</summary>
    public const int LargeBytes = 10_000_000;

    /// <summary>How many requests <c>/meet</c> waits for before it answers any of them.</summary>
    public const int Meeting = 100;

    private const string ClearText = "h2c";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-tests-");
    private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _way;
    private StaticFileHandler? _files;
    private HttpServer? _server;
    private CliProcess? _cli;
    private int _meeting;
    private int _gone;

    private ClientHost(string way)
    {
        _way = way;
        Write("authority.pem", TestCertificates.Authority.ExportCertificatePem());
        Write("localhost.pem", TestCertificates.Localhost.Certificate.ExportCertificatePem());
        Write("localhost.key", TlsHost.KeyPem(TestCertificates.Localhost));
        Directory.CreateDirectory(Root);
        File.WriteAllBytes(Path.Combine(Root, "large.bin"), Large);
        File.WriteAllText(Path.Combine(Root, "small.txt"), "a small file\n");
    }

    /// <summary>Every way of speaking HTTP/2 that this system has.</summary>
    public static TheoryData<string> Ways => [ClearText, .. TlsFuzz.Engines.Select(static engine => engine.ToString())];

    /// <summary>What <c>/large.bin</c> holds.</summary>
    public static byte[] Large { get; } = CreateLarge();

    public bool IsTls => _way != ClearText;

    public IPEndPoint EndPoint => _cli?.EndPoint ?? (IPEndPoint)_server!.EndPoints[0];

    /// <summary>Where it is; by the name of its certificate.</summary>
    public string Address => $"{(IsTls ? "https" : "http")}://localhost:{EndPoint.Port}";

    /// <summary>The file of the root that clients must trust.</summary>
    public string AuthorityFile => PathOf("authority.pem");

    public static async Task<ClientHost> StartAsync(string way)
    {
        var host = new ClientHost(way);
        if (ProgramUnderTest.PipeServer.IsPublished)
        {
            host._cli = CliProcess.Start(
                CliProcess.PipeServer,
                [
                    "serve", host.Root, "--demo", "--listen", $"127.0.0.1:0,{(host.IsTls ? "tls" : ClearText)}",
                    .. host.IsTls ? host.TlsArguments() : [],
                ]);
            await host._cli.ListeningAsync();
            return host;
        }

        var endpoint = HttpEndpoint.Parse(host.IsTls ? "127.0.0.1:0,tls" : $"127.0.0.1:0,{ClearText}");
        if (host.IsTls)
        {
            endpoint.Tls = new TlsOptions { Certificates = TestCertificates.Source(), Engine = Enum.Parse<TlsEngine>(way) };
        }

        var options = new HttpServerOptions { Workers = 2, LoggerFactory = NullLoggerFactory.Instance };
        options.Endpoints.Add(endpoint);
        host._server = new HttpServer(options);
        host._files = new StaticFileHandler(host.Root);
        host.Map(host._server, host._files);
        await host._server.StartAsync();
        return host;
    }

    /// <summary>Compares what is too long for a message that shows it.</summary>
    public static void AssertSame(ReadOnlyMemory<byte> expected, byte[] received)
    {
        Assert.Equal(expected.Length, received.Length);
        Assert.Equal(expected.Length, expected.Span.CommonPrefixLength(received)); // otherwise where they differ
    }

    /// <summary>Skips a test that needs routes which the published file does not have.</summary>
    public void SkipWithoutItsRoutes() => Assert.SkipWhen(_cli is not null, "The command line has no such routes.");

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>A file of so many bytes for a client to send.</summary>
    public string UploadFile(int bytes)
    {
        var path = PathOf($"upload-{bytes}.bin");
        File.WriteAllBytes(path, Large[..bytes]);
        return path;
    }

    /// <summary>The framework's handler, that speaks to it over one connection as long as that lives.</summary>
    /// <param name="connected">Is called with each connection.</param>
    public SocketsHttpHandler CreateHandler(Action? connected = null) => new()
    {
        MaxConnectionsPerServer = 1,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { TestCertificates.Authority },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
        ConnectCallback = async (_, cancellationToken) =>
        {
            connected?.Invoke();
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(EndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _files?.Dispose();
        if (_cli is not null)
        {
            await _cli.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private string Root => Path.Combine(_folder.FullName, "root");

    private string[] TlsArguments() =>
        ["--tls-engine", _way.ToLowerInvariant(), "--tls-cert", PathOf("localhost.pem"), "--tls-key", PathOf("localhost.key")];

    private void Map(HttpServer server, StaticFileHandler files)
    {
        server.MapGet("/plaintext", static (_, response) => response.WriteText("Hello, World!"), Dispatch.Inline);
        server.MapGet("/worker/plaintext", static (_, response) => response.WriteText("Hello, World!"));
        server.MapGet("/cookie", static (request, response) => response.WriteText(request.Headers["Cookie"] ?? ""));
        server.MapGet("/gone", (_, response) => response.WriteText(Volatile.Read(ref _gone).ToString(CultureInfo.InvariantCulture)), Dispatch.Inline);
        server.MapGet("/meet", MeetAsync, Dispatch.Inline);
        server.MapPost("/echo", EchoAsync);
        server.MapPost("/duplex", static async (HttpRequest request, HttpResponse response) => await request.Body.CopyToAsync(response.Body));
        server.MapPost("/trailers", AnswerWithTrailersAsync);
        server.MapPost("/drop", DropAsync);
        server.MapGet("/endless", SendWithoutEndAsync);
        server.MapGet("/events", SendEventsAsync);
        server.MapGet("/ws", static (request, _) => EchoMessagesAsync(request), Dispatch.Inline);
        server.MapFallback(files.TryHandle, files.HandleAsync);
    }

    // A client may send all of its request before it reads: so the body is read whole before it is sent back.
    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.Aborted);
        response.WriteBytes(body.GetBuffer().AsSpan(0, (int)body.Length), request.Headers["Content-Type"] ?? "application/octet-stream");
    }

    // All of them are under way at once, or none is answered.
    private async ValueTask MeetAsync(HttpRequest request, HttpResponse response)
    {
        if (Interlocked.Increment(ref _meeting) == Meeting)
        {
            _met.SetResult();
        }

        await _met.Task.WaitAsync(request.Aborted);
        response.WriteText("met");
    }

    private static async ValueTask AnswerWithTrailersAsync(HttpRequest request, HttpResponse response)
    {
        response.DeclareTrailer("x-length");
        long length = 0;
        while (true)
        {
            var read = await request.Body.ReadAsync(request.Aborted);
            length += read.Buffer.Length;
            request.Body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                break;
            }
        }

        await response.Body.WriteAsync("a body"u8.ToArray(), request.Aborted);
        await response.Body.FlushAsync(request.Aborted);
        response.Trailers["x-length"] = length.ToString(CultureInfo.InvariantCulture);
        response.Trailers["x-received"] = request.Trailers["x-sent"] ?? "none";
    }

    // Its answer begins at once, so that the client knows when the handler is at work.
    private async ValueTask DropAsync(HttpRequest request, HttpResponse response)
    {
        try
        {
            await response.Body.FlushAsync(request.Aborted);
            while (true)
            {
                var read = await request.Body.ReadAsync(request.Aborted);
                request.Body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            Interlocked.Increment(ref _gone);
            throw;
        }
    }

    private async ValueTask SendWithoutEndAsync(HttpRequest request, HttpResponse response)
    {
        try
        {
            while (!(await response.Body.WriteAsync(Large.AsMemory(0, 16_000), request.Aborted)).IsCompleted)
            {
            }
        }
        finally
        {
            Interlocked.Increment(ref _gone);
        }
    }

    private async ValueTask SendEventsAsync(HttpRequest request, HttpResponse response)
    {
        await ServerSentEvents.RunAsync(request, response, static async events =>
        {
            for (var number = 1; await events.SendAsync(new($"{number}\nof many")); number++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), events.Ended);
            }
        });
        Interlocked.Increment(ref _gone);
    }

    private static async ValueTask EchoMessagesAsync(HttpRequest request)
    {
        using var socket = await request.AcceptWebSocketAsync();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private static byte[] CreateLarge()
    {
        var bytes = new byte[LargeBytes];
        new Random(18).NextBytes(bytes);
        return bytes;
    }
}
