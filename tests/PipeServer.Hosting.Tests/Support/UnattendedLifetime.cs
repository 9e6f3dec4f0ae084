namespace PipeServer.Hosting.Tests.Support;

/// <summary>The lifetime of a host that nobody sends signals: a test's process keeps its own.</summary>
internal sealed class UnattendedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
