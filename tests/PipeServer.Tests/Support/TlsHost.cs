using System.Net;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.Support;

/// <summary>
/// A TLS server for clients that others wrote, with the certificates that they need as files: a server of this process, or, where
/// <c>PIPESERVER_CLI</c> names one, the published file. It knows two names, <c>localhost</c> (ECDSA, and the default) and <c>rsa.test</c> (RSA).
/// </summary>
internal sealed class TlsHost : IAsyncDisposable
{
    /// <summary>The length of <c>/large.bin</c>.</summary>
    public const int LargeBytes = 1_000_000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pipeserver-tests-");
    private StaticFileHandler? _files;
    private HttpServer? _server;
    private CliProcess? _cli;

    private TlsHost()
    {
        Write("authority.pem", TestCertificates.Authority.ExportCertificatePem());
        Write("localhost.pem", TestCertificates.Localhost.Certificate.ExportCertificatePem());
        Write("localhost.key", KeyPem(TestCertificates.Localhost));
        Write("rsa.pem", Rsa.Certificate.ExportCertificatePem());
        Write("rsa.key", KeyPem(Rsa));
        Directory.CreateDirectory(Root);
        File.WriteAllBytes(Path.Combine(Root, "large.bin"), Large);
        File.WriteAllText(Path.Combine(Root, "index.html"), "<!DOCTYPE html><title>over TLS</title><h1>over TLS</h1><link rel=icon href=data:,>");
    }

    /// <summary>An RSA certificate, for <c>rsa.test</c>.</summary>
    public static TlsCertificate Rsa { get; } = TestCertificates.Create("rsa.test", isRsa: true);

    /// <summary>What <c>/large.bin</c> holds.</summary>
    public static byte[] Large { get; } = CreateLarge();

    public IPEndPoint EndPoint => _cli?.EndPoint ?? (IPEndPoint)_server!.EndPoints[0];

    public string Address => $"https://localhost:{EndPoint.Port}";

    /// <summary>The file of the root that clients must trust.</summary>
    public string AuthorityFile => Path.Combine(_folder.FullName, "authority.pem");

    /// <summary>A folder for what clients write.</summary>
    public string Folder => _folder.FullName;

    private string Root => Path.Combine(_folder.FullName, "root");

    public static async Task<TlsHost> StartAsync(TlsEngine engine)
    {
        var host = new TlsHost();
        if (ProgramUnderTest.PipeServer.IsPublished)
        {
            host._cli = CliProcess.Start(
                CliProcess.PipeServer, "serve", host.Root, "--demo", "--listen", "127.0.0.1:0,tls", "--tls-engine", engine.ToString().ToLowerInvariant(),
                "--tls-cert", host.PathOf("localhost.pem"), "--tls-key", host.PathOf("localhost.key"), "--tls-cert", host.PathOf("rsa.pem"), "--tls-key", host.PathOf("rsa.key"));
            await host._cli.ListeningAsync();
            return host;
        }

        host._files = new StaticFileHandler(host.Root);
        var options = new HttpServerOptions { Workers = 2, LoggerFactory = Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance };
        options.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0)
        {
            Tls = new TlsOptions
            {
                Certificates = TestCertificates.Source(("localhost", TestCertificates.Localhost), ("rsa.test", Rsa)),
                Engine = engine,
            },
        });
        host._server = new HttpServer(options);
        host._server.MapGet("/plaintext", static (_, response) => response.WriteText("Hello, World!"), Dispatch.Inline);
        host._server.MapGet("/worker/plaintext", static (_, response) => response.WriteText("Hello, World!"));
        host._server.MapPost("/echo", static async (HttpRequest request, HttpResponse response) => await request.Body.CopyToAsync(response.Body));
        host._server.MapFallback(host._files.TryHandle, host._files.HandleAsync);
        await host._server.StartAsync();
        return host;
    }

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

    /// <summary>The private key of a certificate, as PEM.</summary>
    public static string KeyPem(TlsCertificate certificate)
    {
        using var ecdsa = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(certificate.Certificate);
        using var rsa = System.Security.Cryptography.X509Certificates.RSACertificateExtensions.GetRSAPrivateKey(certificate.Certificate);
        return ecdsa?.ExportPkcs8PrivateKeyPem() ?? rsa!.ExportPkcs8PrivateKeyPem();
    }

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);

    private static byte[] CreateLarge()
    {
        var bytes = new byte[LargeBytes];
        new Random(17).NextBytes(bytes);
        return bytes;
    }
}
