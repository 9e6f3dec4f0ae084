using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>A root that is switched hundreds of times holds what one root holds: the descriptors of the whole process are counted.</summary>
[Collection(nameof(RunsAlone))]
public sealed class RootSwitchLeakTests
{
    private const int Switches = 300;

    [Fact]
    public async Task Hundreds_of_switches_leave_no_descriptor_no_watch_and_no_memory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Descriptors are counted in /proc.");
        await using var folder = new StaticFolder("memory");
        folder.Write("root/sub/a.txt", "even");
        folder.Write("other/sub/a.txt", "odd");
        var time = new HeldTime();
        var opened = new List<WeakReference>();
        using var files = new StaticFileHandler(folder.Root, new StaticFileOptions { TimeProvider = time }, (path, follow) =>
        {
            var root = FileRoot.Open(path, follow);
            opened.Add(new WeakReference(root));
            return root;
        });
        await using var server = await TestServer.StartAsync("memory", server => server.MapFallback(files.TryHandle, files.HandleAsync));
        await using var client = await server.ConnectAsync();
        await AskAsync("even");
        var before = Descriptors();
        for (var number = 1; number <= Switches; number++)
        {
            Directory.Move(folder.Root, folder.Path("aside"));
            Directory.Move(folder.Path("other"), folder.Root);
            Directory.Move(folder.Path("aside"), folder.Path("other"));
            time.Pass(TimeSpan.FromSeconds(1));
            await AskAsync(number % 2 == 0 ? "even" : "odd");
        }

        Assert.Equal(Switches + 1, opened.Count);
        Assert.InRange(Descriptors(), 0, before + 10); // the runtime's own come and go; a leak is hundreds
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.InRange(opened.Count(static root => root.IsAlive), 1, 3);
        Assert.Equal(1, Folders());
        files.Dispose();
        Assert.Equal(0, Folders());
        Assert.Throws<ObjectDisposedException>(() => files.Contains("/sub/a.txt"));

        // From the disk, then from memory.
        async Task AskAsync(string text)
        {
            Assert.Equal(text, (await client.RequestAsync(TestClient.Get("/sub/a.txt"))).Text);
            Assert.Equal(text, (await client.RequestAsync(TestClient.Get("/sub/a.txt"))).Text);
        }

        int Folders() => Targets().Count(target => target.StartsWith(folder.Folder));
    }

    private static int Descriptors() => Targets().Count();

    private static IEnumerable<string> Targets() =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(static descriptor => new FileInfo(descriptor).LinkTarget ?? "");
}
