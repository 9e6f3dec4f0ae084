using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>Nothing outside the root is ever opened, and nothing that is no file: by the kernel's rules and by names.</summary>
public sealed class FileRootTests : IAsyncLifetime
{
    private const string NeedsLinux = "FIFOs and symbolic links are needed.";
    private readonly StaticFolder _folder = new("memory");

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), NeedsLinux);
        _folder.Write("secret.txt", "secret");
        _folder.Write("rootlike/secret.txt", "secret");
        _folder.Write("root/file.txt", "file");
        _folder.Write("root/empty.txt", "");
        _folder.Write("root/sub/file.txt", "file");
        File.CreateSymbolicLink(_folder.Path("root/inside"), "sub/file.txt");
        File.CreateSymbolicLink(_folder.Path("root/sub/up"), "../file.txt");
        File.CreateSymbolicLink(_folder.Path("root/absolute"), _folder.Path("root/sub/file.txt"));
        File.CreateSymbolicLink(_folder.Path("root/chain"), "absolute");
        File.CreateSymbolicLink(_folder.Path("root/outside"), "../secret.txt");
        File.CreateSymbolicLink(_folder.Path("root/absolute-outside"), _folder.Path("secret.txt"));
        File.CreateSymbolicLink(_folder.Path("root/folder-outside"), "..");
        File.CreateSymbolicLink(_folder.Path("root/lookalike"), _folder.Path("rootlike"));
        File.CreateSymbolicLink(_folder.Path("root/loop"), "loop");
        File.CreateSymbolicLink(_folder.Path("root/dangling"), "nowhere");
        File.CreateSymbolicLink(_folder.Path("root/process"), "/proc/self/root/etc/hostname");
        File.CreateSymbolicLink(_folder.Path("root/device"), "/dev/zero");
        using var mkfifo = System.Diagnostics.Process.Start("mkfifo", [_folder.Path("root/fifo")]);
        await mkfifo.WaitForExitAsync().WaitAsync(TestClient.Patience);
    }

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Only_files_below_the_root_are_opened(bool byKernel)
    {
        using var root = Open(byKernel);
        foreach (var (path, status) in new[]
        {
            ("file.txt", OpenStatus.File), ("empty.txt", OpenStatus.File), ("sub/file.txt", OpenStatus.File), ("inside", OpenStatus.File),
            ("sub/up", OpenStatus.File), ("absolute", OpenStatus.File), ("chain", OpenStatus.File), ("", OpenStatus.Folder), ("sub", OpenStatus.Folder),
            ("outside", OpenStatus.NotFound), ("absolute-outside", OpenStatus.NotFound), ("folder-outside/secret.txt", OpenStatus.NotFound),
            ("folder-outside", OpenStatus.NotFound), ("lookalike/secret.txt", OpenStatus.NotFound), ("loop", OpenStatus.NotFound),
            ("dangling", OpenStatus.NotFound), ("process", OpenStatus.NotFound), ("device", OpenStatus.NotFound), ("fifo", OpenStatus.NotFound),
            ("nothing", OpenStatus.NotFound), ("file.txt/x", OpenStatus.NotFound), (new string('x', 300), OpenStatus.NotFound),
        })
        {
            var opened = root.TryOpen(path, out var file);
            Assert.True(status == opened, $"{path}: {opened}");
            Assert.Equal(status == OpenStatus.File, file is not null);
            if (file is { Identity.Length: > 0 })
            {
                Assert.Equal("file", Encoding.UTF8.GetString(FileSender.TryReadWhole(root, file)!));
            }

            file?.Dispose();
        }

        Assert.Equal(
            ["absolute", "chain", "empty.txt", "file.txt", "inside", "sub"],
            root.List("")!.Select(static entry => entry.Name).Order(StringComparer.Ordinal));
    }

    // Between a check of names and the opening, whoever may write below the root could put a link to anywhere there.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_that_is_swapped_all_the_time_never_leads_outside(bool byKernel)
    {
        using var root = Open(byKernel);
        using var end = new CancellationTokenSource();
        var swapping = Swap(end.Token);
        var found = 0;
        var started = TimeProvider.System.GetTimestamp();

        // On a busy machine 20,000 attempts were over before the other thread had begun.
        for (var attempt = 0; attempt < 20_000 || (found == 0 && TimeProvider.System.GetElapsedTime(started) < TestClient.Patience); attempt++)
        {
            if (root.TryOpen("swapped/secret.txt", out var file) == OpenStatus.File)
            {
                using (file)
                {
                    found++;
                    Assert.Equal("harmless", Encoding.UTF8.GetString(FileSender.TryReadWhole(root, file!)!));
                }
            }
        }

        await end.CancelAsync();
        await swapping;
        Assert.True(found > 0, "the harmless one was never there");
    }

    // Thousands of paths made of what has broken servers (some 400,000 by night): each is answered, and never with what lies outside or is hidden.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Generated_paths_never_leave_the_root(bool byKernel)
    {
        _folder.Write("root/.hidden", "secret");
        _folder.Write("root/.git/config", "secret");
        _folder.Write("root/sub/..\u00e9", "file");
        using var files = new StaticFileHandler(_folder.Root, new StaticFileOptions { Browse = true, DefaultExtension = "txt", TimeProvider = new LaterTime() }, (_, _) => Open(byKernel));
        await using var server = await TestServer.StartAsync("memory", server => server.MapFallback(files.TryHandle, files.HandleAsync));
        var client = await server.ConnectAsync();
        var random = new Random(20261121);
        string[] pieces =
        [
            "/", "/", "/", ".", "..", "%2e", "%2E%2e", "%2f", "%5c", "\\", "%00", "%c0%ae", "%e0%80%ae", "%c0%af", "%252e", "%25", "%u002e", ";", "~", "%20", "+",
            "secret.txt", "file.txt", "file", "sub", "inside", "outside", "absolute", "absolute-outside", "folder-outside", "lookalike", "loop",
            "dangling", "process", "device", "fifo", ".hidden", ".git", "config", "root", "rootlike", "e%CC%81", "%C3%A9", "%F0%9F%98%80", "con", "nul", "x", "?a", "%", "%ff", "%01", "%09",
        ];
        var statuses = new SortedDictionary<int, int>();
        for (var number = 0; number < Stress.Rounds(10_000); number++)
        {
            var target = "/" + string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => pieces[random.Next(pieces.Length)]));
            var response = await client.RequestAsync(TestClient.Get(target));
            statuses[response.Status] = statuses.GetValueOrDefault(response.Status) + 1;
            Assert.False(response.Status == 200 && response.Text == "secret", $"{target} gave away the secret");
            Assert.False(response.Text.Contains("hidden</a>") || response.Text.Contains("rootlike/</a>"), $"{target} lists what is hidden");
            Assert.True(response.Status is 200 or 301 or 400 or 404, $"{target}: {response.Status}");
            if (response["Connection"] == "close")
            {
                await client.DisposeAsync();
                client = await server.ConnectAsync();
            }
        }

        await client.DisposeAsync();
        Assert.True(statuses[200] > 100 && statuses[301] >= 10 && statuses[404] > 100, string.Join(", ", statuses));
        Assert.Equal(0, server.Log.CountFrom(Microsoft.Extensions.Logging.LogLevel.Warning));
    }

    private FileRoot Open(bool byKernel)
    {
        var root = FileRoot.Open(_folder.Root, followSymlinks: false);
        if (!byKernel)
        {
            root.Dispose();
            return new PortableFileRoot(_folder.Root, followSymlinks: false);
        }

        Assert.SkipUnless(root is LinuxFileRoot, "This system has no openat2, or forbids it.");
        return root;
    }

    // On a thread of its own: folder, link outwards, folder, as fast as it goes.
    private Task Swap(CancellationToken end)
    {
        _folder.Write("root/swapped/secret.txt", "harmless");
        _folder.Write("rootlike/secret.txt", "secret");
        var swapped = _folder.Path("root/swapped");
        var ended = new TaskCompletionSource();
        new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                Directory.Move(swapped, _folder.Path("root/aside"));
                File.CreateSymbolicLink(swapped, "../rootlike");
                File.Delete(swapped);
                Directory.Move(_folder.Path("root/aside"), swapped);
            }

            ended.SetResult();
        })
        { IsBackground = true }.Start();
        return ended.Task.WaitAsync(TestClient.Patience, CancellationToken.None);
    }
}
