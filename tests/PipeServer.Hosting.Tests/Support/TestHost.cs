using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace PipeServer.Hosting.Tests.Support;

/// <summary>A host with a server on a free port, and a client of it. Every wait has a deadline.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private TestHost(IHost host, RecordedLog log)
    {
        Host = host;
        Log = log;
        Client = new HttpClient { Timeout = Patience };
        if (EndPoint is { } endPoint)
        {
            Client.BaseAddress = new Uri($"http://{endPoint}");
        }
    }

    public IHost Host { get; }

    public RecordedLog Log { get; }

    public HttpClient Client { get; }

    public IPipeServer Server => Host.Services.GetRequiredService<IPipeServer>();

    public IHostApplicationLifetime Lifetime => Host.Services.GetRequiredService<IHostApplicationLifetime>();

    public IPEndPoint? EndPoint => Server.EndPoints.OfType<IPEndPoint>().FirstOrDefault();

    /// <summary>A host's builder without anything of this machine: no files, no environment, no console.</summary>
    public static HostApplicationBuilder Builder(params (string Key, string? Value)[] settings)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<IHostLifetime, UnattendedLifetime>();
        builder.Configuration.AddInMemoryCollection([new("PipeServer:Port", "0"), new("PipeServer:Workers", "2")]);
        builder.Configuration.AddInMemoryCollection(settings.Select(static pair => KeyValuePair.Create(pair.Key, pair.Value)));
        return builder;
    }

    public static Task<TestHost> StartAsync(Action<PipeServerBuilder> map, params (string Key, string? Value)[] settings)
    {
        var builder = Builder(settings);
        map(builder.Services.AddPipeServer());
        return StartAsync(builder);
    }

    public static async Task<TestHost> StartAsync(HostApplicationBuilder builder)
    {
        var log = new RecordedLog();
        builder.Logging.AddProvider(log);
        var host = builder.Build();
        try
        {
            await host.StartAsync().WaitAsync(Patience);
            return new TestHost(host, log);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Asks; the status and the body.</summary>
    public async Task<(int Status, string Text)> GetAsync(string path)
    {
        using var response = await Client.GetAsync(path);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Asks by any method.</summary>
    public async Task<(int Status, string Text)> SendAsync(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Stops the host, and returns the server's report.</summary>
    public async Task<ShutdownReport> StopAsync(CancellationToken cancellationToken = default)
    {
        await Host.StopAsync(cancellationToken).WaitAsync(Patience, CancellationToken.None); // that token has another meaning: cut off
        return Server.LastReport!;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await Host.StopAsync(now.Token).WaitAsync(Patience).ContinueWith(static _ => { }, TaskScheduler.Default); // a test's own stop has told of faults
        await ((IAsyncDisposable)Host).DisposeAsync();
    }
}
