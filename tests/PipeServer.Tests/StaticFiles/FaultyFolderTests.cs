using System.Text;
using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

/// <summary>A folder that cannot be read to its end is never shown as if that were all of it.</summary>
public sealed class FaultyFolderTests
{
    // Whatever went wrong was a 404, as if there were no such folder; and files were left out while there was no descriptor to look at them.
    [Theory]
    [InlineData(0, typeof(IOException), 503)]
    [InlineData(7, typeof(IOException), 503)]
    [InlineData(0, typeof(DirectoryNotFoundException), 404)]
    [InlineData(7, typeof(DirectoryNotFoundException), 404)]
    [InlineData(0, typeof(UnauthorizedAccessException), 404)]
    public async Task What_is_noticed_in_time_is_said(int entries, Type fault, int status)
    {
        await using var folder = new StaticFolder("memory");
        Directory.CreateDirectory(folder.Root);
        using var files = Create(folder, entries, fault);
        await using var server = await TestServer.StartAsync("memory", server => server.MapFallback(files.TryHandle, files.HandleAsync));
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 1000; round++) // more often than there is room for listings: each has given its own back
        {
            var response = await client.RequestAsync(TestClient.Get("/"));
            Assert.Equal((status, status == 503 ? "1" : null), (response.Status, response["Retry-After"]));
        }
    }

    [Theory]
    [InlineData("memory", "text/html")]
    [InlineData("epoll", "text/html")]
    [InlineData("sockets", "text/html")]
    [InlineData("memory", "application/json")]
    [InlineData("epoll", "application/json")]
    [InlineData("sockets", "application/json")]
    public async Task Later_the_connection_is_cut(string transport, string accept)
    {
        await using var folder = new StaticFolder(transport);
        Directory.CreateDirectory(folder.Root);
        using var files = Create(folder, 3000, typeof(IOException));
        await using var server = await TestServer.StartAsync(transport, server => server.MapFallback(files.TryHandle, files.HandleAsync));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/", $"Accept: {accept}"));
        var received = new StringBuilder();
        try
        {
            received.Append(Encoding.UTF8.GetString(await client.ReadToEndAsync()));
        }
        catch (IOException)
        {
            // Reset, which says it as well.
        }

        Assert.DoesNotContain("\r\n0\r\n\r\n", received.ToString());
        Assert.DoesNotContain("</html>", received.ToString());
    }

    private static StaticFileHandler Create(StaticFolder folder, int entries, Type fault) => new(
        folder.Root,
        new StaticFileOptions { Browse = true, MaxSortedEntries = 10 },
        (path, followSymlinks) => new FaultyRoot(FileRoot.Open(path, followSymlinks), entries, (Exception)Activator.CreateInstance(fault)!));
}
