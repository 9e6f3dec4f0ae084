using System.IO.Compression;
using System.Text;
using System.Text.Json;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>What <see cref="StaticFileOptions"/> adds, each option by itself.</summary>
public abstract class StaticFileOptionsTests(string transport) : IAsyncLifetime
{
    // openssl passwd -6 -salt saltsalt secret
    private const string ShaSecret = "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1";

    // htpasswd -nbB -C 4 ann secret
    private const string BcryptSecret = "$2y$04$35C39/b4TfJKZnnInN7UD.3mLKlmbxWB8oFab0WquEu/C.SozMac2";

    // htpasswd -nbB -C 10 ann secret: a twentieth of a second each. With 11, beside busy neighbours, the last of seventeen came after 20 s.
    private const string SlowSecret = "$2y$10$II4Fgz0BLs9xLJId.esN4eMWhrhat64RpbX5WCbgCqqcuZ5oYmZum";

    private readonly StaticFolder _folder = new(transport);

    public ValueTask InitializeAsync()
    {
        _folder.Write("root/index.html", "<p>index");
        _folder.Write("root/404.html", "<p>404");
        _folder.Write("root/style.css", "p{}");
        _folder.Write("root/sub/page.txt", "page");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _folder.DisposeAsync();
    }

    [Fact]
    public async Task The_first_index_file_that_is_there_stands_for_its_folder()
    {
        _folder.Write("root/sub/default.htm", "second");
        var server = await _folder.ServeAsync(static options => options.IndexFiles = ["home.html", "default.htm"]);
        Assert.Equal("second", (await GetAsync(server, "/sub/")).Text);
        Assert.Equal(404, (await GetAsync(server, "/")).Status);
        _folder.Write("root/sub/home.html", "first");
        Assert.Equal("first", (await GetAsync(server, "/sub/")).Text);
    }

    [Fact]
    public async Task A_folder_is_listed_for_people_and_for_programs()
    {
        _folder.Write("root/sub/<script>&\"'.txt", "x");
        _folder.Write("root/sub/ünïcode #1%.txt", "xx");
        _folder.Write("root/sub/.hidden", "x");
        _folder.Write("root/sub/inner/file.txt", "x");
        var server = await _folder.ServeAsync(static options => options.Browse = true);
        var page = await GetAsync(server, "/sub/");
        Assert.Equal(200, page.Status);
        Assert.Equal("text/html; charset=utf-8", page["Content-Type"]);
        Assert.Equal("Accept", page["Vary"]);
        Assert.DoesNotContain("<script>", page.Text);
        Assert.Contains("href=\"./%C3%BCn%C3%AFcode%20%231%25.txt\">ünïcode #1%.txt</a>", page.Text);
        Assert.Contains("href=\"./inner/\">inner/</a>", page.Text);
        Assert.DoesNotContain(".hidden", page.Text);
        Assert.Contains("aria-sort=\"ascending\"", page.Text);
        var json = await GetAsync(server, "/sub/", "Accept: application/json");
        Assert.Equal("application/json", json["Content-Type"]);
        var entries = JsonDocument.Parse(json.Text).RootElement.GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(
            ["inner", "<script>&\"'.txt", "page.txt", "ünïcode #1%.txt"], entries.Select(static entry => entry.GetProperty("name").GetString()));
        Assert.Equal(["directory", "file", "file", "file"], entries.Select(static entry => entry.GetProperty("type").GetString()));
        Assert.Equal([1, 4, 2], entries.Skip(1).Select(static entry => entry.GetProperty("size").GetInt32()));
        var bySize = await GetAsync(server, "/sub/?sort=size&order=desc", "Accept: application/json, text/html;q=0.9");
        Assert.Equal([4, 2, 1], JsonDocument.Parse(bySize.Text).RootElement.GetProperty("entries").EnumerateArray().Skip(1).Select(static entry => entry.GetProperty("size").GetInt32()));
        Assert.StartsWith("<!DOCTYPE html>", (await GetAsync(server, "/sub/", "Accept: text/html, application/json;q=0.9, */*;q=0.8")).Text);
        Assert.Equal("<p>index", (await GetAsync(server, "/")).Text);
        Assert.Equal(301, (await GetAsync(server, "/sub")).Status);
    }

