using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PipeServer.AspNetCore.Tests.Support;

/// <summary>An application that runs on PipeServer on a free port, and clients for it. Every wait has a deadline.</summary>
internal sealed class ApplicationHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private ApplicationHost(WebApplication application, TestLog log)
    {
        Application = application;
        Log = log;
        Addresses = [.. application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
        Client = new HttpClient(new SocketsHttpHandler { ConnectCallback = UnixOrTcpAsync, UseCookies = false, AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(Addresses[0].StartsWith("unix:") ? "http://localhost" : Addresses[0].Replace("[::]", "127.0.0.1")),
            Timeout = Patience,
        };
    }

    public WebApplication Application { get; }

    public TestLog Log { get; }

    public IReadOnlyList<string> Addresses { get; }

    public HttpClient Client { get; }

    public PipeServerInstance Instance => Application.Services.GetRequiredService<PipeServerInstance>();

    public static Task<ApplicationHost> StartAsync(RequestDelegate answer, Action<PipeServerOptions>? configure = null) =>
        StartAsync(application => application.Run(answer), configure);

    public static async Task<ApplicationHost> StartAsync(
        Action<WebApplication> map, Action<PipeServerOptions>? configure = null, Action<WebApplicationBuilder>? build = null, string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateSlimBuilder();
        var log = new TestLog();
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseUrls(url).UsePipeServer(options =>
        {
            options.Server.DrainIdleTimeout = TimeSpan.FromMilliseconds(50);
            configure?.Invoke(options);
        });
        build?.Invoke(builder);
        var application = builder.Build();
        map(application);
        try
        {
            await application.StartAsync().WaitAsync(Patience);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        return new ApplicationHost(application, log);
    }

    public async Task<string> GetAsync(string path) => await Client.GetStringAsync(path);

    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(Client.BaseAddress!.Port);

    /// <summary>Sends a request as it is written, and reads until the server closes the connection. Say <c>Connection: close</c>.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        await using var client = await ConnectAsync();
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Application.StopAsync(new CancellationToken(true)).ContinueWith(static _ => { }, TaskScheduler.Default).WaitAsync(Patience);
        await Application.DisposeAsync();
    }

    private async ValueTask<Stream> UnixOrTcpAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var isUnix = Addresses[0].StartsWith("unix:");
        var socket = isUnix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(isUnix ? new UnixDomainSocketEndPoint(Addresses[0]["unix:".Length..]) : context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
