using Difference.Application;

namespace Difference.Runner;

/// <summary>The application on Kestrel and on PipeServer; one of each for all tests of the assembly.</summary>
public sealed class TwoServers : IAsyncLifetime
{
    private readonly SiteFolder _site = new();

    internal ServerUnderComparison Kestrel { get; private set; } = null!;

    internal ServerUnderComparison PipeServer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Kestrel = await ServerUnderComparison.StartAsync(ServerChoice.Kestrel, _site);
        PipeServer = await ServerUnderComparison.StartAsync(ServerChoice.PipeServer, _site);
    }

    /// <summary>Does the same with both servers, one beside the other.</summary>
    internal async Task<(T Kestrel, T PipeServer)> OfBothAsync<T>(Func<ServerUnderComparison, Task<T>> exchange)
    {
        var kestrel = exchange(Kestrel);
        var pipeServer = exchange(PipeServer);
        await Task.WhenAll(kestrel, pipeServer);
        return (await kestrel, await pipeServer);
    }

    public async ValueTask DisposeAsync()
    {
        await PipeServer.DisposeAsync();
        await Kestrel.DisposeAsync();
        _site.Dispose();
    }
}
