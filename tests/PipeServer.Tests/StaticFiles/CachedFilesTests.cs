using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

public sealed class CachedFilesTests
{
    [Fact]
    public void It_holds_what_a_dictionary_would_hold()
    {
        var random = new Random(48);
        var files = new CachedFiles();
        var model = new Dictionary<string, CachedFile>();
        for (var round = 0; round < 20_000; round++)
        {
            // Of every length, and many that begin alike.
            var path = "/" + new string('x', random.Next(20)) + random.Next(200);
            Assert.Equal(model.TryGetValue(path, out var expected), files.TryGet(Encoding.UTF8.GetBytes(path), out var found));
            Assert.Equal(expected, found);
            if (expected is null)
            {
                model.Add(path, Create(path));
                files.Add(model[path]);
            }
            else if (random.Next(2) == 0)
            {
                Assert.False(files.Remove(Create(path))); // another file of the same path
                Assert.True(files.Remove(expected));
                Assert.False(files.Remove(expected));
                model.Remove(path);
            }

            Assert.Equal(model.Count, files.Count);
        }

        Assert.Equal(model.Values.ToHashSet(), files.ToList().ToHashSet());
    }

    [Fact]
    public void Paths_are_told_apart_by_each_of_their_bytes()
    {
        var files = new CachedFiles();
        for (var length = 0; length < 40; length++)
        {
            files.Add(Create(new string('a', length)));
        }

        for (var length = 0; length < 40; length++)
        {
            var path = new byte[length];
            Array.Fill(path, (byte)'a');
            Assert.True(files.TryGet(path, out var file) && file.Path.Length == length);
            for (var at = 0; at < length; at++)
            {
                path[at] ^= 1;
                Assert.False(files.TryGet(path, out _));
                path[at] ^= 1;
            }
        }
    }

    // Look-ups take no lock: beside files that come and go, and a table that grows, one that stays is found each time.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task What_stays_is_found_beside_changes()
    {
        var isDone = false;
        var files = new CachedFiles();
        var stays = Enumerable.Range(0, 50).Select(static number => Create($"/stays/{number}")).ToList();
        stays.ForEach(files.Add);
        var reader = Task.Run(
            () =>
            {
                var count = 0;
                while (!Volatile.Read(ref isDone) || count == 0)
                {
                    foreach (var file in stays)
                    {
                        Assert.True(files.TryGet(file.Path, out var found));
                        Assert.Same(file, found);
                    }

                    Assert.False(files.TryGet("/never"u8, out _));
                    count++;
                }
            },
            TestContext.Current.CancellationToken);
        for (var round = 0; round < Stress.Rounds(30); round++)
        {
            var comes = Enumerable.Range(0, 100 << (round % 6)).Select(number => Create($"/comes/{round}/{number}")).ToList();
            comes.ForEach(files.Add);
            comes.ForEach(file => Assert.True(files.Remove(file)));
        }

        Volatile.Write(ref isDone, true);
        await reader;
        Assert.Equal(stays.Count, files.Count);
    }

    private static CachedFile Create(string path) => new(Encoding.UTF8.GetBytes(path), default!, []);
}
