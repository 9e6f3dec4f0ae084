using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>
/// Every case of <see cref="ProtocolCases"/> on the wire: whole and cut in two at every point, alone and behind a good
/// request, with a marker behind it that is answered when, and only when, the connection is kept. One suite, unchanged over
/// each transport.
/// </summary>
public abstract class ProtocolTests(string transport)
{
    // Longer cases are cut at some points only: they are about sizes.
    private const int LongCaseBytes = 1000;

    private static readonly string Good = TestClient.Get("/good");
    private static readonly string Marker = TestClient.Get("/marker");

    public static TheoryData<string> Ids => [.. ProtocolCases.All.Select(static item => item.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_request_has_one_answer_whatever_the_split(string id)
    {
        var item = ProtocolCases.Get(id);
        var bytes = item.Encoded;
        await using var server = await TestServer.StartAsync(transport, ProtocolServer.Map);
        await CheckAsync(server, item, bytes, bytes.Length, behindGood: true);
        var step = transport.Contains('/') ? (bytes.Length / 3) + 1 // each client makes a handshake, and what is cut is records
            : bytes.Length > LongCaseBytes ? (bytes.Length / 16) + 1 : 1;
        for (var split = 1; split <= bytes.Length; split += step)
        {
            await CheckAsync(server, item, bytes, split, behindGood: false);
        }

        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    private static async Task CheckAsync(TestServer server, ProtocolCase item, byte[] bytes, int split, bool behindGood)
    {
        await using var client = await server.ConnectAsync();
        if (behindGood)
        {
            await client.SendAsync((byte[])[.. ProtocolCase.Encode(Good), .. bytes, .. ProtocolCase.Encode(Marker)]);
            Assert.Equal("/good", (await client.ReadResponseAsync()).Text);
        }
        else
        {
            await client.SendAsync(bytes.AsMemory(0, split));
            await Task.Yield();
            await client.SendAsync((byte[])[.. bytes[split..], .. ProtocolCase.Encode(Marker)]);
        }

        var response = await client.ReadResponseAsync();
        Assert.True(item.Status == response.Status, $"{item.Status} expected ({item.Section}), not {response.StatusLine}, split at {split}.");
        Assert.NotNull(response["Date"]);
        Assert.Equal(item.Status == 405 || (item.Status == 204 && item.Bytes.Contains("OPTIONS")), response["Allow"] is not null);
        Assert.Equal(item.Status == 204, response["Content-Length"] is null);
        if (item.Closes)
        {
            Assert.Equal("close", response["Connection"]);
            Assert.True(await client.IsClosedAsync(), $"Something follows ({item.Section}), split at {split}.");
        }
        else
        {
            Assert.NotEqual("close", response["Connection"]);
            Assert.Equal("/marker", (await client.ReadResponseAsync()).Text);
        }
    }
}
