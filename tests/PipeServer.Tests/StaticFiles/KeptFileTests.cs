using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>Files that are kept open between requests, over each transport.</summary>
public abstract class KeptFileTests(string transport) : IAsyncLifetime
{
    private const int MediumBytes = 30_000;

    private readonly StaticFolder _folder = new(transport);
    private readonly HeldTime _time = new();
    private TestServer _server = null!;
    private StaticFileHandler _files = null!;
    private int _atOnce;

    public async ValueTask InitializeAsync()
    {
        _folder.Write("root/a.txt", Text('a', MediumBytes));
        _folder.Write("root/full.txt", Text('f', PreparedResponse.MaxSourceBytes));
        _folder.Write("root/large.txt", Text('l', PreparedResponse.MaxSourceBytes + 1));
        _folder.Write("root/empty.txt", "");
        _folder.Write("root/b.txt", Text('b', MediumBytes));
        _folder.Write("root/b.txt.gz", Text('z', 20_000));
        _folder.Write("root/b.txt.br", Text('r', 10_000));
        KeptFileSupport.Require(_folder.Path("root/a.txt"));
        var options = new StaticFileOptions { TimeProvider = _time, MaxCachedFileBytes = 100 };
        _files = new StaticFileHandler(_folder.Root, options);
        _server = await TestServer.StartAsync(transport, server => server.MapFallback(
            (request, response) =>
            {
                var isAnswered = _files.TryHandle(request, response);
                _atOnce += isAnswered ? 1 : 0;
                return isAnswered;
            },
            _files.HandleAsync));
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_server is not null)
        {
            await _server.DisposeAsync();
            _files.Dispose();
        }

