namespace PipeServer.Tests.StaticFiles;

/// <summary>Who does not read holds no copy of what is sent to him.</summary>
[Collection(nameof(RunsAlone))]
public sealed class SlowReaderMemoryTests
{
    // What was compressed on the fly was copied into the output as a whole, for each client: five hundred clients held 1.4 GB.
    [Theory]
    [InlineData("memory", "/large.txt", "Accept-Encoding: gzip")]
    [InlineData("epoll", "/large.txt", "Accept-Encoding: gzip")]
    [InlineData("memory", "/many/", "Accept: text/html")]
    public async Task Those_who_do_not_read_hold_little(string transport, string target, string header)
    {
        const int Clients = 30;
        await using var folder = new StaticFolder(transport);
        var noise = new byte[4_000_000];
        new Random(1).NextBytes(noise);
        folder.Write("root/large.txt", Convert.ToBase64String(noise));
        for (var number = 0; number < 1000; number++)
        {
            folder.Write($"root/many/{number}-{new string('x', 200)}.txt", "");
        }

        var server = await folder.ServeAsync(static options =>
        {
            (options.Compress, options.Browse) = (true, true);
            options.TimeProvider = new LaterTime();
        });
        await using (var first = await server.ConnectAsync())
        {
            Assert.Equal(200, (await first.RequestAsync(TestClient.Get(target, header))).Status);
        }

        var before = GC.GetTotalMemory(forceFullCollection: true);
        var clients = new List<TestClient>();
        for (var number = 0; number < Clients; number++)
        {
            clients.Add(await server.ConnectAsync());
            await clients[^1].SendAsync(TestClient.Get(target, header));
            Assert.Equal("HTTP/1.1 200 OK", await clients[^1].ReadLineAsync());
        }

        // The listing's entries are held for each: less than 1 MB. The compressed file, of 4 MB, is one for all.
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.InRange(held, long.MinValue, Clients * 2_000_000);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }
}
