using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.FileProviders;
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
app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30), KeepAliveTimeout = TimeSpan.FromSeconds(20) });
app.Use(static (context, next) => IsRoute(context.Request.Path.Value) ? AnswerAsync(context) : next(context));
app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(root) });
await app.StartAsync();
Console.WriteLine("listening");
await app.WaitForShutdownAsync();
File.WriteAllText(report, JsonSerializer.Serialize(new PeerReport(GC.GetTotalAllocatedBytes(precise: true)), PeerJson.Default.PeerReport));

static bool IsRoute(string? path) =>
    path is "/plaintext" or "/json" or "/echo" or "/sleep" or "/ws" || path?.StartsWith("/hello/", StringComparison.Ordinal) == true;

static Task AnswerAsync(HttpContext context)
{
    var response = context.Response;
    switch (context.Request.Path.Value)
    {
        case "/plaintext":
            response.ContentType = "text/plain";
            response.ContentLength = 13;
            response.BodyWriter.Write("Hello, World!"u8);
            return Task.CompletedTask;
        case "/json":
            return response.WriteAsJsonAsync(new Greeting("Hello, World!"), PeerJson.Default.Greeting);
        case "/echo":
            response.ContentType = "application/octet-stream";
            response.ContentLength = context.Request.ContentLength;
            return context.Request.BodyReader.CopyToAsync(response.BodyWriter);
        case "/sleep": // for the drain suite
            return SleepAsync(context);
        case "/ws":
            return EchoMessagesAsync(context);
        default:
            return response.WriteAsync($"Hello, {context.Request.Path.Value!["/hello/".Length..]}!");
    }
}

// The same code as that of `pipeserver serve --demo`: see DemoRoutes there.
static async Task EchoMessagesAsync(HttpContext context)
{
    using var socket = await context.WebSockets.AcceptWebSocketAsync();
    while (true)
    {
        await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None);
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(socket.CloseStatus ?? WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

static async Task SleepAsync(HttpContext context)
{
    await Task.Delay(int.Parse(context.Request.Query["ms"].ToString(), CultureInfo.InvariantCulture), context.RequestAborted);
    await context.Response.WriteAsync("slept", context.RequestAborted);
}
