using Microsoft.Extensions.Logging;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>What becomes of the tree that is served when the next one cannot be opened, and at the end.</summary>
public sealed class ServedRootTests
{
    // Without a descriptor left, a root by names was put in the place of one by the kernel, and stayed there.
    [Fact]
    public async Task A_tree_that_cannot_be_opened_is_tried_again_and_the_last_one_served_meanwhile()
    {
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", "one");
        folder.Write("next/a.txt", "two");
        var (time, log, attempts, isExhausted) = (new HeldTime(), new TestLog(), 0, false);
        using var files = new StaticFileHandler(
            folder.Root,
            new StaticFileOptions { TimeProvider = time, LoggerFactory = log },
            (path, follow) =>
            {
                attempts++;
                return isExhausted ? throw new IOException("Too many open files.") : FileRoot.Open(path, follow);
            });
        await using var server = await TestServer.StartAsync("memory", server => server.MapFallback(files.TryHandle, files.HandleAsync));
        await using var client = await server.ConnectAsync();
        Assert.Equal("one", await TextAsync());
        isExhausted = true;
        Directory.Move(folder.Root, folder.Path("was"));
        Directory.Move(folder.Path("next"), folder.Root);
        time.Pass(TimeSpan.FromSeconds(5));
        Assert.InRange(attempts, 5, 20);
        Assert.Contains("Too many open files", Assert.Single(log.Messages));
        Assert.Equal(LogLevel.Warning, log.Entries[0].Level);
        Assert.True(files.Contains("/a.txt"));
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal("one", await TextAsync());
            Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/nothing"))).Status); // it looks, and cannot open either
        }

        isExhausted = false;
        time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal("two", await TextAsync());
        Assert.Equal(2, log.Entries.Count);

        async Task<string> TextAsync() => (await client.RequestAsync(TestClient.Get("/a.txt"))).Text;
    }

    // The line about the switch threw on the timer's thread, which ends the process, and the tree that was left stayed open.
    [Fact]
    public async Task A_log_that_throws_does_not_hinder_a_switch()
    {
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", "one");
        folder.Write("next/a.txt", "two");
        var (time, opened) = (new HeldTime(), new List<FileRoot>());
        using var files = new StaticFileHandler(
            folder.Root,
            new StaticFileOptions { TimeProvider = time, LoggerFactory = new ThrowingLog() },
            (path, follow) =>
            {
                opened.Add(FileRoot.Open(path, follow));
                return opened[^1];
            });
        Directory.Move(folder.Root, folder.Path("was"));
        time.Pass(TimeSpan.FromSeconds(1)); // it is lost
        Directory.Move(folder.Path("was"), folder.Root);
        time.Pass(TimeSpan.FromSeconds(1)); // and found
        Directory.Move(folder.Root, folder.Path("was"));
        Directory.Move(folder.Path("next"), folder.Root);
        time.Pass(TimeSpan.FromSeconds(1)); // and switched
        await using var server = await TestServer.StartAsync("memory", server => server.MapFallback(files.TryHandle, files.HandleAsync));
        await using var client = await server.ConnectAsync();
        Assert.Equal("two", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        Assert.Equal(2, opened.Count);
        if (OperatingSystem.IsLinux())
        {
            Assert.Throws<ObjectDisposedException>(() => opened[0].Look("a.txt", out _));
        }
    }

    [Fact]
    public async Task After_its_end_nothing_is_looked_at_and_a_request_throws()
    {
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", "one");
        var (time, opened) = (new HeldTime(), 0);
        var files = new StaticFileHandler(folder.Root, new StaticFileOptions { TimeProvider = time }, (path, follow) =>
        {
            opened++;
            return FileRoot.Open(path, follow);
        });
        files.Dispose();
        files.Dispose();
        Directory.Move(folder.Root, folder.Path("was"));
        folder.Write("root/a.txt", "two");
        time.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(1, opened);
        Assert.Throws<ObjectDisposedException>(() => files.Contains("/a.txt"));
    }
}
