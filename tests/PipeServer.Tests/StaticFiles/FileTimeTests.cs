using System.Diagnostics;
using System.Globalization;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>
/// Times of files. Archives and images give every release of a file the same time, and a client was told 304 for what it did not have;
/// a time beyond 2262 came out as one of 1677; and the Last-Modified of a time in the future was another one for each response, so that
/// no client ever got a 304 for it.
/// </summary>
public sealed class FileTimeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Transports => ["memory", "sockets", "epoll"];

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", true)] // images, Bazel
    [InlineData("1970-01-01T00:00:01Z", true)] // Nix
    [InlineData("1970-01-01T00:00:02Z", false)]
    [InlineData("1969-12-31T23:59:59Z", true)] // -1
    [InlineData("1969-07-20T20:17:40Z", false)]
    [InlineData("1901-12-13T20:45:52Z", true)] // the first second of 32 bits, for every earlier one; it was passed on
    [InlineData("1901-12-13T20:45:53Z", false)]
    [InlineData("1601-01-01T00:00:00Z", true)]
    [InlineData("0001-01-01T00:00:00Z", true)]
    [InlineData("1980-01-01T00:00:00Z", true)] // ZIP
    [InlineData("1980-01-01T00:00:01Z", true)] // buildpacks
    [InlineData("1980-01-01T12:00:00Z", true)] // unpacked on Baker Island
    [InlineData("1979-12-31T10:00:00Z", true)] // and on Kiritimati
    [InlineData("1979-12-31T18:15:00Z", true)] // and in Nepal
    [InlineData("1980-01-01T12:01:00Z", true)] // Archive::Zip; it was missed, because its middle of the day was taken for no zone's midnight
    [InlineData("1979-12-31T22:01:00Z", true)] // unpacked on Kiritimati
    [InlineData("1980-01-02T00:01:00Z", true)] // and on Baker Island
    [InlineData("1980-01-02T00:01:03Z", false)]
    [InlineData("1979-12-31T09:59:59Z", false)]
    [InlineData("1979-11-30T00:00:00Z", true)] // ZIP without a time
    [InlineData("1980-02-01T08:00:00Z", true)] // Gradle
    [InlineData("1985-10-26T08:15:00Z", true)] // npm
    [InlineData("1985-10-26T08:15:01Z", false)]
    [InlineData("1984-06-22T21:50:00Z", true)] // Yarn
    [InlineData("2006-07-24T01:21:28Z", true)] // Cargo
    [InlineData("2001-09-09T01:46:40Z", false)]
    public void What_tools_write_instead_of_the_time_is_known(string time, bool isFalse)
    {
        var date = DateTimeOffset.Parse(time, CultureInfo.InvariantCulture);
        foreach (var nanoseconds in new uint[] { 0, 999_999_999 })
        {
            Assert.Equal(isFalse, FalseTimes.Contains(new FileTime(date.ToUnixTimeSeconds(), nanoseconds)));
        }

        var identity = new FileIdentity(1, 2, 3, FileTime.Of(date.UtcDateTime), FileTime.Of(Now.UtcDateTime));
        Assert.Equal(isFalse ? null : date, identity.LastModified(Now));
    }

    [Fact]
    public void A_time_that_HTTP_has_no_date_for_is_none()
    {
        foreach (var seconds in new[] { long.MinValue, -62_135_596_801, 253_402_300_800, long.MaxValue })
        {
            Assert.Null(new FileTime(seconds, 0).Date);
            Assert.True(FalseTimes.Contains(new FileTime(seconds, 0)));
            Assert.InRange(new FileTime(seconds, 999_999_999).NearestDate, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        }

        Assert.Equal(DateTimeOffset.MaxValue, new FileTime(253_402_300_799, 999_999_999).Date);
        Assert.Equal(DateTimeOffset.MinValue, new FileTime(-62_135_596_800, 0).Date);
        Assert.True(new FileTime(9_223_372_036, 1) < new FileTime(9_223_372_037, 0)); // where nanoseconds in 64 bits end
        Assert.True(new FileTime(-1, 999_999_999) > new FileTime(-1, 0));
        Assert.Equal(new FileTime(-1, 500_000_000), FileTime.Of(DateTime.UnixEpoch.AddMilliseconds(-500)));
    }

    // RFC 9110 §8.8.2.1. The time of the change is what stays the same, and is no secret: it is when the false time was set.
    [Fact]
    public void A_time_ahead_of_the_clock_gives_way_to_the_time_at_which_it_was_set()
    {
        var changed = Now.AddHours(-1);
        FileIdentity Identity(DateTimeOffset modified, DateTimeOffset? at) => new(
            1, 2, 3, FileTime.Of(modified.UtcDateTime), at is { } time ? FileTime.Of(time.UtcDateTime) : null);
        Assert.Equal(changed, Identity(Now.AddTicks(1), changed).LastModified(Now));
        Assert.Equal(Now, Identity(Now, changed).LastModified(Now));
        Assert.Null(Identity(Now.AddTicks(1), at: null).LastModified(Now));
        Assert.Null(Identity(Now.AddTicks(1), Now.AddTicks(1)).LastModified(Now));
        Assert.Null(Identity(Now.AddTicks(1), DateTimeOffset.UnixEpoch).LastModified(Now));
        Assert.Null(Identity(DateTimeOffset.UnixEpoch, at: null).LastChanged); // who knows whether it may still change
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task A_false_time_is_not_passed_on_and_not_compared(string transport)
    {
        await using var folder = new StaticFolder(transport);
        foreach (var (name, seconds) in new[] { ("image", 0L), ("nix", 1), ("zip", 315_532_800), ("zip-in-tokyo", 315_500_400), ("npm", 499_162_500) })
        {
            folder.Write($"root/{name}.txt", "content");
            File.SetLastWriteTimeUtc(folder.Path($"root/{name}.txt"), DateTime.UnixEpoch.AddSeconds(seconds));
            var server = await folder.ServeAsync(static options => options.TimeProvider = new LaterTime());
            for (var round = 0; round < 2; round++)
            {
                // From the disk, then from memory.
                var response = await GetAsync(server, $"/{name}.txt");
                Assert.Equal(200, response.Status);
                Assert.Null(response["Last-Modified"]);
                Assert.Equal(304, (await GetAsync(server, $"/{name}.txt", $"If-None-Match: {response["ETag"]}")).Status);
                Assert.Equal(206, (await GetAsync(server, $"/{name}.txt", "Range: bytes=0-1", $"If-Range: {response["ETag"]}")).Status);
            }

            var itself = HttpDate.Format(DateTimeOffset.FromUnixTimeSeconds(seconds));
            Assert.Equal(200, (await GetAsync(server, $"/{name}.txt", $"If-Modified-Since: {itself}")).Status);
            Assert.Equal(200, (await GetAsync(server, $"/{name}.txt", "If-Modified-Since: Sat, 06 Nov 2094 08:49:37 GMT")).Status);
            Assert.Equal(200, (await GetAsync(server, $"/{name}.txt", "If-Unmodified-Since: Sun, 01 Jan 1961 00:00:00 GMT")).Status);
            Assert.Equal(200, (await GetAsync(server, $"/{name}.txt", "Range: bytes=0-1", $"If-Range: {itself}")).Status);
        }
    }

    // 2300 was 1715, 2270 was 1685; the file system here may end before the later ones, and touch then sets its last one.
    [Theory]
    [InlineData("2200-01-01T00:00:00")]
    [InlineData("2270-01-01T00:00:00")]
    [InlineData("2300-01-01T00:00:00")]
    [InlineData("9999-12-31T23:59:59")]
    [InlineData("12000-01-01T00:00:00")]
    public async Task What_we_say_of_a_time_in_the_future_satisfies_itself(string time)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The time of the change is needed.");
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", "content");
        await TouchAsync(folder.Path("root/a.txt"), time);
        var server = await folder.ServeAsync(static options => options.Browse = true);
        var response = await GetAsync(server, "/a.txt");
        Assert.Equal(200, response.Status);
        Assert.Equal(200, (await GetAsync(server, "/")).Status);
        Assert.Equal(304, (await GetAsync(server, "/a.txt", $"If-None-Match: {response["ETag"]}")).Status);
        if (response["Last-Modified"] is not { } modified)
        {
            Assert.StartsWith("12000", time);
            return;
        }

        await Task.Delay(1100); // it was the time of the response, less a second
        var again = await GetAsync(server, "/a.txt");
        Assert.Equal(modified, again["Last-Modified"]);
        Assert.Equal(304, (await GetAsync(server, "/a.txt", $"If-Modified-Since: {modified}")).Status);
        Assert.Equal(200, (await GetAsync(server, "/a.txt", $"If-Unmodified-Since: {modified}")).Status);
        Assert.Equal(412, (await GetAsync(server, "/a.txt", "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT")).Status);
        Assert.Equal(206, (await GetAsync(server, "/a.txt", "Range: bytes=0-1", $"If-Range: {modified}")).Status);
    }

    // Nanoseconds in 64 bits wrapped round: two times that lie 584 years apart were the same tag.
    [Fact]
    public async Task Times_that_lie_far_apart_have_different_tags()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Times of many centuries are needed.");
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", "content");
        var server = await folder.ServeAsync();
        var tags = new HashSet<string>();
        foreach (var time in new[] { "1850-01-01T00:00:00.5", "2020-01-01T00:00:00.5", "2290-01-01T00:00:00.5", "2400-01-01T00:00:00.5" })
        {
            await TouchAsync(folder.Path("root/a.txt"), time);
            Assert.True(tags.Add((await GetAsync(server, "/a.txt"))["ETag"]!), time);
        }
    }

    [Theory]
    [InlineData("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z")]
    [InlineData("Thursday, 26-Nov-76 12:00:00 GMT", "2076-11-26T12:00:00Z")]
    [InlineData("Friday, 26-Nov-76 12:00:01 GMT", "1976-11-26T12:00:01Z")]
    [InlineData("Friday, 31-Dec-76 00:00:00 GMT", "1976-12-31T00:00:00Z")]
    [InlineData("Thursday, 31-Dec-76 00:00:00 GMT", null)] // 2076, which is too far
    [InlineData("Tuesday, 29-Feb-00 00:00:00 GMT", "2000-02-29T00:00:00Z")]
    [InlineData("Saturday, 06-Nov-94 08:49:37 GMT", null)]
    [InlineData("Sunday, 06-Nov-1994 08:49:37 GMT", null)]
    [InlineData("Sunday, 6-Nov-94 08:49:37 GMT", null)]
    [InlineData("Sunday, 06-Nov-94 08:49:37", null)]
    [InlineData("Sunday, 06-Nov-9", null)]
    [InlineData("-", null)]
    [InlineData(",-", null)]
    [InlineData("-94,", null)]
    [InlineData("", null)]
    public void A_year_of_two_digits_is_at_most_fifty_years_ahead(string text, string? expected)
    {
        Assert.Equal(expected is not null, HttpDate.TryParse(text, Now, out var date));
        Assert.Equal(expected is null ? default : DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), expected is null ? default : date);
    }

    private static async Task TouchAsync(string path, string time)
    {
        using var touch = Process.Start("touch", ["-m", "-d", time + "Z", path]);
        await touch.WaitForExitAsync().WaitAsync(TestClient.Patience);
        Assert.Equal(0, touch.ExitCode);
    }

    private static async Task<TestResponse> GetAsync(TestServer server, string target, params string[] headers)
    {
        await using var client = await server.ConnectAsync();
        return await client.RequestAsync(TestClient.Get(target, headers));
    }
}
