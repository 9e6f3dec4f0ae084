using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>What a kept file is read as, who owns it, and how many there are.</summary>
public sealed class KeptFileBoundTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // No notice comes of a change by another name of the file, or in a folder that is not watched: the file itself tells.
    [Theory]
    [InlineData("written over")]
    [InlineData("written over, and its time set back")]
    [InlineData("appended to")]
    [InlineData("cut")]
    [InlineData("replaced")]
    [InlineData("deleted")]
    public void A_file_that_is_not_what_it_was_is_not_read(string change)
    {
        var path = Write("a", 1000);
        using var opened = Open(path);
        using var kept = KeptFile.TryKeep(opened)!;
        var bytes = new byte[1000];
        Assert.True(kept.TryRead(bytes));
        Assert.True(bytes.AsSpan().IndexOfAnyExcept((byte)'x') < 0);
        var modified = File.GetLastWriteTimeUtc(path);
        PassTick(opened);
        switch (change)
        {
            case "appended to":
                File.AppendAllText(path, "more");
                break;
            case "cut":
                File.WriteAllText(path, "");
                break;
            case "replaced":
                File.Move(Write("b", 1000), path, overwrite: true);
                break;
            case "deleted":
                File.Delete(path);
                break;
            default:
                File.WriteAllText(path, new string('y', 1000));
                break;
        }

        if (change.EndsWith("set back", StringComparison.Ordinal))
        {
            File.SetLastWriteTimeUtc(path, modified);
        }

        Assert.False(kept.TryRead(bytes));
    }

    [Fact]
    public void The_last_owner_closes_the_file()
    {
        var path = Write("a", 1000);
        var opened = Open(path);
        var kept = KeptFile.TryKeep(opened)!;
        opened.Dispose();
        Assert.False(opened.Handle.IsClosed);
        Assert.True(kept.TryRead(new byte[1000]));
        kept.Dispose();
        Assert.True(opened.Handle.IsClosed);
        Assert.False(opened.TryShare());
        Assert.False(kept.TryRead(new byte[1000]));
    }

    // Were one thread's file closed while another reads from it, its number could be another file's by then.
    [Fact]
    public async Task A_file_is_not_closed_while_somebody_reads()
    {
        var paths = new[] { Write("a", 5000), Write("b", 5000, 'y') };
        for (var round = 0; round < Stress.Rounds(30); round++)
        {
            var opened = Open(paths[0]);
            var kept = KeptFile.TryKeep(opened)!;
            opened.Dispose();
            var reader = Task.Factory.StartNew(
                () =>
                {
                    var bytes = new byte[5000];
                    for (var reads = 0; reads < 300 && kept.TryRead(bytes); reads++)
                    {
                        Assert.True(bytes.AsSpan().IndexOfAnyExcept((byte)'x') < 0, "the bytes of another file");
                    }
                },
                TestContext.Current.CancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            for (var reads = 0; reads < round * 5; reads++)
            {
                Assert.True(kept.TryRead(new byte[5000]));
            }

            kept.Dispose();
            using (Open(paths[1])) // takes the number, if it is free
            {
                await reader.WaitAsync(TestClient.Patience);
            }
        }
    }

    [Fact]
    public void No_more_are_open_than_the_budget_says()
    {
        var budget = new KeptFileBudget(5);
        using (var cache = new FileCache(new MemoryBudget(1_000_000, 100), budget, new KeptFileBudget(2048), TimeProvider.System))
        {
            for (var number = 0; number < 50; number++)
            {
                Add(cache, number);
                Assert.Equal(Math.Min(number + 1, 5), budget.Taken);
                Assert.Equal(budget.Taken, cache.Count);
                Assert.InRange(KeptFileSupport.OpenBelow(_folder), 0, 5);
            }

            // A full one takes one of sixteen, as memory does.
            Assert.Equal(10, Enumerable.Range(0, 160).Count(_ => cache.AdmitsOpen(1)));
            Assert.Null(cache.Confirm("/49"u8, Sources(1)));
            Assert.Equal(4, budget.Taken);
            Assert.True(cache.AdmitsOpen(1));
        }

        Assert.Equal(0, budget.Taken);
        Assert.Equal(0, KeptFileSupport.OpenBelow(_folder));
    }

    // The budget is the process's: what another handler holds is not ours to give up.
    [Fact]
    public void A_budget_that_others_have_used_up_keeps_nothing_open()
    {
        var budget = new KeptFileBudget(1);
        Assert.True(budget.TryTake(1));
        using var cache = new FileCache(new MemoryBudget(1_000_000, 100), budget, new KeptFileBudget(2048), TimeProvider.System);
        Add(cache, 1);
        Assert.Equal(0, cache.Count);
        Assert.Equal(1, budget.Taken);
        Assert.Equal(0, KeptFileSupport.OpenBelow(_folder));
    }

    [Fact]
    public void What_memory_is_bounded_by_bounds_the_heads_of_open_files_too()
    {
        var budget = new KeptFileBudget(1000);
        using var cache = new FileCache(new MemoryBudget(20_000, 100), budget, new KeptFileBudget(2048), TimeProvider.System);
        for (var number = 0; number < 100; number++)
        {
            Add(cache, number);
            Assert.InRange(cache.Bytes, 1, 20_000);
        }

        Assert.InRange(budget.Taken, 5, 50);
        Assert.Equal(budget.Taken, KeptFileSupport.OpenBelow(_folder));
    }

    // A change within the same tick of the file system's clock shows in no time; a cache keeps no file that was changed so recently.
    private void PassTick(OpenedFile file)
    {
        while (true)
        {
            using var probe = Open(Write("probe", 1));
            if (probe.Identity.Changed!.Value != file.Identity.Changed!.Value)
            {
                return;
            }
        }
    }

    private static FileSources Sources(int number) =>
        new($"{number}", new FileIdentity(1, (ulong)number, 3, new FileTime(4, 0), new FileTime(5, 0)), default, default, default);

    private void Add(FileCache cache, int number)
    {
        var sources = Sources(number);
        using var opened = Open(Write($"{number}", 100));
        var whole = PreparedResponse.WithSource(200, [], KeptFile.TryKeep(opened)!);
        var file = new CachedFile(
            System.Text.Encoding.ASCII.GetBytes($"/{number}"),
            sources,
            [new Representation(null, "\"a\""u8.ToArray(), new PreparedResponse(304, [])) { Whole = whole }]);
        cache.Add(file, _folder, [$"{number}"], isDirect: true, () => sources);
    }

    private string Write(string name, int length, char letter = 'x')
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, new string(letter, length));
        KeptFileSupport.Require(path);
        return path;
    }

    private static OpenedFile Open(string path)
    {
        var handle = KeptFileSupport.Open(path);
        Assert.Equal(0, FileCalls.Identify(handle, out var identity, out _));
        return new OpenedFile(handle, identity, isDirect: true);
    }
}
