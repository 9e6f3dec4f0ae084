using System.Buffers.Text;
using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>
/// Entity tags that replicas share. Two servers behind a balancer that had the same files under other times, or even under the same whole second, had tags
/// of their own: a client got everything anew from the other one, and could go on with no download there.
/// </summary>
public sealed class ReplicaTagTests
{
    private const string Text = "the same content on each of them";
    private const int LargeBytes = 17 * 1024 * 1024;

    private static readonly DateTime Time = new(2025, 3, 4, 5, 6, 7, DateTimeKind.Utc);

    public static TheoryData<string> Transports => ["memory", "sockets", "epoll"];

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Under_content_the_same_bytes_have_the_same_tag_whatever_the_times(string transport)
    {
        await using var one = new StaticFolder(transport);
        await using var two = new StaticFolder(transport);
        WriteAll(one, Time);
        WriteAll(two, DateTime.UnixEpoch); // an image
        var (first, second) = (await ServeAsync(one, EntityTagSource.Content), await ServeAsync(two, EntityTagSource.Content));
        var expected = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Text)).AsSpan(0, 24));
        for (var round = 0; round < 2; round++)
        {
            // From the disk, then from memory.
            foreach (var (path, coding) in new[] { ("/a.txt", ""), ("/b.txt", ""), ("/b.txt", "gzip"), ("/c.txt", ""), ("/c.txt", "gzip"), ("/c.txt", "br") })
            {
                var accepted = "Accept-Encoding: " + (coding.Length > 0 ? coding : "identity");
                var (a, b) = (await GetAsync(first, path, accepted), await GetAsync(second, path, accepted));
                var tag = a["ETag"]!;
                Assert.Equal((200, 200, tag), (a.Status, b.Status, b["ETag"]!));
                Assert.Equal(coding.Length > 0 ? coding : null, a["Content-Encoding"]);
                Assert.EndsWith(coding.Length > 0 ? $"-{coding}\"" : "\"", tag);
                Assert.Equal("Tue, 04 Mar 2025 05:06:07 GMT", a["Last-Modified"]); // as the file says
                Assert.Null(b["Last-Modified"]);
                Assert.Equal(304, (await GetAsync(second, path, accepted, $"If-None-Match: {tag}")).Status);
                Assert.Equal(200, (await GetAsync(second, path, accepted, $"If-Match: \"other\", {tag}")).Status);
                Assert.Equal(412, (await GetAsync(second, path, accepted, "If-Match: \"other\"")).Status);
            }

            var whole = await GetAsync(first, "/a.txt");
            Assert.Equal($"\"{expected}\"", whole["ETag"]);
            Assert.Equal("same", (await GetAsync(second, "/a.txt", "Range: bytes=4-7", $"If-Range: {whole["ETag"]}")).Text);
            Assert.Equal(Text, (await GetAsync(second, "/a.txt", "Range: bytes=4-7", "If-Range: \"other\"")).Text);
        }
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Under_stat_a_copy_with_its_times_has_the_same_tag(string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "cp -p is wanted.");
        await using var one = new StaticFolder(transport);
        await using var two = new StaticFolder(transport);
        one.Write("root/fraction.txt", Text);
        one.Write("root/second.txt", Text);
        File.SetLastWriteTimeUtc(one.Path("root/fraction.txt"), Time.AddTicks(1234567));
        File.SetLastWriteTimeUtc(one.Path("root/second.txt"), Time); // as a package has it
        using (var copy = Process.Start("cp", ["-rp", one.Root, two.Folder]))
        {
            await copy.WaitForExitAsync().WaitAsync(TestClient.Patience);
            Assert.Equal(0, copy.ExitCode);
        }

        foreach (var (name, source, isSame) in new[]
        {
            ("/fraction.txt", EntityTagSource.Host, true), ("/second.txt", EntityTagSource.Host, false),
            ("/fraction.txt", EntityTagSource.Stat, true), ("/second.txt", EntityTagSource.Stat, true),
        })
        {
            var (a, b) = (await GetAsync(await ServeAsync(one, source), name), await GetAsync(await ServeAsync(two, source), name));
            Assert.Equal(isSame, a["ETag"] == b["ETag"]);
            Assert.Equal(a["Last-Modified"], b["Last-Modified"]);
        }

        // To the nanosecond: two versions of one second are two.
        File.SetLastWriteTimeUtc(two.Path("root/fraction.txt"), Time.AddTicks(1234568));
        Assert.NotEqual(
            (await GetAsync(await ServeAsync(one, EntityTagSource.Stat), "/fraction.txt"))["ETag"],
            (await GetAsync(await ServeAsync(two, EntityTagSource.Stat), "/fraction.txt"))["ETag"]);
    }

    // Both releases have the time and the length that the image gives them.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(315_532_800)]
    public async Task Under_stat_two_releases_of_one_false_time_share_no_tag_and_two_replicas_do(int seconds)
    {
        await using var old = new StaticFolder("memory");
        await using var next = new StaticFolder("memory");
        await using var replica = new StaticFolder("memory");
        foreach (var (folder, text) in new[] { (old, "release 1"), (next, "release 2"), (replica, "release 2") })
        {
            folder.Write("root/a.txt", text);
            File.SetLastWriteTimeUtc(folder.Path("root/a.txt"), DateTime.UnixEpoch.AddSeconds(seconds));
        }

        var tags = new List<string>();
        foreach (var folder in new[] { old, next, replica })
        {
            var response = await GetAsync(await ServeAsync(folder, EntityTagSource.Stat), "/a.txt");
            Assert.Null(response["Last-Modified"]);
            tags.Add(response["ETag"]!);
        }

        Assert.NotEqual(tags[0], tags[1]);
        Assert.Equal(tags[1], tags[2]);
    }

    [Theory]
    [InlineData(EntityTagSource.Stat)]
    [InlineData(EntityTagSource.Content)]
    public async Task A_time_ahead_of_the_clock_says_nothing_until_it_has_come(EntityTagSource source)
    {
        var time = new LaterTime();
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", Text);
        folder.Write("root/b.txt", Text);
        File.SetLastWriteTimeUtc(folder.Path("root/a.txt"), time.GetUtcNow().UtcDateTime.AddHours(1));
        var atOnce = 0;
        using var files = new StaticFileHandler(folder.Root, new StaticFileOptions { EntityTags = source, TimeProvider = time });
        var server = await folder.ServeAsync(files, () => Interlocked.Increment(ref atOnce));
        for (var round = 0; round < 3; round++)
        {
            var ahead = await GetAsync(server, "/a.txt");
            Assert.Equal((200, null, Text), (ahead.Status, ahead["Last-Modified"], ahead.Text));
            Assert.Equal($"\"{Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Text)).AsSpan(0, 24))}\"", ahead["ETag"]);
        }

        Assert.Equal(0, atOnce); // what is said of it will change by itself, so it is not kept
        for (var round = 0; round < 3; round++)
        {
            Assert.NotNull((await GetAsync(server, "/b.txt"))["Last-Modified"]);
        }

        Assert.Equal(2, atOnce);
        File.SetLastWriteTimeUtc(folder.Path("root/a.txt"), time.GetUtcNow().UtcDateTime.AddMinutes(-30));
        var come = await GetAsync(server, "/a.txt");
        Assert.NotNull(come["Last-Modified"]);
        Assert.Equal(source == EntityTagSource.Content, come["ETag"]!.Length == 34);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_change_is_seen_though_length_and_time_stay(string transport)
    {
        await using var folder = new StaticFolder(transport);
        var server = await ServeAsync(folder, EntityTagSource.Content, write: "root/a.txt");
        var tags = new HashSet<string>();
        foreach (var text in new[] { "one", "two", "six" })
        {
            folder.Replace("root/a.txt", text);
            File.SetLastWriteTimeUtc(folder.Path("root/a.txt"), Time);
            for (var round = 0; round < 3; round++)
            {
                var response = await GetAsync(server, "/a.txt");
                Assert.Equal(text, response.Text);
                Assert.Equal(round == 0, tags.Add(response["ETag"]!));
            }
        }

        folder.Replace("root/a.txt", "one");
        Assert.False(tags.Add((await GetAsync(server, "/a.txt"))["ETag"]!)); // a rollback: clients have it already
    }

    // What was changed within the last second is hashed twice for each answer, and not kept.
    [Fact]
    public async Task A_file_that_was_just_written_has_its_tag_at_once()
    {
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", "one");
        var server = await folder.ServeAsync(static options => options.EntityTags = EntityTagSource.Content);
        var before = await GetAsync(server, "/a.txt");
        folder.Write("root/a.txt", "two");
        var after = await GetAsync(server, "/a.txt");
        Assert.Equal(("one", "two"), (before.Text, after.Text));
        Assert.NotNull(before["ETag"]);
        Assert.NotNull(after["ETag"]);
        Assert.NotEqual(before["ETag"], after["ETag"]);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_large_file_goes_out_without_a_tag_until_it_has_been_read(string transport)
    {
        await using var folder = new StaticFolder(transport);
        for (var number = 0; number < 4; number++)
        {
            folder.Write($"root/{number}.bin", "");
            using var file = File.OpenWrite(folder.Path($"root/{number}.bin"));
            file.SetLength(LargeBytes + number);
        }

        var server = await ServeAsync(folder, EntityTagSource.Content);
        var first = await HeadAsync(server, "/0.bin");
        Assert.Equal((200, null, $"{LargeBytes}"), (first.Status, first["ETag"], first["Content-Length"]));
        Assert.NotNull(first["Last-Modified"]);

        // Not known is neither a match nor a mismatch.
        var undecided = await HeadAsync(server, "/1.bin", "If-Match: \"any\"");
        Assert.Equal((503, "1"), (undecided.Status, undecided["Retry-After"]));
        Assert.Equal(200, (await HeadAsync(server, "/2.bin", "If-None-Match: \"any\"", "If-Match: *")).Status);
        Assert.Null((await HeadAsync(server, "/3.bin", "If-None-Match: \"any\""))["ETag"]);

        var tags = new HashSet<string>();
        for (var number = 0; number < 4; number++)
        {
            string? tag = null;
            await Eventually.TrueAsync(async () => (tag = (await HeadAsync(server, $"/{number}.bin"))["ETag"]) is not null, "it has been read");
            Assert.True(tags.Add(tag!));
            Assert.Equal(304, (await HeadAsync(server, $"/{number}.bin", $"If-None-Match: {tag}")).Status);
            Assert.Equal(200, (await HeadAsync(server, $"/{number}.bin", $"If-Match: {tag}")).Status);
            Assert.Equal(412, (await HeadAsync(server, $"/{number}.bin", "If-Match: \"any\"")).Status);
            Assert.Equal(2, (await GetAsync(server, $"/{number}.bin", "Range: bytes=0-1", $"If-Range: {tag}")).Body.Length);
        }

        Assert.Contains($"\"{Base64Url.EncodeToString(SHA256.HashData(new byte[LargeBytes]).AsSpan(0, 24))}\"", tags);
    }

    // Byte by byte what it was before there was a choice.
    [Fact]
    public async Task Nothing_is_different_by_default()
    {
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", Text);
        File.SetLastWriteTimeUtc(folder.Path("root/a.txt"), Time.AddTicks(1234567));
        var server = await ServeAsync(folder, EntityTagSource.Host);
        var response = await GetAsync(server, "/a.txt");
        Assert.Equal(
            [
                "Server: PipeServer", "Date: *", "Content-Length: 32", "ETag: \"67c68a3f075bccbc-20\"", "Last-Modified: Tue, 04 Mar 2025 05:06:07 GMT",
                "Accept-Ranges: bytes", "Content-Type: text/plain; charset=utf-8", "X-Content-Type-Options: nosniff",
            ],
            response.Headers.Select(static field => $"{field.Name}: {(field.Name == "Date" ? "*" : field.Value)}"));
    }

    [Fact]
    public void A_source_that_there_is_not_is_refused()
    {
        var options = new StaticFileOptions { EntityTags = (EntityTagSource)3 };
        Assert.Contains(nameof(StaticFileOptions.EntityTags), Assert.Throws<ArgumentOutOfRangeException>(() => new StaticFileHandler(Path.GetTempPath(), options)).Message);
    }

    // One that is compressed by nobody, one with a sibling, one that is compressed on the fly.
    private static void WriteAll(StaticFolder folder, DateTime time)
    {
        folder.Write("root/a.txt", Text);
        folder.Write("root/b.txt", Text);
        folder.Write("root/c.txt", new string('c', 5000));
        using (var gzip = new GZipStream(File.Create(folder.Path("root/b.txt.gz")), CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(Text));
        }

        foreach (var file in Directory.GetFiles(folder.Root))
        {
            File.SetLastWriteTimeUtc(file, time);
        }
    }

    private static Task<TestServer> ServeAsync(StaticFolder folder, EntityTagSource source, string? write = null)
    {
        if (write is not null)
        {
            folder.Write(write, "");
        }

        return folder.ServeAsync(options => (options.EntityTags, options.Compress, options.TimeProvider) = (source, true, new LaterTime()));
    }

    private static async Task<TestResponse> GetAsync(TestServer server, string target, params string[] headers)
    {
        await using var client = await server.ConnectAsync();
        return await client.RequestAsync(TestClient.Get(target, headers));
    }

    private static async Task<TestResponse> HeadAsync(TestServer server, string target, params string[] headers)
    {
        await using var client = await server.ConnectAsync();
        return await client.RequestAsync("HEAD" + TestClient.Get(target, headers)[3..], isHead: true);
    }
}
