using Microsoft.AspNetCore.SignalR;

#pragma warning disable CA1822 // SignalR calls methods of an instance only.
namespace Difference.Application;

/// <summary>A hub with calls, answers of its own and streams both ways.</summary>
internal sealed class TalkHub : Hub
{
    public Task<string> Echo(string text) => Task.FromResult(text);

    public Task Say(string text) => Clients.Caller.SendAsync("said", text);

    public int Fail() => throw new HubException("as asked");

    public async IAsyncEnumerable<int> Count(int until)
    {
        for (var number = 0; number < until; number++)
        {
            await Task.Yield();
            yield return number;
        }
    }

    public async Task<int> Sum(IAsyncEnumerable<int> numbers)
    {
        var sum = 0;
        await foreach (var number in numbers)
        {
            sum += number;
        }

        return sum;
    }
}
