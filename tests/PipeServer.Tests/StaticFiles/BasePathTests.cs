using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>The files below a prefix that a proxy passes on.</summary>
public abstract class BasePathTests(string transport) : IAsyncLifetime
{
    private readonly StaticFolder _folder = new(transport);

    public ValueTask InitializeAsync()
    {
        _folder.Write("root/index.html", "<p>index");
        _folder.Write("root/404.html", "<p>404");
        _folder.Write("root/a.txt", "a");
        _folder.Write("root/files/a.txt", "inner");
        _folder.Write("root/sub/b c.txt", "b");
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _folder.DisposeAsync();
    }

    [Theory]
    [InlineData("/files", "/files/", 200, "<p>index")]
    [InlineData("/files", "/files/a.txt", 200, "a")]
    [InlineData("/files/", "/files/a.txt", 200, "a")]
    [InlineData("/files", "/%66il%65s/%61.txt", 200, "a")]
    [InlineData("/files", "/x/../files/./a.txt", 200, "a")]
    [InlineData("/files", "/files/files/a.txt", 200, "inner")]
    [InlineData("/files", "/files/sub/b%20c.txt?x", 200, "b")]
    [InlineData("/files", "/filesX", 404, "<p>404")]
    [InlineData("/files", "/filesX/a.txt", 404, "<p>404")]
    [InlineData("/files", "/files%2Fa.txt", 404, "<p>404")]
    [InlineData("/files", "/Files/a.txt", 404, "<p>404")]
    [InlineData("/files", "//files/a.txt", 404, "<p>404")]
    [InlineData("/files", "/files//a.txt", 404, "<p>404")]
    [InlineData("/files", "/a.txt", 404, "<p>404")]
    [InlineData("/files", "/", 404, "<p>404")]
    [InlineData("/files", "/files/../a.txt", 404, "<p>404")]
    [InlineData("/files", "/files/../../a.txt", 400, null)]
    [InlineData("/ü b/c", "/%C3%BC%20b/c/a.txt", 200, "a")]
    [InlineData("/", "/a.txt", 200, "a")]
    [InlineData("", "/files/a.txt", 200, "inner")]
    public async Task Only_what_is_below_the_prefix_is_served(string basePath, string target, int status, string? text)
    {
        var server = await _folder.ServeAsync(options => (options.BasePath, options.TimeProvider) = (basePath, new LaterTime()));
        for (var round = 0; round < 3; round++)
        {
            var response = await GetAsync(server, target);
            Assert.Equal(status, response.Status);
            Assert.Equal(text ?? response.Text, response.Text);
        }
    }

    // Absolute redirects led out of the prefix that a proxy had taken off, as those of /location/ in nginx do.
    [Theory]
    [InlineData("", "/sub", "./sub/")]
    [InlineData("", "/sub?a=b&c=%2F", "./sub/?a=b&c=%2F")]
    [InlineData("/files", "/files", "./files/")]
    [InlineData("/files", "/files?x", "./files/?x")]
    [InlineData("/files", "/files/sub", "./sub/")]
    [InlineData("/a/b", "/a/b", "./b/")]
    [InlineData("/a/ü", "/a/%c3%bc", "./%C3%BC/")]
    public async Task Redirects_are_relative(string basePath, string target, string location)
    {
        var server = await _folder.ServeAsync(options => options.BasePath = basePath);
        var response = await GetAsync(server, target);
        Assert.Equal((301, location), (response.Status, response["Location"]));
        await using var client = await server.ConnectAsync();
        var head = await client.RequestAsync($"HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n", isHead: true);
        Assert.Equal((301, location), (head.Status, head["Location"]));

        // As a client resolves it, behind a proxy that has put the server below /away/ as well as without one.
        foreach (var proxy in new[] { "http://a", "http://a/away" })
        {
            Assert.StartsWith(proxy + target.Split('?')[0].ToUpperInvariant() + "/", new Uri(new Uri(proxy + target), location).AbsoluteUri, StringComparison.OrdinalIgnoreCase);
        }
    }

