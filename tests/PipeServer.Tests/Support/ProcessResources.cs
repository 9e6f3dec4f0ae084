namespace PipeServer.Tests.Support;

/// <summary>What a server takes from the system and has to give back: sockets, the loops' descriptors, its threads.</summary>
internal sealed record ProcessResources(int Sockets, int EventFds, int Threads)
{
    /// <summary>What this process holds now.</summary>
    public static ProcessResources Now()
    {
        var (sockets, eventFds) = (0, 0);
        foreach (var descriptor in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            var target = new FileInfo(descriptor).LinkTarget ?? "";
            sockets += target.StartsWith("socket:") ? 1 : 0;
            eventFds += target == "anon_inode:[eventfd]" ? 1 : 0;
        }

        var threads = ThreadNames.Of(Environment.ProcessId).Count(static name => name.StartsWith("worker-") || name.StartsWith("loop-") || name.StartsWith("handshake"));
        return new ProcessResources(sockets, eventFds, threads);
    }

    /// <summary>Waits until no more is held than at this moment.</summary>
    public async Task ReturnedAsync()
    {
        var since = TimeProvider.System.GetTimestamp();
        while (Now() is var now && (now.Sockets > Sockets || now.EventFds > EventFds || now.Threads > Threads))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < TestClient.Patience, $"Not given back: {now} instead of {this}.");
            await Task.Delay(5);
        }
    }
}
