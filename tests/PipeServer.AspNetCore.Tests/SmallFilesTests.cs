using System.Text;

namespace PipeServer.AspNetCore.Tests;

/// <summary>The bytes of small files that are kept: never those of another version.</summary>
public sealed class SmallFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pipeserver-small-").FullName;
    private readonly SmallFiles _files = new(new TimeAhead(TimeSpan.FromMinutes(1))); // so that a file just written has not changed for long

    public static bool IsLinux => OperatingSystem.IsLinux();

    private string Path => System.IO.Path.Combine(_folder, "file.txt");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact(SkipUnless = nameof(IsLinux), Skip = "Files are kept on Linux only.")]
    public void A_file_that_was_read_is_known()
    {
        File.WriteAllText(Path, "content");
        Assert.False(_files.TryGet(Path, out _));
        Assert.Equal("content"u8, Read(Path));
        Assert.True(_files.TryGet(Path, out var content));
        Assert.Equal("content"u8, content);
    }

    [Fact(SkipUnless = nameof(IsLinux), Skip = "Files are kept on Linux only.")]
    public void A_file_of_other_bytes_is_another_one_though_its_length_and_time_are_the_same()
    {
        File.WriteAllText(Path, "content");
        var time = File.GetLastWriteTimeUtc(Path);
        Read(Path);
        WaitForAnotherTime();
        File.WriteAllText(Path, "CONTENT");
        File.SetLastWriteTimeUtc(Path, time);
        Assert.False(_files.TryGet(Path, out _));
        Assert.Equal("CONTENT"u8, Read(Path));
        Assert.True(_files.TryGet(Path, out _));
    }

    [Fact(SkipUnless = nameof(IsLinux), Skip = "Files are kept on Linux only.")]
    public void A_file_that_takes_the_place_of_another_is_not_taken_for_it()
    {
        var other = Path + ".new";
        File.WriteAllText(Path, "content");
        File.WriteAllText(other, "another");
        File.SetLastWriteTimeUtc(other, File.GetLastWriteTimeUtc(Path));
        Read(Path);
        File.Move(other, Path, overwrite: true);
        Assert.False(_files.TryGet(Path, out _));
        File.Delete(Path);
        Assert.False(_files.TryGet(Path, out _));
    }

    [Fact(SkipUnless = nameof(IsLinux), Skip = "Files are kept on Linux only.")]
    public void A_link_is_followed()
    {
        var target = Path + ".1";
        File.WriteAllText(target, "one");
        File.CreateSymbolicLink(Path, target);
        Read(Path);
        Assert.True(_files.TryGet(Path, out _));
        File.WriteAllText(Path + ".2", "two");
        File.Delete(Path);
        File.CreateSymbolicLink(Path, Path + ".2");
        Assert.False(_files.TryGet(Path, out _));
    }

    [Fact]
    public void What_has_changed_a_moment_ago_is_not_kept()
    {
        var files = new SmallFiles(TimeProvider.System);
        File.WriteAllText(Path, "content");
        using var file = File.OpenHandle(Path);
        Assert.Null(files.Read(Path, file, 7));
    }

    [Fact]
    public void What_is_large_or_has_another_length_by_now_is_not_kept()
    {
        File.WriteAllBytes(Path, new byte[SmallFiles.MostOfFile + 1]);
        using var file = File.OpenHandle(Path);
        Assert.Null(_files.Read(Path, file, SmallFiles.MostOfFile + 1));
        Assert.Null(_files.Read(Path, file, 100));
    }

    [Fact(SkipUnless = nameof(IsLinux), Skip = "Files are kept on Linux only.")]
    public void All_files_together_stay_within_a_bound_and_the_oldest_go()
    {
        var content = new byte[SmallFiles.MostOfFile];
        var paths = Enumerable.Range(0, 300).Select(number => $"{Path}.{number}").ToList();
        foreach (var path in paths)
        {
            File.WriteAllBytes(path, content);
            Read(path);
        }

        Assert.Equal(paths.Select((path, number) => (number, _files.TryGet(path, out _))), paths.Select((_, number) => (number, number >= 300 - KeptOf(paths))));
    }

    [Fact(SkipUnless = nameof(IsLinux), Skip = "Files are kept on Linux only.")]
    public async Task A_file_that_changes_all_the_time_is_never_answered_in_parts()
    {
        File.WriteAllText(Path, Pattern(0));
        using var stop = new CancellationTokenSource();
        var writing = Task.Factory.StartNew(
            () =>
            {
                for (var number = 1; !stop.IsCancellationRequested; number++)
                {
                    File.WriteAllText(Path + ".new", Pattern(number));
                    File.Move(Path + ".new", Path, overwrite: true);
                }
            },
            stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (var round = 0; round < 3000; round++)
        {
            if (!_files.TryGet(Path, out var content))
            {
                content = TryRead();
            }

            var text = content is null ? null : Encoding.ASCII.GetString(content);
            Assert.True(text is null || text == new string(text[0], 2000), "Bytes of two versions.");
        }

        await stop.CancelAsync();
        await writing.WaitAsync(ApplicationHost.Patience);
    }

    private static string Pattern(int number) => new((char)('a' + (number % 26)), 2000);

    // A kernel's time moves on by ticks of some milliseconds.
    private void WaitForAnotherTime()
    {
        var time = File.GetLastWriteTimeUtc(Path);
        do
        {
            File.WriteAllText(Path + ".clock", "");
        }
        while (File.GetLastWriteTimeUtc(Path + ".clock") == time);
    }

    private byte[]? TryRead()
    {
        using var file = File.OpenHandle(Path);
        return _files.Read(Path, file, RandomAccess.GetLength(file));
    }

    private byte[] Read(string path)
    {
        using var file = File.OpenHandle(path);
        return Assert.IsType<byte[]>(_files.Read(path, file, RandomAccess.GetLength(file)));
    }

    private int KeptOf(List<string> paths)
    {
        var kept = paths.Count(path => _files.TryGet(path, out _));
        Assert.InRange(kept, 200, 255); // 16 MiB of 64 KiB each, and the names
        return kept;
    }

    private sealed class TimeAhead(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
