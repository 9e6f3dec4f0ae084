using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>Listings of folders, as pages and as JSON: what is in them, in which order, and that every link leads to its file.</summary>
public abstract partial class FolderListingTests(string transport) : IAsyncLifetime
{
    private readonly StaticFolder _folder = new(transport);

    public ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_folder.Root);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _folder.DisposeAsync();
    }

    // A listing ended after 10,000 entries without a word, in the order of the disk: names were missing, which nobody could see.
    [Theory]
    [InlineData(0, true)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    [InlineData(2500, false)]
    public async Task A_listing_is_whole_and_sorted_or_says_that_it_is_not(int count, bool isSorted)
    {
        for (var number = count; number > 0; number--)
        {
            _folder.Write($"root/many/file {number}.txt", "");
        }

        Directory.CreateDirectory(_folder.Path("root/many"));
        var server = await _folder.ServeAsync(static options => (options.Browse, options.MaxSortedEntries) = (true, 300));
        var expected = Enumerable.Range(1, count).Select(static number => $"file {number}.txt").ToList();

        var json = JsonDocument.Parse((await GetAsync(server, "/many/", "Accept: application/json")).Text).RootElement;
        Assert.Equal(isSorted, json.GetProperty("isSorted").GetBoolean());
        Assert.Equal("/many/", json.GetProperty("path").GetString());
        var names = json.GetProperty("entries").EnumerateArray().Select(static entry => entry.GetProperty("name").GetString()!).ToList();
        Assert.Equal(expected.Order(), names.Order());
        Assert.Equal(isSorted, expected.SequenceEqual(names));

        var page = (await GetAsync(server, "/many/")).Text;
        names = [.. Links(page).Select(static link => Uri.UnescapeDataString(link[2..]))];
        Assert.Equal(expected.Order(), names.Order());
        Assert.Equal(isSorted, expected.SequenceEqual(names));
        Assert.Equal(!isSorted, page.Contains("more than 300 entries: all are listed, but not sorted"));
        Assert.Equal(isSorted, page.Contains("?sort=size"));
        Assert.Contains(count == 0 ? "This folder is empty." : $"0 folders, {count:N0} files", page);
        Assert.EndsWith("</html>\n", page);

        // An old client gets it as well, to the end of its connection.
        await using var old = await server.ConnectAsync();
        await old.SendAsync("GET /many/ HTTP/1.0\r\n\r\n");
        Assert.EndsWith("</html>\n", Encoding.UTF8.GetString(await old.ReadToEndAsync()));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1000)]
    public async Task The_head_of_a_listing_is_the_one_of_its_body(int count)
    {
        for (var number = 0; number < count; number++)
        {
            _folder.Write($"root/{number}.txt", "");
        }

        var server = await _folder.ServeAsync(static options => options.Browse = true);
        foreach (var accept in new[] { "text/html", "application/json" })
        {
            var whole = await GetAsync(server, "/", $"Accept: {accept}");
            await using var client = await server.ConnectAsync();
            for (var round = 0; round < 2; round++)
            {
                var head = await client.RequestAsync($"HEAD / HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\r\n", isHead: true);
                Assert.Equal(whole.Headers.Where(static header => header.Name != "Date"), head.Headers.Where(static header => header.Name != "Date"));
            }

            Assert.Equal(count == 3 ? null : "chunked", whole["Transfer-Encoding"]);
            Assert.Equal("Accept", whole["Vary"]);
            Assert.Equal("no-cache", whole["Cache-Control"]);
        }
    }

    // A name with a colon was a scheme to a browser, one with a question mark ended there.
    [Fact]
    public async Task Every_link_leads_to_its_file_whatever_its_name_is()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such names.");
        string[] names =
        [
            "a:b", "http:x", "a?b#c", "100%", "%41", "a%2Fb", "a&amp;b", "\"'><i>", "<script>alert(1)", " space ", "tab\there", "bell\u0007", "\u007F", "\u0085",
            "\u202Egpj.exe", "ü", "u\u0308", "日本", "😀", "+", "~", "a;b=c", "...", "..a", "-", "index.htm", "javascript:alert(1)",
        ];
        foreach (var name in names)
        {
            _folder.Write($"root/names/{name}", name);
            _folder.Write($"root/folders/{name}/in.txt", name);
        }

        var shown = names.Where(static name => !name.StartsWith('.')).ToList(); // hidden
        _folder.Write("root/names/line\nbreak", "cannot be asked for");
        _folder.Write("root/names/back\\slash", "cannot be asked for");
        var server = await _folder.ServeAsync(static options => options.Browse = true);
        foreach (var (target, rest) in new[] { ("/names/", ""), ("/folders/", "in.txt") })
        {
            var page = (await GetAsync(server, target)).Text;
            var json = JsonDocument.Parse((await GetAsync(server, target, "Accept: application/json")).Text).RootElement.GetProperty("entries").EnumerateArray().ToList();
            Assert.Equal(Links(page), json.Select(static entry => entry.GetProperty("href").GetString()!));
            Assert.Equal(shown.Order(StringComparer.Ordinal), json.Select(static entry => entry.GetProperty("name").GetString()!).Order(StringComparer.Ordinal));
            foreach (var entry in json)
            {
                var reference = entry.GetProperty("href").GetString()!;
                Assert.Matches("^\\./[A-Za-z0-9%._~-]+/?$", reference);
                Assert.Equal(entry.GetProperty("name").GetString(), (await GetAsync(server, target + reference[2..] + rest)).Text);
            }

            Assert.DoesNotContain("<script>", page);
            Assert.DoesNotContain("<i>", page);
            Assert.DoesNotContain(page, static c => (char.IsControl(c) && c != '\n') || c == '\u202E');
            Assert.Contains(">&lt;U&#x2B;202E&gt;gpj.exe", page);
        }
    }

    // They were replaced by U+FFFD, not found under that name, and left out; to ask for one was a 400.
    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task Names_that_are_not_UTF8_are_listed_and_served_byte_for_byte()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere names are text.");
        using var names = new RawNames(_folder.Root);
        names.File([0xFF], "ff");
        names.File([0xFE], "fe");
        names.File("caf\u00e9.txt"u8, "utf-8");
        names.File([(byte)'c', (byte)'a', (byte)'f', 0xE9, .. ".txt"u8], "latin-1");
        names.File([(byte)'a', 0xC0, 0xAF, (byte)'b'], "an overlong slash is no slash");
        names.File([0xED, 0xB2, 0x80], "a surrogate is none");
        names.Folder([0xE4]);
        names.File([0xE4, (byte)'/', 0xF6], "inside");
        _folder.Write("root/\uFFFD", "the replacement itself");
        Directory.CreateDirectory(_folder.Path("root/a"));
        _folder.Write("root/a/b", "behind a slash");
        var server = await _folder.ServeAsync(static options => (options.Browse, options.TimeProvider) = (true, new LaterTime()));
        var expected = new Dictionary<string, string>
        {
            ["%FF"] = "ff",
            ["%FE"] = "fe",
            ["caf%C3%A9.txt"] = "utf-8",
            ["caf%E9.txt"] = "latin-1",
            ["a%C0%AFb"] = "an overlong slash is no slash",
            ["%ED%B2%80"] = "a surrogate is none",
            ["%EF%BF%BD"] = "the replacement itself",
        };
        for (var round = 0; round < 2; round++)
        {
            var page = (await GetAsync(server, "/")).Text;
            Assert.Equal(expected.Keys.Select(static key => "./" + key).Append("./%E4/").Append("./a/").Order(), Links(page).Order());
            var json = JsonDocument.Parse((await GetAsync(server, "/", "Accept: application/json")).Text).RootElement.GetProperty("entries").EnumerateArray();
            Assert.Equal(Links(page), json.Select(static entry => entry.GetProperty("href").GetString()!));
            foreach (var (name, text) in expected)
            {
                var response = await GetAsync(server, "/" + name.ToLowerInvariant());
                Assert.Equal((200, text), (response.Status, response.Text));
                Assert.Equal(304, (await GetAsync(server, "/" + name, $"If-None-Match: {response["ETag"]}")).Status);
                Assert.Equal(206, (await GetAsync(server, "/" + name, "Range: bytes=0-0")).Status);
                Assert.Equal("attachment", (await GetAsync(server, "/" + name + "?download"))["Content-Disposition"]!.Split(';')[0]);
            }

            Assert.Equal("text/plain; charset=utf-8", (await GetAsync(server, "/caf%E9.txt"))["Content-Type"]);
            var redirect = await GetAsync(server, "/%e4?x");
            Assert.Equal((301, "./%E4/?x"), (redirect.Status, redirect["Location"]));
            Assert.Equal(["./%F6"], Links((await GetAsync(server, "/%E4/")).Text));
            Assert.Equal("inside", (await GetAsync(server, "/%E4/%F6")).Text);
            Assert.Equal("behind a slash", (await GetAsync(server, "/a/b")).Text);
            foreach (var target in new[] { "/%E9", "/a%C0%AF", "/%C0%AE%C0%AE/root/%FF", "/%c0%afa", "/%E4%C0%AF%F6", "/%EF%BF%BD%EF%BF%BD" })
            {
                Assert.Equal(404, (await GetAsync(server, target)).Status);
            }
        }
    }

    // Where an absolute link leads was looked up by .NET, as text: one whose own name, or whose target's, is not UTF-8 was a 404, and not listed.
    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task Absolute_links_inside_the_root_are_bytes_too()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere names are text.");
        using var names = new RawNames(_folder.Root);
        names.Folder([0xE4]);
        names.File([0xE4, (byte)'/', 0xF6], "inside");
        names.AbsoluteLink("text"u8, [0xE4, (byte)'/', 0xF6]);
        names.AbsoluteLink([0xFF], [0xE4, (byte)'/', 0xF6]);
        names.AbsoluteLink("folder"u8, [0xE4]);
        names.AbsoluteLink([0xFE], "../outside"u8);
        names.AbsoluteLink([0xFD], "../root/nothing"u8);
        names.AbsoluteLink([0xFC], [0xFC]);
        _folder.Write("outside", "outside");
        _folder.Write("root-too", "outside"); // it begins as the root does
        names.AbsoluteLink([0xFB], "../root-too"u8);
        var server = await _folder.ServeAsync(static options => options.Browse = true);
        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(["./%E4/", "./%FF", "./folder/", "./text"], Links((await GetAsync(server, "/")).Text).Order());
            foreach (var target in new[] { "/text", "/%FF", "/folder/%F6" })
            {
                Assert.Equal((200, "inside"), ((await GetAsync(server, target)).Status, (await GetAsync(server, target)).Text));
            }

            foreach (var target in new[] { "/%FE", "/%FD", "/%FC", "/%FB" })
            {
                Assert.Equal(404, (await GetAsync(server, target)).Status);
            }
        }
    }

    // .NET opened the file whose name is the replacement for what could not be asked for.
    [Fact]
    public async Task Where_names_are_text_only_no_other_file_is_taken_for_one()
    {
        _folder.Write("root/\uFFFD", "the replacement itself");
        using var files = new StaticFileHandler(
            _folder.Root, new StaticFileOptions { Browse = true }, static (path, followSymlinks) => new PortableFileRoot(CanonicalPath.Of(path)!, followSymlinks));
        await using var server = await TestServer.StartAsync(transport, server => server.MapFallback(files.TryHandle, files.HandleAsync));
        Assert.Equal(404, (await GetAsync(server, "/%FF")).Status);
        Assert.Equal("the replacement itself", (await GetAsync(server, "/%EF%BF%BD")).Text);
        Assert.Equal(["./%EF%BF%BD"], Links((await GetAsync(server, "/")).Text));
    }

    [Theory]
    [InlineData("photo.JPG", "image")]
    [InlineData("backup.tar.gz", "archive")]
    [InlineData("notes.txt", "text")]
    [InlineData("paper.pdf", "document")]
    [InlineData("song.mp3", "audio")]
    [InlineData("film.webm", "video")]
    [InlineData("letters.woff2", "font")]
    [InlineData("chair.usdz", "model")]
    [InlineData("something", "file")]
    public async Task A_kind_has_a_mark_with_a_name(string name, string kind)
    {
        _folder.Write($"root/{name}", "x");
        Directory.CreateDirectory(_folder.Path("root/folder"));
        var server = await _folder.ServeAsync(static options => options.Browse = true);
        var page = (await GetAsync(server, "/")).Text;
        Assert.Equal(["folder", kind], Marks().Matches(page).Select(static match => match.Groups["name"].Value));
        Assert.All(Marks().Matches(page), match => Assert.Contains($"<symbol id=\"{match.Groups["id"].Value}\"", page));
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(_folder.Path("root/link" + Path.GetExtension(name)), name);
            File.CreateSymbolicLink(_folder.Path("root/broken"), "nowhere");
            var marks = Marks().Matches((await GetAsync(server, "/")).Text).Select(static match => match.Groups["name"].Value);
            Assert.Equal(new[] { "folder", "link to " + kind, kind }.Order(), marks.Order());
        }
    }

    // Whatever a name might smuggle in: nothing runs but what was in the page from the beginning.
    [Fact]
    public async Task What_is_in_the_page_is_all_that_may_run()
    {
        _folder.Write("root/a.txt", "x");
        var server = await _folder.ServeAsync(static options => options.Browse = true);
        var response = await GetAsync(server, "/");
        var policy = response["Content-Security-Policy"]!;
        Assert.StartsWith("default-src 'none'; ", policy);
        foreach (var (element, directive) in new[] { ("style", "style-src"), ("script", "script-src") })
        {
            var content = Regex.Match(response.Text, $"<{element}[^>]*>(.*?)</{element}>", RegexOptions.Singleline).Groups[1].Value;
            Assert.Contains($"{directive} 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}'", policy);
        }

        Assert.DoesNotContain("style=\"", response.Text);
        Assert.Null((await GetAsync(server, "/", "Accept: application/json"))["Content-Security-Policy"]);
        var own = await _folder.ServeAsync(static options => (options.Browse, options.Headers) = (true, [new("Content-Security-Policy", "default-src 'self'")]));
        Assert.Equal("default-src 'self'", (await GetAsync(own, "/"))["Content-Security-Policy"]);
    }

    private static List<string> Links(string page) =>
        [.. Entries().Matches(page).Select(static match => WebUtility.HtmlDecode(match.Groups[1].Value))];

    private static async Task<TestResponse> GetAsync(TestServer server, string target, params string[] headers)
    {
        await using var client = await server.ConnectAsync();
        return await client.RequestAsync(TestClient.Get(target, headers));
    }

    [GeneratedRegex("<tr><td>.*?<a href=\"([^\"]*)\"")]
    private static partial Regex Entries();

    [GeneratedRegex("role=\"img\" aria-label=\"(?<name>[^\"]*)\"><use href=\"#(?<id>[^\"]*)\"")]
    private static partial Regex Marks();
}
