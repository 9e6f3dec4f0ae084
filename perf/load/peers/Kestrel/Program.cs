using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using PipeServer.Load.Kestrel;

// The smallest Kestrel program that answers the harness's requests: one middleware, no routing, no logging. Files are served by the
// framework's static file middleware, as applications do: with ETag, Last-Modified, conditional requests and ranges.
// Arguments: port, folder of the files, where to write the report on exit; for TLS, the files of a certificate and its key; and http2 for nothing but that.
var isHttp2 = args[^1] == "http2";
var pair = args[3..(isHttp2 ? ^1 : ^0)];
var (port, root, report) = (int.Parse(args[0], CultureInfo.InvariantCulture), args[1], args[2]);
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.Services.Configure<HostOptions>(static options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
builder.WebHost.ConfigureKestrel(options => options.Listen(IPAddress.Loopback, port, listen =>
{
    if (isHttp2)
    {
        listen.Protocols = HttpProtocols.Http2;
    }
    else if (pair.Length > 0)
    {
        listen.Protocols = HttpProtocols.Http1;
    }

    if (pair is [var certificate, var key])
    {
        listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, key));
    }
}));
if (pair.Length > 0)
{
    builder.WebHost.UseKestrelHttpsConfiguration();
}

var app = builder.Build();
PeerApplication.Use(app, root);
await app.StartAsync();
Console.WriteLine("listening");
await app.WaitForShutdownAsync();
File.WriteAllText(report, JsonSerializer.Serialize(new PeerReport(GC.GetTotalAllocatedBytes(precise: true)), PeerJson.Default.PeerReport));