    // A name like a host's, or a scheme's, is a name.
    [Theory]
    [InlineData("evil.com")]
    [InlineData("javascript:alert(1)")]
    [InlineData("http:")]
    public async Task No_redirect_leads_to_another_host(string name)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such names.");
        _folder.Write($"root/{name}/x.txt", "x");
        var server = await _folder.ServeAsync();
        var response = await GetAsync(server, "/" + name);
        Assert.Equal((301, $"./{Uri.EscapeDataString(name)}/"), (response.Status, response["Location"]));
        Assert.Equal("a", new Uri(new Uri("http://a/" + name), response["Location"]).Host);
        foreach (var target in new[] { "//" + name, "//" + name + "/", "/" + name + "//" })
        {
            response = await GetAsync(server, target);
            Assert.Equal((404, null), (response.Status, response["Location"]));
        }
    }

    [Theory]
    [InlineData("/files", "/files/sub/", "./ ../")]
    [InlineData("/files", "/files/sub/deep/", "./ ../ ../../")]
    [InlineData("", "/sub/", "./ ../")]
    public async Task A_listing_has_no_link_that_leads_out_of_the_prefix(string basePath, string target, string above)
    {
        _folder.Write("root/sub/deep/x.txt", "x");
        var server = await _folder.ServeAsync(options => (options.Browse, options.BasePath) = (true, basePath));
        var page = (await GetAsync(server, target)).Text;
        Assert.Contains($"<title>Index of {target}</title>", page);
        var links = System.Text.RegularExpressions.Regex.Matches(page, "href=\"([^\"]*)\"").Select(static match => match.Groups[1].Value).ToList();
        Assert.Equal(above.Split(' ').Order(), links.Where(static link => link.Trim('.', '/').Length == 0).Order());
        Assert.DoesNotContain(links, static link => link.StartsWith('/') || link.Contains("//"));
    }

    [Fact]
    public async Task A_file_of_the_handlers_own_choice_is_below_the_root()
    {
        using var files = new StaticFileHandler(_folder.Root, new StaticFileOptions { BasePath = "/files", SpaFile = "index.html" });
        await using var server = await TestServer.StartAsync(transport, server =>
        {
            server.MapGet("/chosen", (request, response) => files.ServeAsync(request, response, "/a.txt"));
            server.MapFallback(files.TryHandle, files.HandleAsync);
        });
        Assert.Equal("a", (await GetAsync(server, "/chosen")).Text);
        Assert.Equal("<p>index", (await GetAsync(server, "/files/nothing")).Text);
        Assert.Equal(404, (await GetAsync(server, "/elsewhere")).Status);
        Assert.True(files.Contains("/a.txt"));
        Assert.False(files.Contains("/files/nothing"));
    }

    [Theory]
    [InlineData("files", "does not begin with a slash")]
    [InlineData("http://a/files", "does not begin with a slash")]
    [InlineData("//files", "empty segment")]
    [InlineData("/files//", "empty segment")]
    [InlineData("/a//b", "empty segment")]
    [InlineData("/a/../b", "..")]
    [InlineData("/.", ".")]
    [InlineData("/a%20b", "decoded")]
    [InlineData("/a?b", "? #")]
    [InlineData("/a#b", "? #")]
    [InlineData("/a\\b", "? #")]
    [InlineData("/{a}", "{ }")]
    [InlineData("/a\nb", "control")]
    public void A_bad_prefix_is_refused_at_the_start(string basePath, string part)
    {
        var message = Assert.Throws<ArgumentException>(() => new StaticFileHandler(_folder.Root, new StaticFileOptions { BasePath = basePath })).Message;
        Assert.StartsWith("BasePath must be a path like /files;", message);
        Assert.Contains(part, message);
        Assert.DoesNotContain('\n', message);
    }

    private static async Task<TestResponse> GetAsync(TestServer server, string target)
    {
        await using var client = await server.ConnectAsync();
        return await client.RequestAsync(TestClient.Get(target));
    }
}
