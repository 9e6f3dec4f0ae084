using System.Net;
using Difference.Runner;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;

namespace Difference.Scenarios;

/// <summary>SignalR's own client, over each of its transports.</summary>
public sealed class SignalRTests(TwoServers servers)
{
    [Theory]
    [InlineData(HttpTransportType.WebSockets)]
    [InlineData(HttpTransportType.LongPolling)]
    [InlineData(HttpTransportType.ServerSentEvents)]
    public async Task Calls_messages_and_streams(HttpTransportType transport)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(server => TalkAsync(server.Plain, transport));
        Assert.StartsWith("echo|said hello|", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    private static async Task<string> TalkAsync(IPEndPoint server, HttpTransportType transport)
    {
        using var deadline = new CancellationTokenSource(RawClient.Patience);
        await using var connection = new HubConnectionBuilder().WithUrl($"http://{server}/talk", transport).Build();
        var said = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.On<string>("said", said.SetResult);
        await connection.StartAsync(deadline.Token);
        var transcript = new List<string> { await connection.InvokeAsync<string>("Echo", "echo", deadline.Token) };
        await connection.SendAsync("Say", "hello", deadline.Token);
        transcript.Add($"said {await said.Task.WaitAsync(deadline.Token)}");
        var sum = 0;
        await foreach (var number in connection.StreamAsync<int>("Count", 50, deadline.Token))
        {
            sum += number;
        }

        transcript.Add($"{sum}");
        transcript.Add($"{await connection.InvokeAsync<int>("Sum", NumbersAsync(), deadline.Token)}");
        transcript.Add((await Assert.ThrowsAnyAsync<Exception>(() => connection.InvokeAsync<int>("Fail", deadline.Token))).Message);
        var large = new string('l', 20_000);
        transcript.Add($"{await connection.InvokeAsync<string>("Echo", large, deadline.Token) == large}");
        await connection.StopAsync(deadline.Token);
        return string.Join('|', transcript);
    }

    private static async IAsyncEnumerable<int> NumbersAsync()
    {
        for (var number = 0; number < 20; number++)
        {
            await Task.Yield();
            yield return number;
        }
    }
}
