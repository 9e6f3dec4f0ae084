using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

public abstract class StaticFileHandlerTests(string transport) : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
    private TestServer _server = null!;
    private StaticFileHandler _files = null!;

    private string Root => Path.Combine(_folder, "root");

    public async ValueTask InitializeAsync()
    {
        Write("root/index.html", "<p>index");
        Write("root/404.html", "<p>404");
        Write("root/style.css", "p{}");
        Write("root/data.unknown", "?");
        Write("root/with space & ü.txt", "name");
        Write("root/sub/index.html", "<p>sub");
        Write("root/empty/file.txt", "");
        Write("root/.hidden", "hidden");
        Write("root/.well-known/security.txt", "contact");
        Write("secret.txt", "secret");
        Write("rootlike/secret.txt", "secret");
        _files = Create(Root);
        _server = await TestServer.StartAsync(transport, server => server.MapFallback(_files.TryHandle, _files.HandleAsync));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _files.Dispose();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("/", "<p>index", "text/html; charset=utf-8")]
    [InlineData("/index.html", "<p>index", "text/html; charset=utf-8")]
    [InlineData("/style.css", "p{}", "text/css; charset=utf-8")]
    [InlineData("/data.unknown", "?", "application/octet-stream")]
    [InlineData("/with%20space%20%26%20%C3%BC.txt", "name", "text/plain; charset=utf-8")]
    [InlineData("/sub/", "<p>sub", "text/html; charset=utf-8")]
    [InlineData("/sub/../style.css", "p{}", "text/css; charset=utf-8")]
    [InlineData("/empty/file.txt", "", "text/plain; charset=utf-8")]
    [InlineData("/.well-known/security.txt", "contact", "text/plain; charset=utf-8")]
    public async Task Files_are_served_with_type_length_and_validators(string target, string body, string type)
    {
        var response = await GetAsync(target);
        Assert.Equal(200, response.Status);
        Assert.Equal(body, response.Text);
        Assert.Equal(type, response["Content-Type"]);
        Assert.Equal(body.Length.ToString(), response["Content-Length"]);
        Assert.Equal("nosniff", response["X-Content-Type-Options"]);
        Assert.Matches("^\"[0-9a-f]+-[0-9a-f]+\"$", response["ETag"]);
        Assert.EndsWith(" GMT", response["Last-Modified"]);
        var head = await RequestAsync($"HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n", isHead: true);
        Assert.Equal(response.Headers.Where(static header => header.Name != "Date"), head.Headers.Where(static header => header.Name != "Date"));
    }

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/sub/nothing")]
    [InlineData("/style.css/")]
    [InlineData("/style.css/x")]
    [InlineData("/empty/")]
    [InlineData("//index.html")]
    [InlineData("/sub//index.html")]
    [InlineData("/.hidden")]
    [InlineData("/%2e%2e%2fsecret.txt")]
    [InlineData("/..%2fsecret.txt")]
    [InlineData("/sub/..%2f..%2fsecret.txt")]
    [InlineData("/%252e%252e/secret.txt")]
    [InlineData("/..%5csecret.txt")]
    [InlineData("/...%2f")]
    [InlineData("/..\u002e/secret.txt")]
    public async Task What_is_not_below_the_root_is_the_404_page(string target)
    {
        var response = await GetAsync(target);
        Assert.Equal(404, response.Status);
        Assert.Equal("<p>404", response.Text);
        Assert.Null(response["ETag"]);
    }

    [Theory]
    [InlineData("/../secret.txt")]
    [InlineData("/%2e%2e/secret.txt")]
    [InlineData("/.%2E/rootlike/secret.txt")]
    [InlineData("/sub/../../secret.txt")]
    [InlineData("/index.html%00.txt")]
    public async Task A_path_above_the_root_or_with_NUL_is_a_bad_request(string target) =>
        Assert.Equal(400, (await GetAsync(target)).Status);

    [Fact]
    public async Task Symbolic_links_are_followed_inside_the_root_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Creating symbolic links needs a privilege on Windows.");
        File.CreateSymbolicLink(Path.Combine(Root, "inside.css"), "style.css");
        Directory.CreateSymbolicLink(Path.Combine(Root, "inside"), Path.Combine(Root, "sub"));
        File.CreateSymbolicLink(Path.Combine(Root, "outside.txt"), "../secret.txt");
        Directory.CreateSymbolicLink(Path.Combine(Root, "outside"), _folder);
        Directory.CreateSymbolicLink(Path.Combine(Root, "lookalike"), Path.Combine(_folder, "rootlike"));
        File.CreateSymbolicLink(Path.Combine(Root, "loop"), "loop");
        File.CreateSymbolicLink(Path.Combine(Root, "dangling"), "nowhere");
        Assert.Equal("p{}", (await GetAsync("/inside.css")).Text);
        Assert.Equal("<p>sub", (await GetAsync("/inside/")).Text);
        foreach (var target in new[] { "/outside.txt", "/outside/secret.txt", "/outside/root/index.html/../../secret.txt", "/lookalike/secret.txt", "/loop", "/dangling" })
        {
            Assert.Equal(404, (await GetAsync(target)).Status);
        }
    }

    [Fact]
    public async Task A_folder_without_its_slash_is_redirected_to_itself()
    {
        var response = await GetAsync("/sub?a=b");
        Assert.Equal(301, response.Status);
        Assert.Equal("./sub/?a=b", response["Location"]);
    }

    [Fact]
    public async Task A_client_that_has_the_file_gets_304()
    {
        var first = await GetAsync("/style.css");
        foreach (var condition in new[]
        {
            $"If-None-Match: {first["ETag"]}", $"If-None-Match: \"other\", W/{first["ETag"]}", "If-None-Match: *", $"If-Modified-Since: {first["Last-Modified"]}",
        })
        {
            var response = await GetAsync("/style.css", condition);
            Assert.Equal(304, response.Status);
            Assert.Equal(first["ETag"], response["ETag"]);
            Assert.Null(response["Content-Length"]);
        }

        foreach (var condition in new[]
        {
            "If-None-Match: \"other\"", "If-None-Match: ", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "If-Modified-Since: yesterday",
            $"If-None-Match: \"other\"\r\nIf-Modified-Since: {first["Last-Modified"]}",
        })
        {
            Assert.Equal(200, (await GetAsync("/style.css", condition)).Status);
        }
    }

    [Fact]
    public async Task Parts_of_a_file_are_served_as_they_are_asked_for()
    {
        var text = string.Concat(Enumerable.Range(0, 100).Select(static n => $"{n:0000000000}")); // 1000 bytes
        Write("root/range.txt", text);
        var whole = await GetAsync("/range.txt");
        Assert.Equal("bytes", whole["Accept-Ranges"]);
        var part = await GetAsync("/range.txt", "Range: bytes=10-19");
        Assert.Equal(206, part.Status);
        Assert.Equal("0000000001", part.Text);
        Assert.Equal("bytes 10-19/1000", part["Content-Range"]);
        Assert.Equal("text/plain; charset=utf-8", part["Content-Type"]);
        Assert.Equal(whole["ETag"], part["ETag"]);
        Assert.Equal("0000000099", (await GetAsync("/range.txt", "Range: bytes=-10")).Text);
        Assert.Equal(206, (await GetAsync("/range.txt", $"Range: bytes=-10\r\nIf-Range: {whole["ETag"]}")).Status);
        Assert.Equal(200, (await GetAsync("/range.txt", "Range: bytes=-10\r\nIf-Range: \"other\"")).Status);
        Assert.Equal(200, (await GetAsync("/range.txt", "Range: bytes=10-1")).Status);
        Assert.Equal(304, (await GetAsync("/range.txt", $"Range: bytes=-10\r\nIf-None-Match: {whole["ETag"]}")).Status);
        Assert.Equal(412, (await GetAsync("/range.txt", "Range: bytes=-10\r\nIf-Match: \"other\"")).Status);
        var beyond = await GetAsync("/range.txt", "Range: bytes=1000-");
        Assert.Equal(416, beyond.Status);
        Assert.Equal("bytes */1000", beyond["Content-Range"]);
        await using var client = await _server.ConnectAsync();
        var head = await client.RequestAsync("HEAD /range.txt HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\n\r\n", isHead: true);
        Assert.Equal(200, head.Status);
        Assert.Equal("1000", head["Content-Length"]);
    }

    [Theory]
    [InlineData("gzip, br", "br")]
    [InlineData("GZIP", "gzip")]
    [InlineData("x-gzip", "gzip")]
    [InlineData("br;q=0.5, gzip;q=0.8", "gzip")]
    [InlineData("br;q=0, *", "gzip")]
    [InlineData("*", "br")]
    [InlineData("br;q=0.2, identity;q=0.5", null)]
    [InlineData("identity", null)]
    [InlineData("br;q=nonsense", null)]
    [InlineData("deflate", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public async Task A_precompressed_sibling_is_served_to_who_wants_it(string? accepted, string? coding)
    {
        Write("root/app.js", "plain");
        Write("root/app.js.br", "brotli");
        Write("root/app.js.gz", "gzip");
        Write("root/app.js.zst", "stale");
        File.SetLastWriteTimeUtc(Path.Combine(Root, "app.js.zst"), DateTime.UnixEpoch);
        var response = accepted is null ? await GetAsync("/app.js") : await GetAsync("/app.js", $"Accept-Encoding: {accepted}");
        Assert.Equal(coding, response["Content-Encoding"]);
        Assert.Equal(coding switch { "br" => "brotli", "gzip" => "gzip", _ => "plain" }, response.Text);
        Assert.Equal("Accept-Encoding", response["Vary"]);
        Assert.StartsWith("text/javascript", response["Content-Type"]);
        Assert.Equal(coding is not null, response["ETag"]!.EndsWith($"-{coding}\"") && coding is not null);
        var again = await GetAsync("/app.js", $"If-None-Match: {response["ETag"]}{(accepted is null ? "" : $"\r\nAccept-Encoding: {accepted}")}");
        Assert.Equal(304, again.Status);
        Assert.Equal(response["Vary"], again["Vary"]);
        Assert.Null(again["Content-Encoding"]);
        Assert.Null((await GetAsync("/style.css", "Accept-Encoding: br"))["Vary"]);
    }

    [Fact]
    public async Task Several_parts_come_as_multipart_byteranges()
    {
        Write("root/range.txt", new string('a', 500) + new string('b', 500) + new string('c', 200_000));
        var response = await GetAsync("/range.txt", "Range: bytes=0-1, 500-501, 1000-150999");
        Assert.Equal(206, response.Status);
        Assert.Null(response["Content-Range"]);
        var boundary = response["Content-Type"]!.Split("multipart/byteranges; boundary=")[1];
        string Head(string range) => $"\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {range}/201000\r\n\r\n";
        Assert.Equal(
            Head("0-1") + "aa" + Head("500-501") + "bb" + Head("1000-150999") + new string('c', 150_000) + $"\r\n--{boundary}--\r\n",
            response.Text);
    }

    [Theory]
    [InlineData("POST", 405)]
    [InlineData("DELETE", 405)]
    [InlineData("OPTIONS", 204)]
    public async Task Files_can_be_read_only(string method, int status)
    {
        var response = await RequestAsync($"{method} /style.css HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(status, response.Status);
        Assert.Equal("GET, HEAD, OPTIONS", response["Allow"]);
    }

    // Opening a FIFO waits for its other end: one below the root held a worker for ever.
    [Fact]
    public async Task A_fifo_does_not_hold_a_worker()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no FIFOs on Windows.");
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(Root, "fifo")]))
        {
            await mkfifo.WaitForExitAsync().WaitAsync(TestClient.Patience);
        }

        var response = await GetAsync("/fifo");
        Assert.Equal(404, response.Status);
    }

    [Fact]
    public async Task A_large_file_arrives_whole()
    {
        var bytes = new byte[3_000_000];
        new Random(4).NextBytes(bytes);
        await File.WriteAllBytesAsync(Path.Combine(Root, "large.bin"), bytes);
        Assert.Equal(bytes, (await GetAsync("/large.bin")).Body);
    }

    // The system sends a large file from its own cache: what was under way changed with the file, and went out as whole. Without
    // a cut the file is written over here, while its client waits; it gets one version, or no whole response.
    [Theory]
    [InlineData(200_000)]
    [InlineData(1_000_000)]
    [InlineData(3_000_000)]
    [InlineData(40_000_000)]
    public async Task A_file_that_is_written_over_while_it_is_sent_is_no_mixture(int length)
    {
        var path = Path.Combine(Root, "large.bin");
        await File.WriteAllBytesAsync(path, Enumerable.Repeat((byte)'A', length).ToArray());
        await using var client = await _server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/large.bin", "Connection: close"));
        await Task.Delay(300);
        await using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            await file.WriteAsync(Enumerable.Repeat((byte)'B', length).ToArray());
        }

        byte[] body;
        try
        {
            var all = await client.ReadToEndAsync();
            body = all[(all.AsSpan().IndexOf("\r\n\r\n"u8) + 4)..];
        }
        catch (IOException)
        {
            return; // cut: no client takes that for whole
        }

        Assert.True(body.Length < length || body.AsSpan().Count((byte)'A') == length || body.AsSpan().Count((byte)'B') == length, "two versions in one response");
    }

    // Tools give all files of a release one time, in whole seconds; of the same length, two releases had one tag.
    [Fact]
    public async Task A_tag_tells_two_files_of_one_time_and_one_length_apart()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The time of the change is needed.");
        var time = DateTime.UnixEpoch.AddDays(10_000);
        Write("root/release.js", "one");
        File.SetLastWriteTimeUtc(Path.Combine(Root, "release.js"), time);
        var first = await GetAsync("/release.js");
        Write("root/next.js", "two");
        File.SetLastWriteTimeUtc(Path.Combine(Root, "next.js"), time);
        File.Move(Path.Combine(Root, "next.js"), Path.Combine(Root, "release.js"), overwrite: true);
        var second = await GetAsync("/release.js", $"If-None-Match: {first["ETag"]}");
        Assert.Equal("two", second.Text);
        Assert.NotEqual(first["ETag"], second["ETag"]);
        Assert.Equal(first["Last-Modified"], second["Last-Modified"]);
    }

    [Fact]
    public void A_missing_root_is_refused_with_its_full_path() =>
        Assert.Contains(Path.GetFullPath("nowhere-at-all"), Assert.Throws<DirectoryNotFoundException>(() => new StaticFileHandler("nowhere-at-all")).Message);

    private protected virtual StaticFileHandler Create(string root) => new(root);

    private async Task<TestResponse> GetAsync(string target, params string[] headers) => await RequestAsync(TestClient.Get(target, headers));

    private async Task<TestResponse> RequestAsync(string request, bool isHead = false)
    {
        await using var client = await _server.ConnectAsync();
        return await client.RequestAsync(request, isHead);
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
