using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>A handler that is reloaded hundreds of times holds what one configuration holds: the descriptors of the whole process are counted.</summary>
[Collection(nameof(RunsAlone))]
public sealed class FileReloadLeakTests
{
    private const int Reloads = 300;

    [Fact]
    public async Task Hundreds_of_reloads_leave_no_descriptor_no_watch_and_no_memory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Descriptors are counted in /proc.");
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", "even");
        folder.Write("other/a.txt", "odd");
        var time = new LaterTime();
        var opened = new List<WeakReference>();
        using var files = new StaticFileHandler(folder.Root, Options(0), (path, follow) =>
        {
            var root = FileRoot.Open(path, follow);
            opened.Add(new WeakReference(root));
            return root;
        });
        await using var server = await TestServer.StartAsync("memory", server => server.MapFallback(files.TryHandle, files.HandleAsync));
        await using var client = await server.ConnectAsync();
        await AskAsync("even", "0");
        var before = Targets().Count();
        for (var number = 1; number <= Reloads; number++)
        {
            // Prepared and dropped, refused, the same again, and changed.
            files.Prepare(folder.Path("other"), Options(-number)).Dispose();
            files.Prepare(number % 2 == 0 ? folder.Path("other") : folder.Root, Options(number - 1)).Dispose();
            Assert.Throws<DirectoryNotFoundException>(() => files.Reload(folder.Path("nowhere"), Options(number)));
            Assert.Throws<ArgumentException>(() => files.Reload(folder.Root, new StaticFileOptions { Headers = [new("X Y", "1")] }));
            files.Reload(number % 2 == 0 ? folder.Root : folder.Path("other"), Options(number));
            files.Reload(number % 2 == 0 ? folder.Root : folder.Path("other"), Options(number));
            await AskAsync(number % 2 == 0 ? "even" : "odd", $"{number}");
        }

        Assert.InRange(Targets().Count(), 0, before + 10); // the runtime's own come and go; a leak is hundreds
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.InRange(opened.Count(static root => root.IsAlive), 1, 3);
        Assert.Equal(1, Folders());
        Assert.InRange(Targets().Count(static target => target == "anon_inode:inotify"), 0, 2);
        files.Dispose();
        Assert.Equal(0, Folders());
        Assert.Throws<ObjectDisposedException>(() => files.Reload(folder.Root));
        Assert.Throws<ObjectDisposedException>(() => files.Contains("/a.txt"));
        Assert.Equal(0, Folders());

        StaticFileOptions Options(int number) => new() { Headers = [new("X-Number", $"{number}")], TimeProvider = time };

        // From the disk, then from memory.
        async Task AskAsync(string text, string number)
        {
            for (var round = 0; round < 2; round++)
            {
                var answer = await client.RequestAsync(TestClient.Get("/a.txt"));
                Assert.Equal((text, number), (answer.Text, answer["X-Number"]));
            }
        }

        int Folders() => Targets().Count(target => target.StartsWith(folder.Folder));
    }

    private static IEnumerable<string> Targets() =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(static descriptor => new FileInfo(descriptor).LinkTarget ?? "");
}
