using PipeServer.Fuzz.Http2;
using PipeServer.StaticFiles;
using PipeServer.Tests.StaticFiles;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// Requests that arrive together ask the watch of the file cache once. A change is seen by each request that is sent after it all the same, on the same
/// connection and on another one.
/// </summary>
public sealed class ChangedFileTests
{
    [Theory]
    [InlineData("memory")]
    [InlineData("epoll")]
    [InlineData("epoll/openssl")]
    public async Task A_changed_file_is_served_to_all_requests_that_follow(string transport)
    {
        await using var folder = new StaticFolder("epoll");
        folder.Write("root/file.txt", "0");
        using var files = new StaticFileHandler(folder.Root);
        await using var host = await Http2Host.StartAsync(transport, server => server.Map("GET", "/{name}", files.TryHandle, files.HandleAsync));
        await using var client = await host.ConnectAsync();
        await using var other = await host.ConnectAsync();
        for (var round = 1; round <= 30; round++)
        {
            folder.Write("root/file.txt", round.ToString(System.Globalization.CultureInfo.InvariantCulture));
            foreach (var asking in new[] { client, other })
            {
                // Several in one piece: the first looks, and the others rely on it.
                var ids = Enumerable.Range(0, 5).Select(_ => asking.TakeStream()).ToArray();
                var block = HpackBytes.Block([new(":method", "GET"), new(":scheme", "http"), new(":path", "/file.txt"), new(":authority", "localhost")]);
                await asking.SendAsync(ids.Select(id => Http2Frame.Headers(id, block)));
                foreach (var id in ids)
                {
                    Assert.Equal($"{round}", (await asking.ResponseAsync(id)).Text);
                }
            }
        }
    }
}