    // What a link led to was looked for beside the list of open files: a file was a folder, and of the year 1601.
    [Fact]
    public async Task A_link_is_listed_as_what_it_leads_to()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Creating symbolic links needs a privilege on Windows.");
        File.CreateSymbolicLink(_folder.Path("root/sub/link"), "../style.css");
        Directory.CreateSymbolicLink(_folder.Path("root/sub/folder"), "../sub");
        File.CreateSymbolicLink(_folder.Path("root/sub/outside"), "../../root");
        _folder.Write("root/sub/line\nbreak", "x");
        var server = await _folder.ServeAsync(static options => options.Browse = true);
        var entries = JsonDocument.Parse((await GetAsync(server, "/sub/", "Accept: application/json")).Text).RootElement.GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(
            ["folder directory", "link file", "page.txt file"],
            entries.Select(static entry => $"{entry.GetProperty("name")} {entry.GetProperty("type")}"));
        Assert.All(entries, static entry => Assert.InRange(entry.GetProperty("modified").GetDateTime().Year, 2020, 2100));
        Assert.Equal(3, entries[1].GetProperty("size").GetInt32());
    }

    [Theory]
    [InlineData("/users/17", "", 200)]
    [InlineData("/users/", "", 200)]
    [InlineData("/john.doe", "Accept: text/html,application/xhtml+xml", 200)]
    [InlineData("/missing.js", "Accept: */*", 404)]
    [InlineData("/missing.js", "", 404)]
    [InlineData("/.hidden", "", 404)]
    public async Task A_single_page_application_answers_paths_but_not_missing_files(string target, string header, int status)
    {
        var server = await _folder.ServeAsync(static options => options.SpaFile = "index.html");
        var response = await GetAsync(server, target, header.Length > 0 ? [header] : []);
        Assert.Equal(status, response.Status);
        Assert.Equal(status == 200 ? "<p>index" : "<p>404", response.Text);

        // A cache must not give the page to a script, nor the 404 to a visitor.
        Assert.Equal(target.Contains('.'), Values(response, "Vary").Contains("Accept"));
        Assert.Equal("p{}", (await GetAsync(server, "/style.css")).Text);
    }

    [Fact]
    public async Task An_extension_can_be_left_out()
    {
        _folder.Write("root/about.html", "about");
        _folder.Write("root/about/team.html", "team");
        var server = await _folder.ServeAsync(static options => options.DefaultExtension = "html");
        foreach (var (target, text) in new[] { ("/about", "about"), ("/about/team", "team"), ("/about.html", "about"), ("/index", "<p>index") })
        {
            var response = await GetAsync(server, target);
            Assert.Equal(text, response.Text);
            Assert.Equal("text/html; charset=utf-8", response["Content-Type"]);
        }

        Assert.Equal(301, (await GetAsync(server, "/sub")).Status);
        Assert.Equal(404, (await GetAsync(server, "/about/")).Status);
    }

    [Fact]
    public async Task Content_types_can_be_added_and_changed()
    {
        _folder.Write("root/a.foo", "x");
        var server = await _folder.ServeAsync(static options =>
            options.ContentTypes = new Dictionary<string, string> { ["foo"] = "text/foo", [".CSS"] = "text/plain; charset=utf-8" });
        Assert.Equal("text/foo", (await GetAsync(server, "/a.foo"))["Content-Type"]);
        Assert.Equal("text/plain; charset=utf-8", (await GetAsync(server, "/style.css"))["Content-Type"]);
        Assert.Equal("text/html; charset=utf-8", (await GetAsync(server, "/"))["Content-Type"]);
    }

    [Theory]
    [InlineData("/text.js", "gzip, deflate, br, zstd", "br")]
    [InlineData("/text.js", "gzip", "gzip")]
    [InlineData("/text.js", "br;q=0.5, gzip", "gzip")]
    [InlineData("/text.js", "zstd", null)]
    [InlineData("/text.js", "identity", null)]
    [InlineData("/photo.png", "br", null)]
    [InlineData("/tiny.js", "br", null)]
    [InlineData("/random.txt", "br", null)]
    public async Task Text_is_compressed_on_the_fly(string target, string accepted, string? coding)
    {
        var text = string.Concat(Enumerable.Repeat("compress me ", 1000));
        _folder.Write("root/text.js", text);
        _folder.Write("root/photo.png", text);
        _folder.Write("root/tiny.js", "x");
        var noise = new byte[4096];
        new Random(1).NextBytes(noise);
        await File.WriteAllBytesAsync(_folder.Path("root/random.txt"), noise);
        var server = await _folder.ServeAsync(static options =>
        {
            options.Compress = true;
            options.TimeProvider = new LaterTime();
        });
        var plain = await GetAsync(server, target);
        for (var round = 0; round < 3; round++)
        {
            var response = await GetAsync(server, target, $"Accept-Encoding: {accepted}");
            Assert.Equal(coding, response["Content-Encoding"]);
            Assert.Equal(plain.Body, coding switch { "br" => Unpack(response, static stream => new BrotliStream(stream, CompressionMode.Decompress)), "gzip" => Unpack(response, static stream => new GZipStream(stream, CompressionMode.Decompress)), _ => response.Body });
            Assert.Equal(coding is null, response["ETag"] == plain["ETag"]);
            Assert.Equal(target is "/text.js" or "/random.txt" ? "Accept-Encoding" : null, response["Vary"]);
            Assert.Equal(304, (await GetAsync(server, target, $"Accept-Encoding: {accepted}", $"If-None-Match: {response["ETag"]}")).Status);
            var head = await RequestAsync(server, $"HEAD {target} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {accepted}\r\n\r\n", isHead: true);
            Assert.Equal(response["Content-Length"], head["Content-Length"]);
        }

        // Never with a range: nobody could ask for the rest.
        var part = await GetAsync(server, target, $"Accept-Encoding: {accepted}", "Range: bytes=0-0");
        Assert.Equal(206, part.Status);
        Assert.Null(part["Content-Encoding"]);
        Assert.Equal(plain["ETag"], part["ETag"]);
    }

    // Where two files of one time and length could not be told apart by number, one was answered with the other.
    [Fact]
    public async Task Compressed_files_are_kept_apart_by_their_paths()
    {
        foreach (var name in new[] { "a", "b" })
        {
            _folder.Write($"root/{name}.txt", new string(name[0], 9000));
            File.SetLastWriteTimeUtc(_folder.Path($"root/{name}.txt"), DateTime.UnixEpoch.AddDays(10_000));
        }

        var compressed = new CompressedFiles(new MemoryBudget(1_000_000));
        var identity = new FileIdentity(0, 0, 9000, default, Changed: null);
        var first = compressed.Get("a.txt", identity, ContentCoding.Gzip, keep: true, static () => new byte[9000]);
        var second = compressed.Get("b.txt", identity, ContentCoding.Gzip, keep: true, static () => Enumerable.Repeat((byte)1, 9000).ToArray());
        Assert.NotEqual(first!.Value.ToArray(), second!.Value.ToArray());
        var server = await _folder.ServeAsync(static options => options.Compress = true);
        foreach (var name in new[] { "a", "b" })
        {
            var response = await GetAsync(server, $"/{name}.txt", "Accept-Encoding: gzip");
            Assert.Equal(name == "a" ? (byte)'a' : (byte)'b', Unpack(response, static stream => new GZipStream(stream, CompressionMode.Decompress))[0]);
        }
    }

    // By their looks Scan0001.pdf, Room101A.html or a UUID were taken for names with a hash, and browsers kept them for a year.
    [Theory]
    [InlineData("/style.css", false)]
    [InlineData("/app.3f2a9c1b.js", false)]
    [InlineData("/Scan0001.pdf", false)]
    [InlineData("/page-Windows7.html", false)]
    [InlineData("/latest-A1B2C3D4.zip", false)]
    [InlineData("/x-0b7f4b8e-64a5-4c8a-9a40-6f1f5a4f1d11.png", false)]
    [InlineData("/sub/assets/app.js", false)]
    [InlineData("/assets/app.js", true)]
    [InlineData("/assets/deeper/app.js", true)]
    [InlineData("/sub/index-BfQ8rX9a.css", true)]
    public async Task Only_what_is_named_is_immutable(string target, bool isImmutable)
    {
        _folder.Write("root" + target, "x");
        var byDefault = await _folder.ServeAsync(static options => options.CacheControl = "max-age=60");
        Assert.Equal("max-age=60", (await GetAsync(byDefault, target))["Cache-Control"]);
        foreach (var cacheControl in new[] { "max-age=60", null })
        {
            var server = await _folder.ServeAsync(options =>
            {
                (options.CacheControl, options.ImmutableFiles) = (cacheControl, ["assets/**", "*-????????.css"]);
                options.TimeProvider = new LaterTime();
            });
            var expected = isImmutable ? "max-age=31536000, immutable" : cacheControl;
            for (var round = 0; round < 2; round++)
            {
                var response = await GetAsync(server, target);
                Assert.Equal(expected, response["Cache-Control"]);
                Assert.Equal(expected, (await GetAsync(server, target, $"If-None-Match: {response["ETag"]}"))["Cache-Control"]);
            }

            Assert.Null((await GetAsync(server, "/assets/nothing"))["Cache-Control"]);
        }
    }

    // Browsers got the compressed bytes of an .svgz without being told, and showed an error.
    [Fact]
    public async Task What_is_compressed_by_its_nature_is_said_to_be_and_not_compressed_again()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes("<svg>" + string.Join(' ', Enumerable.Range(0, 3000)) + "</svg>"));
        }

        await File.WriteAllBytesAsync(_folder.Path("root/a.SVGZ"), packed.ToArray());
        _folder.Write("root/a.SVGZ.br", "twice");
        var server = await _folder.ServeAsync(static options => (options.Compress, options.TimeProvider) = (true, new LaterTime()));
        foreach (var accepted in new[] { "br, gzip", "identity", "gzip;q=0", "br, gzip" })
        {
            var whole = await GetAsync(server, "/a.SVGZ", $"Accept-Encoding: {accepted}");
            Assert.Equal((200, "image/svg+xml", "gzip", null), (whole.Status, whole["Content-Type"], whole["Content-Encoding"], whole["Vary"]));
            Assert.Equal(packed.ToArray(), whole.Body);
            var part = await GetAsync(server, "/a.SVGZ", $"Accept-Encoding: {accepted}", "Range: bytes=1-2", $"If-Range: {whole["ETag"]}");
            Assert.Equal((206, "gzip"), (part.Status, part["Content-Encoding"]));
            Assert.Equal(packed.ToArray()[1..3], part.Body);
            Assert.Equal(304, (await GetAsync(server, "/a.SVGZ", $"If-None-Match: {whole["ETag"]}")).Status);
        }

        var own = await _folder.ServeAsync(static options => options.ContentTypes = new Dictionary<string, string> { ["svgz"] = "application/x-mine" });
        Assert.Null((await GetAsync(own, "/a.SVGZ"))["Content-Encoding"]);
    }

    // 416 for a client that sends a Range with everything: to it an empty file was an error.
    [Theory]
    [InlineData("bytes=0-", 200)]
    [InlineData("bytes=0-0", 200)]
    [InlineData("bytes=0-1023", 200)]
    [InlineData("bytes=-5", 200)]
    [InlineData("bytes=0-,5-9", 200)]
    [InlineData("bytes=1-", 416)]
    [InlineData("bytes=-0", 416)]
    public async Task An_empty_file_is_sent_whole_to_who_asks_for_it_from_its_start(string range, int status)
    {
        _folder.Write("root/empty.txt", "");
        var server = await _folder.ServeAsync(static options => options.TimeProvider = new LaterTime());
        for (var round = 0; round < 2; round++)
        {
            var response = await GetAsync(server, "/empty.txt", $"Range: {range}");
            Assert.Equal(status, response.Status);
            Assert.Equal(status == 416 ? "bytes */0" : null, response["Content-Range"]);
            Assert.Equal(status == 416, response.Body.Length > 0);
            Assert.Equal(200, (await GetAsync(server, "/empty.txt")).Status);
        }
    }

    [Theory]
    [InlineData("/style.css")]
    [InlineData("/nothing")]
    [InlineData("/sub")]
    public async Task Headers_that_were_asked_for_are_on_every_response(string target)
    {
        var server = await _folder.ServeAsync(static options =>
        {
            options.Headers = [new("X-A", "1"), new("X-Content-Type-Options", "mine"), new("Set-Cookie", "a=1"), new("Set-Cookie", "b=2")];
            options.TimeProvider = new LaterTime();
        });
        for (var round = 0; round < 2; round++)
        {
            var response = await GetAsync(server, target);
            Assert.Equal("1", response["X-A"]);
            Assert.Equal(["mine"], Values(response, "X-Content-Type-Options"));
            Assert.Equal(["a=1", "b=2"], Values(response, "Set-Cookie"));
        }
    }

    // A field that was asked for took ours along: caches gave compressed files to clients that cannot read them.
    [Fact]
    public async Task What_a_file_varies_by_is_added_to()
    {
        _folder.Write("root/text.js", new string('x', 5000));
        var server = await _folder.ServeAsync(static options => (options.Compress, options.Headers) = (true, [new("Vary", "Origin")]));
        Assert.Equal(["Accept-Encoding", "Origin"], Values(await GetAsync(server, "/text.js", "Accept-Encoding: br"), "Vary"));
    }

    // Each guess held a worker until the guesses before it were computed: a handful of clients stopped the whole server.
    [Fact]
    public async Task Those_who_guess_passwords_do_not_hold_the_workers()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux's crypt(3) is used.");
        _folder.Write("users", $"ann:{SlowSecret}\n");
        var server = await _folder.ServeAsync(options => options.AuthFile = _folder.Path("users"), static server => server.MapGet("/worker", static (_, response) => response.WriteText("w")));
        var guesses = Enumerable.Range(0, 40).Select(async number => (await GetAsync(server, "/style.css", Authorization($"ann:{number}"))).Status).ToList();
        Assert.Equal("w", (await GetAsync(server, "/worker")).Text);
        Assert.Contains(guesses, static guess => !guess.IsCompleted);
        var statuses = await Task.WhenAll(guesses).WaitAsync(TestClient.Patience);
        Assert.All(statuses, static status => Assert.True(status is 401 or 503));
        Assert.Contains(401, statuses);
        Assert.Contains(503, statuses);
    }

    [Fact]
    public async Task Other_origins_may_read_where_that_is_asked_for()
    {
        var server = await _folder.ServeAsync(static options => options.CorsOrigin = "https://example.com");
        Assert.Equal("https://example.com", (await GetAsync(server, "/style.css"))["Access-Control-Allow-Origin"]);
        var preflight = await RequestAsync(
            server, "OPTIONS /style.css HTTP/1.1\r\nHost: a\r\nOrigin: https://example.com\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: range\r\n\r\n");
        Assert.Equal(204, preflight.Status);
        Assert.Equal("GET, HEAD", preflight["Access-Control-Allow-Methods"]);
        Assert.Equal("range", preflight["Access-Control-Allow-Headers"]);
        Assert.Equal("https://example.com", preflight["Access-Control-Allow-Origin"]);
    }

    [Theory]
    [InlineData("/a.zip", true)]
    [InlineData("/style.css", false)]
    [InlineData("/style.css?download", true)]
    [InlineData("/style.css?download=1&x", true)]
    [InlineData("/style.css?downloads", false)]
    public async Task A_file_can_be_one_to_save(string target, bool isAttachment)
    {
        _folder.Write("root/a.zip", "x");
        var server = await _folder.ServeAsync(static options =>
        {
            options.AttachmentExtensions = ["zip"];
            options.TimeProvider = new LaterTime();
        });
        for (var round = 0; round < 2; round++)
        {
            var name = target.Split('?')[0][1..];
            Assert.Equal(isAttachment ? $"attachment; filename=\"{name}\"; filename*=UTF-8''{name}" : null, (await GetAsync(server, target))["Content-Disposition"]);
        }
    }

    [Theory]
    [InlineData("sha")]
    [InlineData("bcrypt")]
    public async Task Only_users_with_their_password_get_anything(string kind)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux's crypt(3) is used.");
        var hash = kind == "sha" ? ShaSecret : BcryptSecret;
        _folder.Write("users", $"# users\n\nann:{hash}\n");
        var server = await _folder.ServeAsync(options =>
        {
            options.AuthFile = _folder.Path("users");
            options.TimeProvider = new LaterTime();
        });
        foreach (var credentials in new string?[] { null, "ann:wrong", "bob:secret", "ann:", ":", "ann", "ann:secret2", "Ann:secret" })
        {
            var refused = await GetAsync(server, "/style.css", Authorization(credentials));
            Assert.Equal(401, refused.Status);
            Assert.Equal("Basic realm=\"files\", charset=\"UTF-8\"", refused["WWW-Authenticate"]);
        }

        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("p{}", (await GetAsync(server, "/style.css", Authorization("ann:secret"))).Text);
            Assert.Equal(401, (await GetAsync(server, "/style.css")).Status);
        }

        Assert.Equal(401, (await GetAsync(server, "/style.css", "Authorization: Basic %%%")).Status);
        Assert.Equal(401, (await GetAsync(server, "/nothing")).Status);
    }

    [Theory]
    [InlineData("ann")]
    [InlineData("ann:secret")]
    [InlineData("ann:$1$salt$abcdefghijklmnopqrstuv")]
    [InlineData("")]
    public void A_bad_line_of_users_is_refused_at_the_start(string line)
    {
        _folder.Write("users", line);
        var options = new StaticFileOptions { AuthFile = _folder.Path("users") };
        Assert.Contains("users'", Assert.ThrowsAny<ArgumentException>(() => new StaticFileHandler(_folder.Root, options)).Message);
    }

    [Fact]
    public async Task Hidden_names_can_be_served()
    {
        _folder.Write("root/.config", "hidden");
        var server = await _folder.ServeAsync(static options => options.ShowHidden = true);
        Assert.Equal("hidden", (await GetAsync(server, "/.config")).Text);
    }

    [Fact]
    public async Task Links_that_leave_the_root_can_be_followed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Creating symbolic links needs a privilege on Windows.");
        _folder.Write("outside.txt", "outside");
        File.CreateSymbolicLink(_folder.Path("root/link.txt"), "../outside.txt");
        Assert.Equal(404, (await GetAsync(await _folder.ServeAsync(), "/link.txt")).Status);
        Assert.Equal("outside", (await GetAsync(await _folder.ServeAsync(static options => options.FollowSymlinks = true), "/link.txt")).Text);
    }

    // It was sent as it was, which no server may (RFC 9110 §8.8.2.1), and its versions were compressed anew for each request.
    [Fact]
    public async Task A_time_in_the_future_is_not_passed_on()
    {
        File.SetLastWriteTimeUtc(_folder.Path("root/style.css"), new DateTime(2090, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var server = await _folder.ServeAsync();
        var response = await GetAsync(server, "/style.css");
        Assert.InRange(DateTimeOffset.Parse(response["Last-Modified"]!), DateTimeOffset.UnixEpoch, DateTimeOffset.Parse(response["Date"]!));
        Assert.Equal(304, (await GetAsync(server, "/style.css", $"If-None-Match: {response["ETag"]}")).Status);
    }

    [Theory]
    [InlineData("GET", "/nothing")]
    [InlineData("GET", "/sub")]
    [InlineData("POST", "/style.css")]
    public async Task What_is_no_file_is_not_sniffed_either(string method, string target)
    {
        var server = await _folder.ServeAsync();
        Assert.Equal("nosniff", (await RequestAsync(server, $"{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"))["X-Content-Type-Options"]);
    }

    public static TheoryData<Action<StaticFileOptions>, string> BadOptions => new()
    {
        { static options => options.IndexFiles = ["a/b"], nameof(StaticFileOptions.IndexFiles) },
        { static options => options.ContentTypes = new Dictionary<string, string> { ["foo"] = "nonsense" }, nameof(StaticFileOptions.ContentTypes) },
        { static options => options.ContentTypes = new Dictionary<string, string> { [""] = "text/plain" }, nameof(StaticFileOptions.ContentTypes) },
        { static options => options.SpaFile = "/", nameof(StaticFileOptions.SpaFile) },
        { static options => options.CorsOrigin = "example.com", nameof(StaticFileOptions.CorsOrigin) },
        { static options => options.Headers = [new("X Y", "z")], nameof(StaticFileOptions.Headers) },
        { static options => options.Headers = [new("X-Y", "a\r\nb: c")], nameof(StaticFileOptions.Headers) },
        { static options => options.Headers = [new("Content-Length", "1")], nameof(StaticFileOptions.Headers) },
        { static options => options.Headers = [new("ETag", "x")], nameof(StaticFileOptions.Headers) },
        { static options => options.DefaultExtension = "a/b", nameof(StaticFileOptions.DefaultExtension) },
        { static options => options.AttachmentExtensions = [""], nameof(StaticFileOptions.AttachmentExtensions) },
        { static options => options.CacheControl = "a\nb", nameof(StaticFileOptions.CacheControl) },
        { static options => options.ImmutableFiles = ["a[bc]"], nameof(StaticFileOptions.ImmutableFiles) },
        { static options => (options.ImmutableFiles, options.Headers) = (["*"], [new("cache-control", "no-cache")]), nameof(StaticFileOptions.ImmutableFiles) },
        { static options => options.CacheBytes = -1, nameof(StaticFileOptions.CacheBytes) },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(BadOptions))]
    public void A_bad_option_is_refused_by_its_name(Action<StaticFileOptions> configure, string name)
    {
        var options = new StaticFileOptions();
        configure(options);
        Assert.Contains(name, Assert.ThrowsAny<ArgumentException>(() => new StaticFileHandler(_folder.Root, options)).Message);
    }

    private static string[] Values(TestResponse response, string name) =>
        [.. response.Headers.Where(header => header.Name == name).Select(static header => header.Value)];

    private static string[] Authorization(string? credentials) =>
        credentials is null ? [] : [$"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials))}"];

    private static byte[] Unpack(TestResponse response, Func<Stream, Stream> open)
    {
        using var stream = open(new MemoryStream(response.Body));
        using var unpacked = new MemoryStream();
        stream.CopyTo(unpacked);
        return unpacked.ToArray();
    }

    private static Task<TestResponse> GetAsync(TestServer server, string target, params string[] headers) =>
        RequestAsync(server, TestClient.Get(target, headers));

    private static async Task<TestResponse> RequestAsync(TestServer server, string request, bool isHead = false)
    {
        await using var client = await server.ConnectAsync();
        return await client.RequestAsync(request, isHead);
    }
}
