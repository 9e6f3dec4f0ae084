using System.Security.Cryptography;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>Hashes of contents: of one version or none, each once, within bounds, and in the background one at a time.</summary>
public sealed class ContentHashesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
    private readonly FileRoot _root;

    public ContentHashesTests() => _root = FileRoot.Open(_folder, followSymlinks: false);

    public void Dispose()
    {
        _root.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("longer")]
    [InlineData("rewritten")]
    [InlineData("set back")]
    [InlineData("shorter")]
    public async Task A_file_that_changes_while_it_is_hashed_has_no_hash(string change)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || change is "longer" or "shorter", "Times in nanoseconds, and of the change, are needed.");
        var path = Write("a", 300_000);
        using var file = Open("a");
        var hashing = new FileHashing(_root, file);
        Assert.True(hashing.TryRead(100_000, CancellationToken.None));
        Assert.False(hashing.IsDone);
        var time = File.GetLastWriteTimeUtc(path);

        // Again, until the file system's clock has ticked.
        await Eventually.TrueAsync(
            () =>
            {
                Change(path, change, time);
                return _root.Identify(file) != hashing.Identity;
            },
            "the file shows that it has changed");
        Assert.True(!hashing.TryRead(long.MaxValue / 2, CancellationToken.None) || (hashing.IsDone && hashing.Finish() is null));
    }

    [Fact]
    public void What_nobody_wants_any_more_is_not_read()
    {
        Write("a", 300_000);
        using var file = Open("a");
        Assert.False(new FileHashing(_root, file).TryRead(long.MaxValue / 2, new CancellationToken(canceled: true)));
        var hashes = Hashes(new HashQueue());
        Assert.Null(hashes.Get("a", file, isSettled: true, new CancellationToken(canceled: true)));
        Assert.NotNull(hashes.Get("a", file, isSettled: true, CancellationToken.None));
    }

    [Fact]
    public void Each_version_is_read_once_and_what_may_still_change_each_time()
    {
        var path = Write("a", 1000);
        var hashes = Hashes(new HashQueue());
        using (var file = Open("a"))
        {
            var hash = hashes.Get("a", file, isSettled: false, CancellationToken.None);
            Assert.Equal(0, hashes.Count);
            Assert.Equal(hash, hashes.Get("a", file, isSettled: true, CancellationToken.None));
            Assert.Equal(1, hashes.Count);
            File.Delete(path);
            Assert.Equal(hash, hashes.Get("a", file, isSettled: true, CancellationToken.None)); // by the version that was opened
        }

        hashes.Close();
        Assert.Equal((0, 0L), (hashes.Count, hashes.Bytes));
    }

    [Fact]
    public void They_are_within_a_bound()
    {
        var memory = new MemoryBudget(2000);
        var hashes = new ContentHashes(_root, memory, new HashQueue());
        for (var number = 0; number < 20; number++)
        {
            Write($"{number}", 10 + number);
            using var file = Open($"{number}");
            Assert.NotNull(hashes.Get($"{number}", file, isSettled: true, CancellationToken.None));
            Assert.InRange(hashes.Count, 1, 4);
            Assert.InRange(memory.Bytes, 400, 2000);
        }

        hashes.Close();
        Assert.Equal(0, memory.Bytes);
    }

    [Fact]
    public void In_the_background_a_file_is_read_in_pieces_until_nobody_wants_it()
    {
        Write("a", 3_000_000);
        FileIdentity identity;
        using (var file = Open("a"))
        {
            identity = file.Identity;
        }

        var hashes = Hashes(new HashQueue());
        var whole = new HashJob(hashes, "a", identity);
        Assert.True(whole.GoOn(1_000_000));
        Assert.True(whole.GoOn(1_000_000));
        Assert.Equal(0, hashes.Count);
        Assert.False(whole.GoOn(1_000_000));
        Assert.Equal(1, hashes.Count);
        Assert.False(new HashJob(hashes, "b", identity).GoOn(1)); // there is none
        Assert.False(new HashJob(hashes, "a", identity with { Length = 1 }).GoOn(1)); // another version is there
        Assert.Equal(1, hashes.Count);

        var left = new HashJob(hashes, "a", identity);
        Assert.True(left.GoOn(1_000_000));
        hashes.Close();
        Assert.False(left.GoOn(1_000_000));
        Assert.Equal(0, hashes.Count);
    }

    [Fact]
    public async Task In_the_background_one_is_at_work_and_a_bounded_number_waits()
    {
        using var held = new HeldRoot(_root);
        var queue = new HashQueue();
        var hashes = new ContentHashes(held, new MemoryBudget(ContentHashes.MaxBytes), queue);
        for (var number = 0; number <= HashQueue.MaxWaiting; number++)
        {
            Write($"{number}", 100 + number);
            using var file = Open($"{number}");
            Assert.True(queue.TryAdd(new HashJob(hashes, $"{number}", file.Identity)));
        }

        Assert.False(queue.TryAdd(new HashJob(hashes, "0", default)));
        held.Go.Set();
        await Eventually.TrueAsync(() => hashes.Count == HashQueue.MaxWaiting + 1, "all have been read");
        Assert.Equal(1, held.MostAtOnce);
        Assert.True(queue.TryAdd(new HashJob(hashes, "0", default)));
    }

    [Fact]
    public void Pieces_of_any_length_come_to_the_same()
    {
        var random = new Random(1);
        var data = new byte[5000];
        random.NextBytes(data);
        var hash = new byte[Sha256.HashBytes];
        for (var round = 0; round < 300; round++)
        {
            var length = random.Next(data.Length);
            var incremental = new IncrementalSha256();
            for (var at = 0; at < length;)
            {
                var piece = Math.Min(length - at, random.Next(random.Next(2) == 0 ? 5 : 200));
                incremental.Append(data.AsSpan(at, piece));
                at += piece;
            }

            incremental.Finish(hash);
            Assert.Equal(SHA256.HashData(data.AsSpan(0, length)), hash);
        }
    }

    private ContentHashes Hashes(HashQueue queue) => new(_root, new MemoryBudget(ContentHashes.MaxBytes), queue);

    private static void Change(string path, string change, DateTime time)
    {
        using (var file = File.OpenWrite(path))
        {
            file.Position = change == "longer" ? file.Length : 250_000;
            file.WriteByte(1);
            if (change == "shorter")
            {
                file.SetLength(200_000);
            }
        }

        if (change == "set back")
        {
            File.SetLastWriteTimeUtc(path, time);
        }
    }

    private string Write(string name, int length)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, new byte[length]);
        return path;
    }

    private OpenedFile Open(string name)
    {
        Assert.Equal(OpenStatus.File, _root.TryOpen(name, out var file));
        return file!;
    }
}
