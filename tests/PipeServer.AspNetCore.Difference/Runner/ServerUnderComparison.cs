using System.Net;
using Difference.Application;

namespace Difference.Runner;

/// <summary>The application, running on one of the two servers: over plain HTTP on one port of the loopback, over TLS on another.</summary>
internal sealed class ServerUnderComparison : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ServerUnderComparison(WebApplication application)
    {
        _application = application;
        var urls = application.Urls.Select(static url => new Uri(url)).ToList();
        Plain = new IPEndPoint(IPAddress.Loopback, urls.Single(static url => url.Scheme == "http").Port);
        Secure = new IPEndPoint(IPAddress.Loopback, urls.Single(static url => url.Scheme == "https").Port);
    }

    public IPEndPoint Plain { get; }

    public IPEndPoint Secure { get; }

    public RequestLog Log => _application.Services.GetRequiredService<RequestLog>();

    public static async Task<ServerUnderComparison> StartAsync(Action<IWebHostBuilder> server, SiteFolder site)
    {
        var application = DifferenceApplication.Create(server, site);
        await application.StartAsync();
        return new ServerUnderComparison(application);
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
