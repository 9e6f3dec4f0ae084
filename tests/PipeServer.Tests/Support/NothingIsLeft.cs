[assembly: AssemblyFixture(typeof(PipeServer.Tests.Support.NothingIsLeft))]

namespace PipeServer.Tests.Support;

/// <summary>When every test has ended, no socket, no event loop and no worker of theirs may be left in this process.</summary>
public sealed class NothingIsLeft : IAsyncLifetime
{
    private ProcessResources? _atStart;

    public ValueTask InitializeAsync()
    {
        _atStart = OperatingSystem.IsLinux() ? ProcessResources.Now() : null;
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_atStart is not null)
        {
            await _atStart.ReturnedAsync();
        }
    }
}
