using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>Handlers of several sites have one budget: ten of them took ten times the memory that was allowed.</summary>
public sealed class SharedMemoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-shared-").FullName;

    public SharedMemoryTests()
    {
        foreach (var site in new[] { "a", "b" })
        {
            Directory.CreateDirectory(Path.Combine(_folder, site));
            for (var i = 0; i < 20; i++)
            {
                File.WriteAllBytes(Path.Combine(_folder, site, $"{i}.bin"), new byte[10_000]);
            }
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Two_handlers_stay_within_the_bounds_of_one_and_the_late_one_finds_room()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells of changes, and answers are kept in memory there.");
        var options = new StaticFileOptions { CacheBytes = 120_000, TimeProvider = new LaterTime() };
        options.Shared = new SharedMemory(options);
        using var a = new StaticFileHandler(Path.Combine(_folder, "a"), options);
        using (var b = new StaticFileHandler(Path.Combine(_folder, "b"), options))
        {
            await using var server = await TestServer.StartAsync("epoll", server => server.MapFallback(
                (request, response) => (request.Host == "b" ? b : a).TryHandle(request, response),
                (request, response) => (request.Host == "b" ? b : a).HandleAsync(request, response)));
            await using var client = await server.ConnectAsync();
            await AskAsync("a", 20);
            Assert.InRange(options.Shared.Size.Bytes, 60_000, 120_000);
            Assert.Equal(options.Shared.Size.Bytes, options.Shared.Answers.Holders.Sum(static holder => holder.Bytes));
            for (var round = 0; round < 20; round++)
            {
                await AskAsync("b", 20); // one in sixteen gets in where memory is full
            }

            Assert.InRange(options.Shared.Size.Bytes, 60_000, 120_000);
            Assert.All(options.Shared.Answers.Holders, static holder => Assert.InRange(holder.Bytes, 20_000, 100_000));
            Assert.Equal(a.GetStatistics().Bytes, options.Shared.Size.Bytes);

            async Task AskAsync(string host, int files)
            {
                for (var i = 0; i < files; i++)
                {
                    Assert.Equal(200, (await client.RequestAsync($"GET /{i}.bin HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status);
                }
            }
        }

        Assert.Single(options.Shared.Answers.Holders);
        Assert.Equal(options.Shared.Answers.Holders[0].Bytes, options.Shared.Answers.Bytes);
    }
}
