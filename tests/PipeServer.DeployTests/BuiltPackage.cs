namespace PipeServer.DeployTests;

/// <summary>The package of the published file, built once for the tests that look at it.</summary>
public sealed class BuiltPackage : IAsyncLifetime
{
    internal TemporaryFolder Folder { get; } = new();

    internal string Path { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (DebianPackage.CanBeBuilt)
        {
            Path = await DebianPackage.BuildAsync(DebianPackage.Published, Folder.Path);
        }
    }

    public ValueTask DisposeAsync()
    {
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
