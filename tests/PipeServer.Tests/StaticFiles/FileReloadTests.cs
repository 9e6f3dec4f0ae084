using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>Options, users and folder of a handler that serves are exchanged as a whole.</summary>
public abstract class FileReloadTests(string transport) : IAsyncLifetime
{
    private readonly StaticFolder _folder = new(transport);
    private readonly LaterTime _time = new();
    private StaticFileHandler _files = null!;
    private TestServer _server = null!;
    private int _atOnce;

    public ValueTask InitializeAsync()
    {
        _folder.Write("root/a.txt", "one");
        _folder.Write("other/a.txt", "two");
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _folder.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task What_was_not_set_again_has_its_default()
    {
        await ServeAsync(new StaticFileOptions { Headers = [new("X-A", "1")], CacheControl = "no-store", Browse = true });
        await using var client = await _server.ConnectAsync();
        var before = await client.RequestAsync(TestClient.Get("/a.txt"));
        Assert.Equal(("1", "no-store"), (before["X-A"], before["Cache-Control"]));
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);
        _files.Reload(_folder.Root, new StaticFileOptions { Headers = [new("X-B", "2")], CorsOrigin = "*" });
        var after = await client.RequestAsync(TestClient.Get("/a.txt"));
        Assert.Equal((null, "2", null, "*"), (after["X-A"], after["X-B"], after["Cache-Control"], after["Access-Control-Allow-Origin"]));
        Assert.Equal(404, (await client.RequestAsync(TestClient.Get("/"))).Status);
        Assert.Equal("one", after.Text);
    }

    [Fact]
    public async Task The_folder_may_be_another_one()
    {
        await ServeAsync(new StaticFileOptions());
        await using var client = await _server.ConnectAsync();
        Assert.Equal("one", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        _files.Reload(_folder.Path("other"));
        Assert.Equal("two", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        Assert.Equal(_folder.Path("other"), _files.Root);
    }

    // Passwords that were right once are remembered: those of a user who is gone, or has another one, must not be.
    [Fact]
    public async Task Users_who_are_gone_are_forgotten_and_those_who_stay_are_not()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "crypt(3) is wanted.");
        var options = new StaticFileOptions { AuthFile = Users(("ann", "a1"), ("bob", "b1"), ("cid", "c1")), TimeProvider = _time };
        await ServeAsync(options);
        await using var client = await _server.ConnectAsync();
        foreach (var (user, password) in new[] { ("ann", "a1"), ("bob", "b1"), ("cid", "c1"), ("ann", "a1"), ("bob", "b1"), ("cid", "c1") })
        {
            Assert.Equal(200, await AskAsync(client, user, password));
        }

        Users(("ann", "a1"), ("bob", "b2"), ("dan", "d1"));
        Assert.Equal(200, await AskAsync(client, "cid", "c1"));
        _files.Reload(_folder.Root, options);
        _atOnce = 0;
        Assert.Equal(200, await AskAsync(client, "ann", "a1"));
        Assert.Equal(1, _atOnce); // neither the password nor the file had to be looked at again
        Assert.Equal(401, await AskAsync(client, "bob", "b1"));
        Assert.Equal(401, await AskAsync(client, "cid", "c1"));
        Assert.Equal(200, await AskAsync(client, "bob", "b2"));
        Assert.Equal(200, await AskAsync(client, "dan", "d1"));
        _files.Reload(_folder.Root);
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/a.txt"))).Status);
    }

    [Fact]
    public async Task A_mistake_changes_nothing()
    {
        await ServeAsync(new StaticFileOptions { Headers = [new("X-A", "1")] });
        await using var client = await _server.ConnectAsync();
        Assert.Throws<ArgumentException>(() => _files.Reload(_folder.Root, new StaticFileOptions { Headers = [new("X A", "2")] }));
        Assert.Throws<IOException>(() => _files.Reload(_folder.Root, new StaticFileOptions { AuthFile = _folder.Path("none") }));
        Assert.Throws<DirectoryNotFoundException>(() => _files.Reload(_folder.Path("nowhere")));
        Assert.Equal("1", (await client.RequestAsync(TestClient.Get("/a.txt")))["X-A"]);
    }

    [Fact]
    public async Task The_page_for_errors_is_read_again()
    {
        await ServeAsync(new StaticFileOptions());
        await using var client = await _server.ConnectAsync();
        Assert.Equal(0, _files.ServerErrorPage.Length);
        _folder.Write("root/50x.html", "sorry");
        _files.Reload(_folder.Root);
        Assert.Equal("sorry", Encoding.UTF8.GetString(_files.ServerErrorPage.Span));
        File.Delete(_folder.Path("root/50x.html"));
        _files.Reload(_folder.Root);
        Assert.Equal(0, _files.ServerErrorPage.Length);
    }

