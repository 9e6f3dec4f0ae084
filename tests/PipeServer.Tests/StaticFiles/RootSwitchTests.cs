using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>
/// The root's name is what is served, wherever it leads. A release that was put in place by switching a symbolic link, as nearly every tool
/// for deployments does it, was not served before a restart: the link had been resolved once, at the start.
/// </summary>
[UnsupportedOSPlatform("windows")]
public abstract partial class RootSwitchTests(string transport) : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly StaticFolder _folder = new(transport);
    private readonly HeldTime _time = new();
    private readonly TestLog _log = new();
    private TestServer _server = null!;
    private StaticFileHandler _files = null!;
    private int _atOnce;

    public ValueTask InitializeAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Creating symbolic links needs a privilege on Windows.");
        Release("releases/1/public", "one");
        Release("releases/2/public", "two");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _folder.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    // How the name is made to lead to release 1, how to release 2, and the name.
    private static readonly Dictionary<string, (Action<StaticFolder> First, Action<StaticFolder> Then, string Name)> Switches = new(StringComparer.Ordinal)
    {
        ["the link"] = (
            static folder => Link(folder, "current", "releases/1/public"),
            static folder => Link(folder, "current", "releases/2/public"),
            "current"),
        ["an absolute link"] = (
            static folder => Link(folder, "current", folder.Path("releases/1/public")),
            static folder => Link(folder, "current", folder.Path("releases/2/public")),
            "current/"),
        ["a link to the folder above"] = (
            static folder => Link(folder, "current", "releases/1"),
            static folder => Link(folder, "current", "releases/2"),
            "current/public"),
        ["the last of three links"] = (
            static folder =>
            {
                Link(folder, "current", "releases/1");
                Link(folder, "site", "current/public");
                Link(folder, "www", folder.Path("site"));
            },
            static folder => Link(folder, "current", "releases/2"),
            "www"),
        ["a link followed by two dots"] = (
            static folder => Link(folder, "current", "releases/1/public"),
            static folder => Link(folder, "current", "releases/2/public"),
            "current/../public"),
        ["a folder in its place"] = (
            static folder => Directory.Move(folder.Path("releases/1/public"), folder.Path("www")),
            static folder =>
            {
                Directory.Move(folder.Path("www"), folder.Path("was"));
                Directory.Move(folder.Path("releases/2/public"), folder.Path("www"));
            },
            "www"),
        ["a folder in the place of the one above"] = (
            static folder => Directory.Move(folder.Path("releases/1"), folder.Path("www")),
            static folder =>
            {
                Directory.Move(folder.Path("www"), folder.Path("was"));
                Directory.Move(folder.Path("releases/2"), folder.Path("www"));
            },
            "www/public"),
        ["deleted and made anew"] = (
            static folder => Directory.Move(folder.Path("releases/1/public"), folder.Path("www")),
            static folder =>
            {
                Directory.Delete(folder.Path("www"), recursive: true);
                Directory.Move(folder.Path("releases/2/public"), folder.Path("www"));
            },
            "www"),
        ["a folder, then a link"] = (
            static folder => Directory.Move(folder.Path("releases/1/public"), folder.Path("www")),
            static folder =>
            {
                Directory.Move(folder.Path("www"), folder.Path("was"));
                Link(folder, "www", "releases/2/public");
            },
            "www"),
        ["a link, then a folder"] = (
            static folder => Link(folder, "www", "releases/1/public"),
            static folder =>
            {
                File.Delete(folder.Path("www"));
                Directory.Move(folder.Path("releases/2/public"), folder.Path("www"));
            },
            "www"),
    };

    public static TheoryData<string> SwitchNames => [.. Switches.Keys];

    [Theory]
    [MemberData(nameof(SwitchNames))]
    public async Task Everything_is_of_the_new_tree_within_a_second_of_the_switch(string name)
    {
        var (first, then, root) = Switches[name];
        first(_folder);
        await ServeAsync(_folder.Path(root));
        await AssertAllOfAsync("one");
        await AssertAllOfAsync("one");
        var atOnce = _atOnce;
        Assert.InRange(atOnce, OperatingSystem.IsLinux() ? 1 : 0, 100);
        Assert.Empty(_log.Entries);

        then(_folder);
        _time.Pass(Second);
        await AssertAllOfAsync("two");
        await AssertAllOfAsync("two");
        Assert.True(!OperatingSystem.IsLinux() || _atOnce > atOnce, "nothing of the new tree is answered from memory");
        Assert.Equal(LogLevel.Information, Assert.Single(_log.Entries).Level);
        Assert.Contains(_files.Root, _log.Messages[0]);

        // What is in memory of the new tree is kept right like that of the old one.
        await File.WriteAllTextAsync(Path.Combine(_files.Root, "page.txt"), "three");
        Assert.Equal("three", (await GetAsync("/page.txt")).Text);

        // Where it stays, nothing happens.
        var (memory, lines) = (_files.Root, _log.Entries.Count);
        _time.Pass(10 * Second);
        Assert.Equal((memory, lines), (_files.Root, _log.Entries.Count));
    }

    [Fact]
    public async Task A_relative_name_is_that_of_the_folder_at_the_start()
    {
        Link(_folder, "current", "releases/1/public");
        await ServeAsync(Path.GetRelativePath(Environment.CurrentDirectory, _folder.Path("current")));
        await AssertAllOfAsync("one");
        Link(_folder, "current", "releases/2/public");
        _time.Pass(Second);
        await AssertAllOfAsync("two");
    }

    // Between the switch and the look at the name a tool may have deleted the old release: it was 404 for everything.
    [Fact]
    public async Task What_the_old_tree_does_not_have_is_looked_for_in_the_new_one_at_once()
    {
        Link(_folder, "current", "releases/1/public");
        await ServeAsync(_folder.Path("current"));
        await AssertAllOfAsync("one");
        _folder.Write("releases/2/public/new.txt", "new");
        Link(_folder, "current", "releases/2/public");
        Assert.Equal("new", (await GetAsync("/new.txt")).Text);
        await AssertAllOfAsync("two");

        Link(_folder, "current", "releases/1/public");
        Directory.Delete(_folder.Path("releases/2"), recursive: true);
        await AssertAllOfAsync("one");
        Assert.Equal(404, (await GetAsync("/new.txt")).Status);
        Assert.Equal(0, _log.CountFrom(LogLevel.Warning));
    }

    [Fact]
    public async Task A_response_that_has_begun_ends_with_the_old_tree()
    {
        foreach (var release in new[] { 1, 2 })
        {
            await File.WriteAllTextAsync(_folder.Path($"releases/{release}/public/large.bin"), new string((char)('0' + release), 24 * 1024 * 1024));
        }

        Link(_folder, "current", "releases/1/public");
        await ServeAsync(_folder.Path("current"));
        await using var client = await _server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/large.bin"));
        var head = await client.ReadHeadAsync();
        Assert.Equal(200, head.Status);
        Link(_folder, "current", "releases/2/public");
        _time.Pass(Second);
        Assert.Equal("two", (await GetAsync("/page.txt")).Text);
        Directory.Delete(_folder.Path("releases/1"), recursive: true);
        AssertHolds(1, "releases/1/public (deleted)");
        Assert.Equal(-1, (await client.ReadExactlyAsync(int.Parse(head["Content-Length"]!))).AsSpan().IndexOfAnyExcept((byte)'1'));

        // The same connection goes on with the new one, and nothing is left of the old one.
        Assert.Equal("two", (await client.RequestAsync(TestClient.Get("/page.txt"))).Text);
        await Eventually.TrueAsync(() => Holds("releases/1") == 0, "the old tree is let go");
        AssertHolds(1, "releases/2/public");
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("dangling")]
    [InlineData("a file")]
    [InlineData("a circle")]
    [InlineData("gone above")]
    public async Task While_the_name_leads_nowhere_the_old_tree_is_served_and_the_log_says_so_once(string how)
    {
        Link(_folder, "current", "releases/1");
        await ServeAsync(_folder.Path("current/public"));
        for (var round = 1; round <= 2; round++)
        {
            switch (how)
            {
                case "dangling": Link(_folder, "current", "releases/9"); break;
                case "a file": Link(_folder, "current", "releases/1/public/page.txt"); break;
                case "a circle": Link(_folder, "current", "current"); break;
                case "gone above": Directory.Move(_folder.Folder, _folder.Folder + "-away"); break;
                default: File.Delete(_folder.Path("current")); break;
            }

            try
            {
                for (var look = 0; look < 5; look++)
                {
                    _time.Pass(Second);
                    await AssertAllOfAsync("one");
                }
            }
            finally
            {
                if (how == "gone above")
                {
                    Directory.Move(_folder.Folder + "-away", _folder.Folder);
                }
            }

            Assert.Equal(round, _log.CountFrom(LogLevel.Warning));
            Assert.Equal((2 * round) - 1, _log.Entries.Count);
            Assert.Contains(_folder.Path("current/public"), _log.Messages[^1]);

            // Back, to the same tree or another one: one line.
            Link(_folder, "current", round == 1 ? "releases/1" : "releases/2");
            _time.Pass(Second);
            _time.Pass(Second);
            await AssertAllOfAsync(round == 1 ? "one" : "two");
            Assert.Equal(2 * round, _log.Entries.Count);
            Assert.Equal(LogLevel.Information, _log.Entries[^1].Level);
        }
    }

    // Inside is what is below the tree that is served, be it reached by its old path or its new one.
    [Fact]
    public async Task Links_lead_out_of_no_generation()
    {
        File.CreateSymbolicLink(_folder.Path("releases/2/public/other"), "../../1/public/page.txt");
        File.CreateSymbolicLink(_folder.Path("releases/2/public/other-absolute"), _folder.Path("releases/1/public/page.txt"));
        File.CreateSymbolicLink(_folder.Path("releases/2/public/by-name"), _folder.Path("current/page.txt"));
        File.CreateSymbolicLink(_folder.Path("releases/2/public/absolute"), _folder.Path("releases/2/public/page.txt"));
        File.CreateSymbolicLink(_folder.Path("releases/2/public/renamed"), _folder.Path("releases/3/public/page.txt"));
        Link(_folder, "current", "releases/1/public");
        await ServeAsync(_folder.Path("current"));
        await AssertAllOfAsync("one");
        Link(_folder, "current", "releases/2/public");
        _time.Pass(Second);
        Assert.Equal(404, (await GetAsync("/other")).Status);
        Assert.Equal(404, (await GetAsync("/other-absolute")).Status);
        Assert.Equal("two", (await GetAsync("/by-name")).Text);
        Assert.Equal("two", (await GetAsync("/absolute")).Text);
        Assert.Equal(404, (await GetAsync("/renamed")).Status);

        // The same folder under another path: no other generation, and its links lead by its path of now.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere another path is another generation.");
        Directory.Move(_folder.Path("releases/2"), _folder.Path("releases/3"));
        Release("releases/2/public", "another");
        Link(_folder, "current", "releases/3/public");
        _time.Pass(Second);
        Assert.Equal(404, (await GetAsync("/absolute")).Status);
        Assert.Equal("two", (await GetAsync("/renamed")).Text);
        Assert.Equal("two", (await GetAsync("/sub/deep.txt")).Text);
        Assert.Equal("two", (await GetAsync("/sub/deep.txt")).Text);
        _folder.Write("releases/3/public/sub/deep.txt", "three");
        Assert.Equal("three", (await GetAsync("/sub/deep.txt")).Text);
        Assert.Single(_log.Entries);
    }

    // Trees that tell themselves, switched while clients read, each deleted as soon as it is left: no response is a mixture, none is older than
    // the last switch that was noticed before its request, none is an error, and no connection is cut.
    [Fact]
    public async Task Under_load_each_response_is_of_one_whole_tree()
    {
        Tree(0);
        Link(_folder, "current", "trees/0");
        await ServeAsync(_folder.Path("current"));
        var noticed = 0;
        using var end = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(async reader =>
        {
            string[] targets = ["/small.txt", "/medium.txt", "/large.txt", "/nothing", "/sub/"];
            await using var client = await _server.ConnectAsync();
            for (var number = reader; !end.IsCancellationRequested; number++)
            {
                var (before, target) = (Volatile.Read(ref noticed), targets[number % targets.Length]);
                var response = await client.RequestAsync(TestClient.Get(target, "Accept-Encoding: br;q=0, gzip"));
                Assert.Equal(target == "/nothing" ? 404 : 200, response.Status);
                var text = response["Content-Encoding"] is null ? response.Text : Unpack(response.Body);
                var version = int.Parse(text[..8]);
                Assert.Equal(Content(version, target), text);
                Assert.True(version >= before, $"{target}: tree {version} after {before} was in place");
            }
        }).ToList();
        var switches = 0;
        for (var started = TimeProvider.System.GetTimestamp(); switches < 60 || TimeProvider.System.GetElapsedTime(started) < Second; switches++)
        {
            Tree(switches + 1);
            Link(_folder, "current", $"trees/{switches + 1}");
            if (switches % 2 == 0)
            {
                Directory.Delete(_folder.Path($"trees/{switches}"), recursive: true); // before anybody has looked
            }

            // A look is left out while a request is at it.
            await Eventually.TrueAsync(
                () =>
                {
                    _time.Pass(Second);
                    return _files.Root == _folder.Path($"trees/{switches + 1}");
                },
                "the switch is noticed");
            Volatile.Write(ref noticed, switches + 1);
            if (switches % 2 != 0)
            {
                Directory.Delete(_folder.Path($"trees/{switches}"), recursive: true);
            }
        }

        await end.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(TestClient.Patience);
        Assert.Equal(0, _log.CountFrom(LogLevel.Warning));
        Assert.Equal(0, _server.Log.CountFrom(LogLevel.Warning));
        await Eventually.TrueAsync(() => Holds("trees/") == Holds($"trees/{switches}"), "all trees but the last are let go");
        AssertHolds(1, $"trees/{switches}");
    }

    private protected static void Link(StaticFolder folder, string name, string target)
    {
        var next = folder.Path("next-link");
        File.Delete(next);
        File.CreateSymbolicLink(next, target);
        Assert.Equal(0, Rename(next, folder.Path(name))); // as mv -T does it: nobody ever finds no link
    }

    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Rename(string from, string to);

    private static string Content(int version, string target) => string.Concat(Enumerable.Repeat($"{version:00000000}", target switch
    {
        "/medium.txt" => 25_000,
        "/large.txt" => 300_000,
        "/sub/" => 500,
        _ => 1,
    }));

    private static string Unpack(byte[] bytes)
    {
        using var stream = new System.IO.Compression.GZipStream(new MemoryStream(bytes), System.IO.Compression.CompressionMode.Decompress);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private void Tree(int version)
    {
        foreach (var (file, target) in new[]
        {
            ("small.txt", "/small.txt"), ("medium.txt", "/medium.txt"), ("large.txt", "/large.txt"), ("404.html", "/nothing"), ("sub/index.html", "/sub/"),
        })
        {
            _folder.Write($"trees/{version}/{file}", Content(version, target));
        }
    }

    private void Release(string path, string text)
    {
        _folder.Write(path + "/page.txt", text);
        _folder.Write(path + "/404.html", text);
        _folder.Write(path + "/50x.html", text);
        _folder.Write(path + "/sub/deep.txt", text);
        _folder.Write(path + "/with/index.html", text);
        _folder.Write($"{path}/list/{text}", text);
        _folder.Write(path + "/style.css", string.Concat(Enumerable.Repeat(text, 1000)));
    }

    private async Task ServeAsync(string root)
    {
        _files = new StaticFileHandler(
            root, new StaticFileOptions { TimeProvider = _time, LoggerFactory = _log, Browse = true, Compress = true });
        _server = await _folder.ServeAsync(
            _files,
            () => _atOnce++,
            static server => server.MapGet("/fault", static (_, _) => throw new InvalidOperationException("on purpose")),
            options => options.GetServerErrorPage = () => _files.ServerErrorPage);
    }

    private async Task AssertAllOfAsync(string text)
    {
        await using var client = await _server.ConnectAsync();
        foreach (var target in new[] { "/page.txt", "/sub/deep.txt", "/with/" })
        {
            var response = await client.RequestAsync(TestClient.Get(target));
            Assert.Equal((200, text), (response.Status, response.Text));
        }

        var missing = await client.RequestAsync(TestClient.Get("/nothing"));
        Assert.Equal((404, text), (missing.Status, missing.Text));
        Assert.Contains($">{text}</a>", (await client.RequestAsync(TestClient.Get("/list/"))).Text);
        var compressed = await client.RequestAsync(TestClient.Get("/style.css", "Accept-Encoding: gzip"));
        Assert.Equal("gzip", compressed["Content-Encoding"]);
        Assert.Equal(string.Concat(Enumerable.Repeat(text, 1000)), Unpack(compressed.Body));
        var fault = await client.RequestAsync(TestClient.Get("/fault"));
        Assert.Equal((500, text), (fault.Status, fault.Text));
        Assert.True(_files.Contains($"/list/{text}"));
    }

    private async Task<TestResponse> GetAsync(string target, params string[] headers)
    {
        await using var client = await _server.ConnectAsync();
        return await client.RequestAsync(TestClient.Get(target, headers));
    }

    // How many descriptors of this process lead to a folder of ours; files in it that are open for a response do not count.
    private int Holds(string path) => !OperatingSystem.IsLinux() ? 0 : Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(static descriptor => new FileInfo(descriptor).LinkTarget ?? "")
        .Count(target => target.StartsWith(_folder.Path(path)) && !target.Contains(".bin") && !target.Contains(".txt"));

    private void AssertHolds(int count, string path) => Assert.Equal(OperatingSystem.IsLinux() ? count : 0, Holds(path));
}
