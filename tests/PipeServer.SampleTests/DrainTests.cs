namespace PipeServer.SampleTests;

/// <summary>A stop in the middle of a request: it is answered, and the sample ends with 0.</summary>
public sealed class DrainTests
{
    [Theory]
    [InlineData("Hello", "POST", "/upper", "text/plain", "hello", "HELLO")]
    [InlineData("JsonCrud", "POST", "/notes", "application/json", """{"title":"Milk"}""", "{\"id\":1,\"title\":\"Milk\",\"text\":\"\",\"version\":1}")]
    [InlineData("AspNetApp", "POST", "/orders", "application/json", """{"article":"Tea"}""", "{\"id\":1,\"article\":\"Tea\",\"count\":1}")]
    public async Task A_body_that_is_on_its_way_is_waited_for(string sample, string method, string path, string contentType, string body, string answer)
    {
        await using var server = await Sample.ServeAsync(sample);
        using var client = await RawClient.ConnectAsync(server.EndPoint);
        await client.BeginAsync(method, path, contentType, body.Length);
        server.Signal(CliProcess.SigTerm);
        await Waiting.UntilAsync(() => IsRefusedAsync(server), "no new client is let in");

        await client.SendAsync(body);
        Assert.StartsWith("HTTP/1.1 20", await client.LineAsync());
        Assert.Contains($"\r\n{answer}", await client.ToEndAsync());
        await Sample.EndAsync(server);
        Assert.Contains(server.Output, static line => line.StartsWith("Drained ") && line.Contains(" 1 requests answered."));
    }

    /// <summary>A client that never says goodbye does not keep a sample from its end, and the exit code says that it was cut off.</summary>
    [Fact]
    public async Task What_is_cut_off_is_told_by_the_exit_code()
    {
        await using var server = await Sample.ServeAsync("Chat");
        using var silent = await RawClient.ConnectAsync(server.EndPoint);
        await silent.SendAsync(ChatTests.Handshake("Silent"));
        Assert.Equal("HTTP/1.1 101 Switching Protocols", await silent.LineAsync());
        server.Signal(CliProcess.SigTerm);
        Assert.Equal(3, await server.EndAsync()); // the grace period of the chat is 5 seconds
        Assert.Contains(server.Output, static line => line.StartsWith("TimedOut "));
    }

    private static async Task<bool> IsRefusedAsync(CliProcess server)
    {
        try
        {
            using var client = await RawClient.ConnectAsync(server.EndPoint);
            return false;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return true;
        }
    }
}