    // What is in memory cost a look at the disk each; a reload for the log's sake must not throw it away.
    [Fact]
    public async Task With_the_same_options_what_is_in_memory_stays()
    {
        await ServeAsync(new StaticFileOptions { Headers = [new("X-A", "1")], IndexFiles = ["a"], ContentTypes = Types(), TimeProvider = _time });
        await using var client = await _server.ConnectAsync();
        await client.RequestAsync(TestClient.Get("/a.txt"));
        await client.RequestAsync(TestClient.Get("/a.txt"));
        _atOnce = 0;
        _files.Reload(_folder.Root + "/", new StaticFileOptions { Headers = [new("X-A", "1")], IndexFiles = ["a"], ContentTypes = Types(), TimeProvider = _time });
        Assert.Equal("one", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        Assert.Equal(1, _atOnce);

        static Dictionary<string, string> Types() => new(StringComparer.Ordinal) { [".foo"] = "text/foo" };
    }

    [Fact]
    public async Task A_response_under_way_ends_with_what_it_began_with()
    {
        var large = new string('x', 8 * 1024 * 1024);
        _folder.Write("root/large", large);
        await ServeAsync(new StaticFileOptions());
        await using var client = await _server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/large") + TestClient.Get("/a.txt"));
        await client.ReadHeadAsync();
        for (var round = 0; round < 3; round++)
        {
            _files.Reload(_folder.Path("other"), new StaticFileOptions { Headers = [new("X-A", "new")] });
        }

        Assert.Equal(large.Length, (await client.ReadExactlyAsync(large.Length)).Length);
        var next = await client.ReadResponseAsync();
        Assert.Equal(("two", "new"), (next.Text, next["X-A"]));
    }

    // Header, user and folder are of one configuration in each answer, whenever it is exchanged.
    [Fact]
    public async Task Under_load_each_answer_is_of_one_configuration()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "crypt(3) is wanted.");
        StaticFileOptions[] options =
        [
            new() { Headers = [new("X-Of", "one")], AuthFile = Users("even", ("one", "p")) },
            new() { Headers = [new("X-Of", "two")], AuthFile = Users("odd", ("two", "p")) },
        ];
        string[] roots = [_folder.Root, _folder.Path("other")];
        await ServeAsync(options[0]);
        var isOver = false;
        int[] allowed = [0, 0];
        var asking = Enumerable.Range(0, 4).Select(number => Task.Run(async () =>
        {
            await using var client = await _server.ConnectAsync();
            for (var round = 0; !Volatile.Read(ref isOver); round++)
            {
                var user = (number + round) % 2 == 0 ? "one" : "two";
                var answer = await client.RequestAsync(TestClient.Get("/a.txt", Login(user, "p")));
                Assert.Equal(answer["X-Of"] == user ? 200 : 401, answer.Status);
                if (answer.Status == 200)
                {
                    Assert.Equal(user, answer.Text);
                    Interlocked.Increment(ref allowed[user == "one" ? 0 : 1]);
                }
            }
        })).ToList();
        var flips = Stress.Rounds(50);
        for (var flip = 1; flip <= flips; flip++)
        {
            await Task.Delay(5);
            _files.Reload(roots[flip % 2], options[flip % 2]);
        }

        // A busy machine may have been slow: each of both has its turn, however long that takes.
        foreach (var turn in new[] { 0, 1 })
        {
            _files.Reload(roots[turn], options[turn]);
            var before = Volatile.Read(ref allowed[turn]);
            await Eventually.TrueAsync(() => Volatile.Read(ref allowed[turn]) > before || asking.Exists(static task => task.IsFaulted), "it is asked for");
        }

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(asking).WaitAsync(TestClient.Patience);
    }

    private async Task ServeAsync(StaticFileOptions options)
    {
        _files = new StaticFileHandler(_folder.Root, options);
        _server = await _folder.ServeAsync(_files, () => _atOnce++);
    }

    private string Users(params (string User, string Password)[] users) => Users("users", users);

    private string Users(string file, params (string User, string Password)[] users)
    {
        _folder.Write(file, string.Join('\n', users.Select(static item => $"{item.User}:{Hash(item.Password)}")));
        return _folder.Path(file);
    }

    // The same password has the same hash each time.
    private static string Hash(string password) =>
        Encoding.ASCII.GetString(Crypt.Hash(Encoding.UTF8.GetBytes(password), $"$6$rounds=1000${password}$")!);

    private static string Login(string user, string password) =>
        $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))}";

    private static async Task<int> AskAsync(TestClient client, string user, string password) =>
        (await client.RequestAsync(TestClient.Get("/a.txt", Login(user, password)))).Status;
}
