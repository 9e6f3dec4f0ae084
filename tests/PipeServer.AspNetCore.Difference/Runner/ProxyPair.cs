using System.Net;

namespace Difference.Runner;

/// <summary>Two proxies, each with the application behind it on the same server.</summary>
public sealed class ProxyPair(TwoServers servers) : IAsyncLifetime
{
    private readonly List<WebApplication> _applications = [];

    internal IPEndPoint Kestrel { get; private set; } = null!;

    internal IPEndPoint PipeServer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Kestrel = await StartAsync(ServerChoice.Kestrel, servers.Kestrel);
        PipeServer = await StartAsync(ServerChoice.PipeServer, servers.PipeServer);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var application in _applications)
        {
            await application.DisposeAsync();
        }
    }

    private async Task<IPEndPoint> StartAsync(Action<IWebHostBuilder> server, ServerUnderComparison behind)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        server(builder.WebHost);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new() { RouteId = "all", ClusterId = "one", Match = new() { Path = "{**rest}" } }],
            [new() { ClusterId = "one", Destinations = new Dictionary<string, Yarp.ReverseProxy.Configuration.DestinationConfig>(StringComparer.Ordinal)
                { ["one"] = new() { Address = $"http://{behind.Plain}/" } } }]);
        var application = builder.Build();
        application.MapReverseProxy();
        _applications.Add(application);
        await application.StartAsync();
        return new IPEndPoint(IPAddress.Loopback, new Uri(application.Urls.Single()).Port);
    }
}
