using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>
/// What is answered from memory is what lies on the disk: after each kind of change, the very next request gets the new state.
/// </summary>
public class FileCacheTests : IAsyncLifetime
{
    private readonly StaticFolder _folder = new("memory");
    private readonly LaterTime _time = new();
    private TestServer _server = null!;
    private StaticFileHandler _files = null!;
    private int _atOnce;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Without inotify nothing is answered from memory without a look at the disk.");
        _folder.Write("root/a.txt", "one");
        _folder.Write("root/sub/b.txt", "one");
        _folder.Write("root/sub/index.html", "one");
        _folder.Write("other/b.txt", "other");
        SkipWhereImpossible(_folder.Path("root/a.txt"));
        var options = new StaticFileOptions { TimeProvider = _time, DefaultExtension = "html" };
        Configure(options);
        _files = new StaticFileHandler(_folder.Root, options);
        _server = await TestServer.StartAsync("memory", server => server.MapFallback(
            (request, response) =>
            {
                var isAnswered = _files.TryHandle(request, response);
                _atOnce += isAnswered ? 1 : 0;
                return isAnswered;
            },
            _files.HandleAsync));
    }

    protected virtual void Configure(StaticFileOptions options)
    {
    }

    protected virtual void SkipWhereImpossible(string path)
    {
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_server is not null)
        {
            await _server.DisposeAsync();
            _files.Dispose();
        }

        await _folder.DisposeAsync();
    }

    [Theory]
    [InlineData("/a.txt")]
    [InlineData("/sub/b.txt")]
    [InlineData("/sub/")]
    public async Task A_file_that_was_asked_for_is_answered_at_once_the_next_time(string target)
    {
        Assert.Equal("one", await TextAsync(target));
        Assert.Equal(0, _atOnce);
        Assert.Equal("one", await TextAsync(target));
        Assert.Equal(1, _atOnce);
    }

    private static readonly Dictionary<string, (Action<StaticFolder> Make, string Target, string After)> Changes = new(StringComparer.Ordinal)
    {
        ["written over"] = (static folder => folder.Write("root/sub/b.txt", "two"), "/sub/b.txt", "two"),
        ["replaced"] = (static folder => folder.Replace("root/sub/b.txt", "two"), "/sub/b.txt", "two"),
        ["deleted"] = (static folder => File.Delete(folder.Path("root/sub/b.txt")), "/sub/b.txt", "404"),
        ["appended to"] = (static folder => File.AppendAllText(folder.Path("root/sub/b.txt"), "+"), "/sub/b.txt", "one+"),
        ["its time set"] = (static folder => File.SetLastWriteTimeUtc(folder.Path("root/sub/b.txt"), DateTime.UnixEpoch), "/sub/b.txt", "one"),
        ["its folder gone"] = (static folder => Directory.Delete(folder.Path("root/sub"), recursive: true), "/sub/b.txt", "404"),
        ["its folder renamed"] = (static folder => Directory.Move(folder.Path("root/sub"), folder.Path("root/was")), "/sub/b.txt", "404"),
        ["its folder another one"] = (static folder =>
            {
                Directory.Move(folder.Path("root/sub"), folder.Path("root/was"));
                Directory.Move(folder.Path("other"), folder.Path("root/sub"));
            }, "/sub/b.txt", "other"),
        ["its folder a link"] = (static folder =>
            {
                Directory.Move(folder.Path("root/sub"), folder.Path("root/was"));
                folder.Write("root/new/b.txt", "linked");
                Directory.CreateSymbolicLink(folder.Path("root/sub"), "new");
            }, "/sub/b.txt", "linked"),
        ["an index file gone"] = (static folder => File.Delete(folder.Path("root/sub/index.html")), "/sub/", "404"),
        ["a file before one with an extension"] = (static folder => folder.Write("root/sub/index", "two"), "/sub/index", "two"),
    };

    public static TheoryData<string> ChangeNames => [.. Changes.Keys];

    [Theory]
    [MemberData(nameof(ChangeNames))]
    public async Task A_change_is_seen_by_the_next_request(string name)
    {
        var (change, target, after) = Changes[name];
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("one", await TextAsync(target));
        }

        Assert.Equal(2, _atOnce);
        change(_folder);
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(after, await TextAsync(target));
        }
    }

    // What was watched under a name must not keep watching what the name has left.
    [Fact]
    public async Task A_folder_that_takes_the_place_of_another_is_watched_in_its_stead()
    {
        Assert.Equal("one", await TextAsync("/sub/b.txt"));
        Directory.Move(_folder.Path("root/sub"), _folder.Path("root/was"));
        Directory.Move(_folder.Path("other"), _folder.Path("root/sub"));
        Assert.Equal("other", await TextAsync("/sub/b.txt"));
        Assert.Equal("other", await TextAsync("/sub/b.txt"));
        Assert.Equal(1, _atOnce);
        _folder.Write("root/sub/b.txt", "two");
        Assert.Equal("two", await TextAsync("/sub/b.txt"));
    }

    [Fact]
    public async Task A_compressed_sibling_that_comes_or_goes_is_seen()
    {
        Assert.Equal("one", await TextAsync("/a.txt", "Accept-Encoding: gzip"));
        Assert.Equal("one", await TextAsync("/a.txt", "Accept-Encoding: gzip"));
        _folder.Write("root/a.txt.gz", "zipped");
        Assert.Equal("zipped", await TextAsync("/a.txt", "Accept-Encoding: gzip"));
        Assert.Equal("zipped", await TextAsync("/a.txt", "Accept-Encoding: gzip"));
        Assert.Equal("one", await TextAsync("/a.txt"));
        Assert.Equal(3, _atOnce);
        File.Delete(_folder.Path("root/a.txt.gz"));
        Assert.Equal("one", await TextAsync("/a.txt", "Accept-Encoding: gzip"));
    }

    // Where a link is on the way, no folder of the path tells of a change behind it.
    [Fact]
    public async Task A_file_behind_a_link_is_looked_at_each_time()
    {
        File.CreateSymbolicLink(_folder.Path("root/link.txt"), "a.txt");
        Assert.Equal("one", await TextAsync("/link.txt"));
        Assert.Equal("one", await TextAsync("/link.txt"));
        Assert.Equal(0, _atOnce);
        _folder.Write("root/a.txt", "two");
        Assert.Equal("two", await TextAsync("/link.txt"));
    }

    // Another name of the same file tells no folder of ours: that is what the look once a second is for.
    [Fact]
    public async Task A_change_by_another_name_is_seen_after_a_second()
    {
        using (var link = System.Diagnostics.Process.Start("ln", [_folder.Path("root/a.txt"), _folder.Path("other/hard.txt")]))
        {
            await link.WaitForExitAsync().WaitAsync(TestClient.Patience);
        }

        Assert.Equal("one", await TextAsync("/a.txt"));
        Assert.Equal("one", await TextAsync("/a.txt"));
        await File.WriteAllTextAsync(_folder.Path("other/hard.txt"), "two");
        _time.Pass(TimeSpan.FromSeconds(1.1));
        Assert.Equal("two", await TextAsync("/a.txt"));
    }

    [Fact]
    public async Task A_root_that_is_replaced_as_a_whole_is_seen_within_a_second_or_two()
    {
        Assert.Equal("one", await TextAsync("/a.txt"));
        Directory.Move(_folder.Root, _folder.Path("was"));
        _folder.Write("root/a.txt", "two");
        await Eventually.TrueAsync(
            async () =>
            {
                _time.Pass(TimeSpan.FromSeconds(1.1));
                return await TextAsync("/a.txt") == "two";
            },
            "it is seen");
    }

    [Fact]
    public async Task Conditions_are_answered_at_once_too()
    {
        var first = await GetAsync("/a.txt");
        foreach (var tag in new[] { first["ETag"], "W/" + first["ETag"] })
        {
            var response = await GetAsync("/a.txt", $"If-None-Match: {tag}");
            Assert.Equal(304, response.Status);
            Assert.Equal(first["ETag"], response["ETag"]);
        }

        Assert.Equal(2, _atOnce);

        // What needs a closer look takes the long way, and comes to the same.
        Assert.Equal(304, (await GetAsync("/a.txt", $"If-None-Match: \"x\", {first["ETag"]}")).Status);
        Assert.Equal(304, (await GetAsync("/a.txt", $"If-Modified-Since: {first["Last-Modified"]}")).Status);
        Assert.Equal(206, (await GetAsync("/a.txt", "Range: bytes=0-0")).Status);
        Assert.Equal(412, (await GetAsync("/a.txt", "If-Match: \"x\"")).Status);
        Assert.Equal(2, _atOnce);
    }

    [Fact]
    public void The_cache_stays_within_its_bounds()
    {
        using var cache = new FileCache(new MemoryBudget(100_000, 50), new KeptFileBudget(0), new KeptFileBudget(2048), TimeProvider.System);
        for (var number = 0; number < 1000; number++)
        {
            var path = System.Text.Encoding.ASCII.GetBytes($"/{number}");
            var sources = Sources(number);
            var whole = new PreparedResponse(200, [], new byte[number % 3 == 0 ? 5000 : 10]);
            var file = new CachedFile(path, sources, [new Representation(null, "\"a\""u8.ToArray(), new PreparedResponse(304, [])) { Whole = whole }]);
            cache.Add(file, _folder.Root, ["a.txt"], isDirect: true, () => sources);
            Assert.InRange(cache.Bytes, 1, 100_000);
            Assert.InRange(cache.Count, 1, 50);
            Assert.True(cache.TryFind(path, out var found, out _));
            Assert.Same(file, found);
        }
    }

    // Of more files than there was room for, each pushed another one out: everything was read into memory, and little of it used.
    [Fact]
    public void More_files_than_there_is_room_for_do_not_push_each_other_out()
    {
        using var cache = new FileCache(new MemoryBudget(1_000_000, 100), new KeptFileBudget(0), new KeptFileBudget(2048), TimeProvider.System);
        for (var number = 0; number < 100; number++)
        {
            Assert.True(cache.Admits(10));
            Add(cache, number);
        }

        var admitted = Enumerable.Range(0, 1600).Count(_ => cache.Admits(10));
        Assert.Equal(100, admitted);
        Assert.Equal(100, cache.Count);

        // There is room again where a file has changed.
        Assert.Null(cache.Confirm("/7"u8, Sources(8)));
        Assert.True(cache.Admits(10));
        Assert.False(cache.Admits(2_000_000));
    }

    // What was replaced stayed in memory, uncounted, until twice as many files had gone as were still there.
    [Fact]
    public void What_is_replaced_is_let_go()
    {
        using var cache = new FileCache(new MemoryBudget(10_000_000, 1000), new KeptFileBudget(0), new KeptFileBudget(2048), TimeProvider.System);
        for (var number = 0; number < 500; number++)
        {
            Add(cache, number);
        }

        var replaced = Replace(cache);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.False(replaced.IsAlive, "the body of a file that was replaced is still held");

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        WeakReference Replace(FileCache of)
        {
            var old = new WeakReference(Add(of, 7));
            Add(of, 7);
            return old;
        }

    }

    // Versions that tell themselves, replaced by renames while clients read: none is a mixture, and none is older than the
    // last rename that was done before its request.
    [Theory]
    [InlineData("memory")]
    [InlineData("sockets")]
    [InlineData("epoll")]
    public async Task Each_response_is_one_whole_version_and_never_an_old_one(string transport)
    {
        await using var folder = new StaticFolder(transport);
        folder.Write("root/v.txt", Version(0));
        var server = await folder.ServeAsync(options =>
        {
            options.TimeProvider = new LaterTime();
            Configure(options);
        });
        var written = 0;
        using var end = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var client = await server.ConnectAsync();
            while (!end.IsCancellationRequested)
            {
                var before = Volatile.Read(ref written);
                var text = (await client.RequestAsync(TestClient.Get("/v.txt"))).Text;
                var version = int.Parse(text[..8]);
                Assert.Equal(Version(version), text);
                Assert.True(version >= before, $"version {version} after {before} was in place");
            }
        }).ToList();
        for (var version = 1; version <= 300; version++)
        {
            folder.Replace("root/v.txt", Version(version));
            Volatile.Write(ref written, version);
            await Task.Yield();
        }

        await end.CancelAsync();
        await Task.WhenAll(readers).WaitAsync(TestClient.Patience);
    }

    // Of very different lengths: from memory, read before sending, and by sendfile.
    private static string Version(int number) =>
        string.Concat(Enumerable.Repeat($"{number:00000000}", 1 + (number % 4 * 20_000)));

    private static FileSources Sources(int number) =>
        new($"{number}", new FileIdentity(1, (ulong)number, 3, new FileTime(4, 0), new FileTime(5, 0)), default, default, default);

    private CachedFile Add(FileCache cache, int number)
    {
        var sources = Sources(number);
        var file = new CachedFile(
            System.Text.Encoding.ASCII.GetBytes($"/{number}"), sources, [new Representation(null, "\"a\""u8.ToArray(), new PreparedResponse(304, []))]);
        cache.Add(file, _folder.Root, ["a.txt"], isDirect: true, () => sources);
        return file;
    }

    private async Task<string> TextAsync(string target, params string[] headers)
    {
        var response = await GetAsync(target, headers);
        return response.Status == 200 ? response.Text : response.Status.ToString();
    }

    private async Task<TestResponse> GetAsync(string target, params string[] headers)
    {
        await using var client = await _server.ConnectAsync();
        return await client.RequestAsync(TestClient.Get(target, headers));
    }
}
