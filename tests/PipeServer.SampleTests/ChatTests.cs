using System.Net.WebSockets;

namespace PipeServer.SampleTests;

public sealed class ChatTests
{
    [Fact]
    public async Task All_hear_what_one_says_and_a_stop_says_goodbye()
    {
        await using var server = await Sample.ServeAsync("Chat");
        using var ann = await ChatClient.JoinAsync(server, "Ann");
        await ann.HearAsync("joined Ann: ");
        using var bob = await ChatClient.JoinAsync(server, "Bob", origin: $"http://localhost:{server.EndPoint.Port}");
        await bob.HearAsync("joined Bob: ");
        await ann.HearAsync("joined Bob: ");
        await bob.SayAsync("Grüße, \"Ann\" <b>");
        await ann.HearAsync("said Bob: Grüße, \"Ann\" <b>");
        await bob.HearAsync("said Bob: Grüße, \"Ann\" <b>");
        using (var cy = await ChatClient.JoinAsync(server, "Cy"))
        {
            await cy.LeaveAsync();
        }

        await ann.HearAsync("left Cy: ");

        server.Signal(CliProcess.SigTerm);
        foreach (var member in new[] { ann, bob })
        {
            while (await member.HearAsync() is not null)
            {
                // Cy, and who goes first.
            }

            Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, member.CloseStatus); // 1001
            await member.AnswerCloseAsync();
        }

        await Sample.EndAsync(server);
        Assert.Contains(server.Output, static line => line.StartsWith("Drained "));
    }

    [Fact]
    public async Task Who_may_not_come_in_is_told_why()
    {
        await using var server = await Sample.ServeAsync("Chat");
        var other = await Assert.ThrowsAsync<WebSocketException>(() => ChatClient.JoinAsync(server, "Eve", origin: "http://elsewhere.example"));
        Assert.Contains("403", other.Message);
        var nameless = await Assert.ThrowsAsync<WebSocketException>(() => ChatClient.JoinAsync(server, "%3Cb%3E"));
        Assert.Contains("400", nameless.Message);

        using var ann = await ChatClient.JoinAsync(server, "Ann");
        await ann.HearAsync("joined Ann: ");
        using var second = await ChatClient.JoinAsync(server, "ANN");
        Assert.Null(await second.HearAsync());
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, second.CloseStatus);
        Assert.Equal("that name is taken", second.CloseReason);
        await second.AnswerCloseAsync();
        await ann.LeaveAsync();
        await Sample.StopAsync(server);
    }

    [Fact]
    public async Task Who_talks_too_fast_is_sent_away()
    {
        await using var server = await Sample.ServeAsync("Chat");
        using var ann = await ChatClient.JoinAsync(server, "Ann");
        await ann.HearAsync("joined Ann: ");
        using var bob = await ChatClient.JoinAsync(server, "Bob");
        await bob.HearAsync("joined Bob: ");
        for (var i = 0; i < 100; i++)
        {
            await bob.SayAsync($"{i}");
        }

        while (await bob.HearAsync() is not null)
        {
            // What was let through.
        }

        Assert.Equal(WebSocketCloseStatus.PolicyViolation, bob.CloseStatus);
        await bob.AnswerCloseAsync();
        await ann.HearAsync("left Bob: ");
        await ann.LeaveAsync();
        await Sample.StopAsync(server);
    }

    /// <summary>A member who reads nothing costs its queue and no more, and holds up nobody.</summary>
    [Fact]
    public async Task Who_does_not_read_is_cut_off()
    {
        await using var server = await Sample.ServeAsync("Chat");
        using var ann = await ChatClient.JoinAsync(server, "Ann");
        await ann.HearAsync("joined Ann: "); // a client knows that it is connected before the room does
        using var slow = await RawClient.ConnectAsync(server.EndPoint, receiveBufferBytes: 4096);
        await slow.SendAsync(Handshake("Slow"));
        await ann.HearAsync("joined Slow: ");

        // Each speaker says as much as one may say at once, and goes; Ann hears it all. What the systems' buffers hold between the server and Slow comes on top.
        var text = new string('x', 4000);
        var isCutOff = false;
        for (var i = 0; i < 100 && !isCutOff; i++)
        {
            using var speaker = await ChatClient.JoinAsync(server, $"Speaker{i}");
            for (var j = 0; j < 20; j++)
            {
                await speaker.SayAsync(text);
            }

            await speaker.LeaveAsync();
            for (string? heard = null; heard != $"left Speaker{i}: ";)
            {
                heard = await ann.HearAsync();
                isCutOff |= heard == "left Slow: ";
            }
        }

        Assert.True(isCutOff, "Slow is still a member.");
        await ann.LeaveAsync();
        await Sample.StopAsync(server);
    }

    /// <summary>What a client sends to be a member of that name, for one that reads and answers nothing.</summary>
    internal static string Handshake(string name) =>
        $"GET /chat?name={name} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
}
