using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using PipeServer.Hosting;

namespace PipeServer.AspNetCore;

/// <summary>
/// How an ASP.NET Core application is served. Bound from the configuration's section <c>PipeServer</c> (<c>PipeServer:Dispatch</c>,
/// <c>PipeServer:Server:MaxConnections</c>, …), then changed by the action that <c>UsePipeServer</c> was given.
/// </summary>
/// <remarks>Not thread-safe. It is read and checked once, when the server starts; changes after that have no effect.</remarks>
public sealed class PipeServerOptions
{
    private readonly ILoggerFactory _ownLogs;

    /// <summary>Creates the defaults.</summary>
    public PipeServerOptions() => _ownLogs = Server.LoggerFactory;

    /// <summary>
    /// The server's own options, all of them. Differing from a server that stands alone: <see cref="HttpServerOptions.RequestMetrics"/> and
    /// <see cref="HttpServerOptions.Activities"/> are off, because ASP.NET Core emits <c>http.server.*</c> and an activity for each request itself, while the
    /// server's <c>pipeserver.*</c> stay, by the host's meter factory; the log goes to the host's loggers; and
    /// <see cref="HttpServerOptions.ShutdownGracePeriod"/>, which is <see cref="TimeSpan.MinValue"/> until somebody sets it, is what the host has for its
    /// stop then: <c>HostOptions.ShutdownTimeout</c>, less <see cref="HttpServerOptions.DrainDelay"/> and a tenth, at most a second, for what comes after.
    /// </summary>
    /// <remarks>
    /// Where there are <see cref="HttpServerOptions.Endpoints"/>, the host's addresses (<c>--urls</c>, <c>ASPNETCORE_URLS</c>) are not used, unless the host
    /// prefers them. <see cref="HttpServerOptions.Address"/>, <see cref="HttpServerOptions.Port"/>, <see cref="HttpServerOptions.UnixSocketPath"/> and
    /// <see cref="HttpServerOptions.ListenDescriptor"/> mean nothing here.
    /// </remarks>
    public HttpServerOptions Server { get; } = new()
    {
        RequestMetrics = false,
        Activities = false,
        ShutdownGracePeriod = ShutdownTime.NotSet,
    };

    /// <summary>
    /// Where the application runs. Default: <see cref="Dispatch.Worker"/>, which may block. <see cref="Dispatch.Inline"/> is the fastest, and only for an
    /// application of which no middleware and no endpoint ever blocks: one that does holds up other connections.
    /// </summary>
    public Dispatch Dispatch { get; set; } = Dispatch.Worker;

    /// <summary>
    /// Allow the synchronous reads and writes of body streams, which hold up a thread while they wait. Default: no, they throw
    /// <see cref="InvalidOperationException"/>. For one request: <c>IHttpBodyControlFeature</c>.
    /// </summary>
    public bool AllowSynchronousIO { get; set; }

    /// <summary>
    /// The certificate for https addresses, with its private key. Null, the default, for <see cref="CertificatePath"/>, or else, where
    /// <see cref="HttpServerOptions.Tls"/> has none either, the developer certificate of ASP.NET Core (<c>dotnet dev-certs https</c>).
    /// </summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>
    /// The file of that certificate: PEM, with its chain, or PKCS#12 where the name ends in <c>.pfx</c> or <c>.p12</c>. Null, the default, for none.
    /// </summary>
    public string? CertificatePath { get; set; }

    /// <summary>The PEM file of its key, where it lies in another one than the certificate. Null, the default.</summary>
    public string? CertificateKeyPath { get; set; }

    /// <summary>The password of a PKCS#12 file. Null, the default, for none.</summary>
    public string? CertificatePassword { get; set; }

    /// <summary>The log is where it is by default, so that the host's loggers take its place.</summary>
    internal bool LogsByDefault => ReferenceEquals(Server.LoggerFactory, _ownLogs);
}
