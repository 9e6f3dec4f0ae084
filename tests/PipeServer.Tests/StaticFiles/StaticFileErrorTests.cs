using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>What a client is told when the server, and not the request, is why there is no file.</summary>
public sealed partial class StaticFileErrorTests
{
    private const int Nobody = 65534;

    [Theory]
    [InlineData("memory")]
    [InlineData("sockets")]
    [InlineData("epoll")]
    public async Task The_page_for_errors_of_the_server_is_sent_with_500_and_503(string transport)
    {
        await using var folder = new StaticFolder(transport);
        folder.Write("root/50x.html", "<p>Sorry");
        folder.Write("root/a.txt", "a");
        using var files = new StaticFileHandler(folder.Root, new StaticFileOptions());
        using var gate = new ManualResetEventSlim();
        using var started = new SemaphoreSlim(0);
        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/fault", (_, _) => throw new InvalidOperationException("on purpose"));
                server.MapGet("/wait", (_, response) =>
                {
                    started.Release();
                    Assert.True(gate.Wait(TestClient.Patience));
                    response.WriteText("done");
                });
                server.MapFallback(files.TryHandle, files.HandleAsync);
            },
            options =>
            {
                options.ServerErrorPage = files.ServerErrorPage;
                options.QueueCapacity = 1;
                options.Workers = 1;
            });
        await using var client = await server.ConnectAsync();
        AssertIsPage(500, await client.RequestAsync(TestClient.Get("/fault")));
        Assert.Equal("a", (await client.RequestAsync(TestClient.Get("/a.txt"))).Text);
        Assert.Equal("text/plain; charset=utf-8", (await client.RequestAsync(TestClient.Get("/nothing")))["Content-Type"]);

        // A worker that waits, one request in the queue, and one too many.
        await using var first = await server.ConnectAsync();
        await using var second = await server.ConnectAsync();
        await first.SendAsync(TestClient.Get("/wait"));
        Assert.True(await started.WaitAsync(TestClient.Patience));
        await second.SendAsync(TestClient.Get("/wait"));
        await Eventually.TrueAsync(() => server.Server.Workers.Queued == 1, "the queue has the second");
        AssertIsPage(503, await client.RequestAsync(TestClient.Get("/wait")));
        gate.Set();
        Assert.Equal("done", (await first.ReadResponseAsync()).Text);
        Assert.Equal("done", (await second.ReadResponseAsync()).Text);
    }

    [Theory]
    [InlineData("/secret.txt", 403)]
    [InlineData("/closed/a.txt", 403)]
    [InlineData("/closed/", 403)]
    [InlineData("/open.txt", 200)]
    [InlineData("/nothing.txt", 404)]
    [UnsupportedOSPlatform("windows")]
    public async Task What_the_server_may_not_read_is_403(string target, int status)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The user of one thread is changed by Linux's setfsuid.");
        await using var folder = new StaticFolder("memory");
        folder.Write("root/open.txt", "open");
        folder.Write("root/secret.txt", "secret");
        folder.Write("root/closed/a.txt", "a");
        File.SetUnixFileMode(folder.Folder, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(folder.Path("root/secret.txt"), UnixFileMode.None);
        File.SetUnixFileMode(folder.Path("root/closed"), UnixFileMode.None);
        try
        {
            using var files = new StaticFileHandler(folder.Root, new StaticFileOptions { Browse = true });
            await using var server = await TestServer.StartAsync("memory", server => server.MapFallback((request, response) =>
            {
                // To root everything is open: it becomes nobody in this thread, as far as files go.
                _ = SetFileSystemUser(Nobody);
                try
                {
                    var handling = files.HandleAsync(request, response);
                    Assert.True(handling.IsCompletedSuccessfully);
                }
                finally
                {
                    _ = SetFileSystemUser(Environment.IsPrivilegedProcess ? 0 : -1); // -1 changes nothing
                }
            }));
            await using var client = await server.ConnectAsync();
            Assert.Equal(status, (await client.RequestAsync(TestClient.Get(target))).Status);
        }
        finally
        {
            File.SetUnixFileMode(folder.Path("root/closed"), (UnixFileMode)0b111_000_000);
        }
    }

    // The server started, and everything was 404, as if the folder were empty.
    [Theory]
    [InlineData(0b000_000_000, false)]
    [InlineData(0b100_100_100, false)] // may be listed, not entered
    [InlineData(0b111_001_001, true)] // may be entered, not listed: enough for who knows the names
    [UnsupportedOSPlatform("windows")]
    public async Task A_root_that_may_not_be_entered_is_an_error_at_the_start(int mode, bool isEnough)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The user of one thread is changed by Linux's setfsuid.");
        await using var folder = new StaticFolder("memory");
        folder.Write("root/a.txt", "a");
        File.SetUnixFileMode(folder.Folder, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(folder.Root, (UnixFileMode)mode);
        var isRoot = Environment.IsPrivilegedProcess;
        try
        {
            _ = SetFileSystemUser(Nobody);
            if (isEnough)
            {
                using var files = new StaticFileHandler(folder.Root);
                Assert.True(files.Contains("/a.txt"));
            }
            else
            {
                Assert.Contains(folder.Root, Assert.Throws<UnauthorizedAccessException>(() => new StaticFileHandler(folder.Root)).Message);
            }
        }
        finally
        {
            _ = SetFileSystemUser(isRoot ? 0 : -1);
            File.SetUnixFileMode(folder.Root, (UnixFileMode)0b111_000_000);
        }
    }

    // Files took the last descriptors, the runtime could not make a thread of its pool any more, and ended the process.
    [Fact]
    public async Task Without_a_descriptor_left_for_a_file_it_is_503_and_later_all_is_well()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ulimit is Unix's.");
        await using var folder = new StaticFolder("memory");
        folder.Write("root/small.txt", "small");
        await File.WriteAllBytesAsync(folder.Path("root/large.bin"), new byte[16 * 1024 * 1024]); // more than a socket's buffers take
        await using var cli = CliProcess.StartShell(
            $"ulimit -n 400; exec {CliProcess.PipeServerCommand} serve '{folder.Root}' --port 0 --file-cache 0 --min-rate 0");
        await cli.ListeningAsync();

        // More than half of what is left is connections, and each of them wants a file.
        var clients = new List<TestClient>();
        var statuses = new List<int>();
        try
        {
            for (var number = 0; number < 180; number++)
            {
                clients.Add(await TestClient.ConnectAsync(cli.EndPoint));
                Assert.Equal("small", (await clients[^1].RequestAsync(TestClient.Get("/small.txt"))).Text);
            }

            foreach (var client in clients)
            {
                await client.SendAsync(TestClient.Get("/large.bin"));
                statuses.Add(int.Parse((await client.ReadLineAsync()).Split(' ')[1]));
            }

            var served = statuses.TakeWhile(static status => status == 200).Count();
            Assert.InRange(served, 20, 160);
            Assert.All(statuses.Skip(served), static status => Assert.Equal(503, status));
        }
        finally
        {
            foreach (var client in clients)
            {
                await client.DisposeAsync();
            }
        }

        await Eventually.TrueAsync(
            async () =>
            {
                await using var client = await TestClient.ConnectAsync(cli.EndPoint);
                return await client.RequestAsync(TestClient.Get("/small.txt")) is { Status: 200, Text: "small" };
            },
            "files are served again");
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Empty(cli.Errors);
    }

    private static void AssertIsPage(int status, TestResponse response)
    {
        Assert.Equal(status, response.Status);
        Assert.Equal("<p>Sorry", response.Text);
        Assert.Equal("text/html; charset=utf-8", response["Content-Type"]);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetFileSystemUser(int user);
}