        await _folder.DisposeAsync();
    }

    [Theory]
    [InlineData("/a.txt", "X-None: 1", 'a', MediumBytes, true)]
    [InlineData("/full.txt", "X-None: 1", 'f', PreparedResponse.MaxSourceBytes, true)]
    [InlineData("/large.txt", "X-None: 1", 'l', PreparedResponse.MaxSourceBytes + 1, false)]
    [InlineData("/empty.txt", "X-None: 1", ' ', 0, true)]
    [InlineData("/b.txt", "X-None: 1", 'b', MediumBytes, true)]
    [InlineData("/b.txt", "Accept-Encoding: gzip", 'z', 20_000, true)]
    [InlineData("/b.txt", "Accept-Encoding: gzip, br", 'r', 10_000, true)]
    public async Task What_is_answered_at_once_is_what_a_worker_answers(string target, string header, char letter, int length, bool isAtOnce)
    {
        await using var client = await _server.ConnectAsync();
        var first = await client.RequestAsync(TestClient.Get(target, header));
        Assert.Equal(Text(letter, length), first.Text);
        Assert.Equal(0, _atOnce);
        for (var round = 1; round <= 3; round++)
        {
            var again = await client.RequestAsync(TestClient.Get(target, header));
            Assert.Equal(first.Text, again.Text);
            Assert.Equal(
                first.Headers.Where(static field => field.Name != "Date").OrderBy(static field => field.Name),
                again.Headers.Where(static field => field.Name != "Date").OrderBy(static field => field.Name));
            Assert.Equal(isAtOnce ? round : 0, _atOnce);
        }

        await client.SendAsync(TestClient.Get(target, header).Replace("GET", "HEAD", StringComparison.Ordinal));
        var head = await client.ReadResponseAsync(isHead: true);
        Assert.Equal(length.ToString(), head["Content-Length"]);
        Assert.Equal(304, (await client.RequestAsync(TestClient.Get(target, header, $"If-None-Match: {first["ETag"]}"))).Status);
        Assert.Equal(isAtOnce ? 5 : 0, _atOnce);
        if (length > 10)
        {
            var part = await client.RequestAsync(TestClient.Get(target, header, "Range: bytes=5-9"));
            Assert.Equal((206, Text(letter, 5)), (part.Status, part.Text));
        }
    }

    // Each is longer than what a pipelined batch may pile up, and all of them are longer than what a socket takes.
    [Fact]
    public async Task A_client_that_asks_for_many_and_reads_late_gets_each_whole()
    {
        const int Requests = 200;
        await using var client = await _server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/full.txt"));
        await client.RequestAsync(TestClient.Get("/a.txt"));
        var sent = client.SendAsync(string.Concat(Enumerable.Repeat(TestClient.Get("/full.txt") + TestClient.Get("/a.txt"), Requests / 2)));
        for (var number = 0; number < Requests; number++)
        {
            var expected = number % 2 == 0 ? Text('f', PreparedResponse.MaxSourceBytes) : Text('a', MediumBytes);
            Assert.Equal(expected, (await client.ReadResponseAsync()).Text);
        }

        await sent;
        Assert.Equal(Requests, _atOnce);
    }

    // The system has dropped the file from its memory: to read it, somebody has to wait for the disk, and that is a worker.
    [Fact]
    public async Task A_file_that_the_system_has_to_fetch_from_the_disk_is_a_workers()
    {
        await using var client = await _server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/a.txt"));
        for (var round = 0; round < 5; round++)
        {
            // The second command asks the system to forget the file; it may decline.
            using var forget = System.Diagnostics.Process.Start(
                "sh", ["-c", "sync \"$0\" && dd if=\"$0\" iflag=nocache count=0 status=none", _folder.Path("root/a.txt")]);
            await forget.WaitForExitAsync().WaitAsync(TestClient.Patience);
            Assert.Equal(Text('a', MediumBytes), (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        }

        var before = _atOnce;
        Assert.Equal(Text('a', MediumBytes), (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        Assert.Equal(before + 1, _atOnce);
    }

    // A deleted file keeps its space on the disk as long as somebody has it open; nobody may ever ask for it again.
    [Theory]
    [InlineData("deleted")]
    [InlineData("replaced")]
    [InlineData("emptied")]
    public async Task A_file_that_has_gone_is_closed_though_nobody_asks(string change)
    {
        await using var client = await _server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/a.txt"));
        await client.RequestAsync(TestClient.Get("/b.txt"));
        Assert.Equal(4, KeptFileSupport.OpenBelow(_folder.Root)); // b has two siblings
        switch (change)
        {
            case "deleted":
                File.Delete(_folder.Path("root/a.txt"));
                break;
            case "replaced":
                _folder.Replace("root/a.txt", "new");
                break;
            default:
                _folder.Write("root/a.txt", "");
                break;
        }

        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(3, KeptFileSupport.OpenBelow(_folder.Root));
        Assert.Equal(Text('b', MediumBytes), (await client.RequestAsync(TestClient.Get("/b.txt"))).Text);
    }

    [Fact]
    public async Task A_file_that_nobody_has_asked_for_in_a_minute_is_closed()
    {
        await using var client = await _server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/a.txt"));
        await client.RequestAsync(TestClient.Get("/b.txt"));
        for (var second = 0; second < 70; second++)
        {
            _time.Pass(TimeSpan.FromSeconds(1));
            await client.RequestAsync(TestClient.Get("/a.txt"));
        }

        Assert.Equal(1, KeptFileSupport.OpenBelow(_folder.Root));
    }

    [Fact]
    public async Task At_the_end_nothing_is_open()
    {
        await using var client = await _server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/a.txt"));
        await client.RequestAsync(TestClient.Get("/b.txt"));
        Assert.Equal(4, KeptFileSupport.OpenBelow(_folder.Root));
        await _server.DisposeAsync();
        _files.Dispose();
        Assert.Equal(0, KeptFileSupport.OpenBelow(_folder.Root));
    }

    [Fact]
    public async Task A_root_that_is_left_has_its_files_closed()
    {
        await using var client = await _server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/a.txt"));
        await client.RequestAsync(TestClient.Get("/a.txt"));
        Directory.Move(_folder.Root, _folder.Path("was"));
        _folder.Write("root/a.txt", Text('n', MediumBytes));
        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(Text('n', MediumBytes), (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        Assert.Equal(0, KeptFileSupport.OpenBelow(_folder.Path("was")));
    }

    // Written over in place, without a change of its length: what a reader gets is what was there before, or what is there now, from its
    // first byte to its last, and never the old one after the new one was in place.
    [Fact]
    public async Task A_file_that_is_written_over_is_never_answered_as_it_was()
    {
        await using var client = await _server.ConnectAsync();
        var path = _folder.Path("root/a.txt");
        for (var round = 0; round < 100; round++)
        {
            var letter = (char)('A' + (round % 26));
            await File.WriteAllTextAsync(path, Text(letter, MediumBytes));
            for (var request = 0; request < 3; request++)
            {
                Assert.Equal(Text(letter, MediumBytes), (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
            }
        }

        Assert.InRange(_atOnce, 100, 200);
    }

    private static string Text(char letter, int length) => new StringBuilder().Append(letter, length).ToString();
}
