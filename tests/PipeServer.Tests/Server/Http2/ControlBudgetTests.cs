using PipeServer.Fuzz.Http2;
using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>What clients may do that answers no request, and that those who take part in exchanges may do it for ever.</summary>
public sealed class ControlBudgetTests
{
    [Fact]
    public void What_is_taken_comes_back_with_time()
    {
        var budget = default(ControlBudget);
        budget.Start(now: 0);
        Assert.True(budget.TryTake(ControlBudget.Capacity, now: 0));
        Assert.False(budget.TryTake(1, now: 0));
        Assert.True(budget.TryTake(ControlBudget.PerSecond - 1, now: 1000));
        Assert.False(budget.TryTake(1, now: 1000));
        Assert.True(budget.TryTake(ControlBudget.Capacity, now: 1_000_000));
        Assert.False(budget.TryTake(1, now: 1_000_000));
    }

    // What a connection had done was taken of its address's budget, and what its answers gave back was not: clients that were sent much, and so updated
    // their windows often, and all that share an address with others, were ended for it.
    [Fact]
    public void An_address_is_not_asked_for_what_answers_have_given_back()
    {
        var budget = default(ControlBudget);
        budget.Start(now: 0);
        for (var round = 0; round < 100_000; round++)
        {
            Assert.True(budget.TryTake(ControlBudget.Small, now: 0));
            Assert.True(budget.TryTake(ControlBudget.Small, now: 0));
            Assert.Equal(0, budget.TakeUnsettled());
            budget.Give(16); // a frame of DATA
        }

        // Nor may it be saved up: what comes then is told nearly from its beginning.
        var told = 0;
        for (var round = 0; round < 10; round++)
        {
            Assert.True(budget.TryTake(ControlBudget.AddressShare, now: 0));
            told += budget.TakeUnsettled();
        }

        Assert.Equal(9 * ControlBudget.AddressShare, told);
    }

    // gRPC's clients send a PING and updates of two windows for each message that they get. Small ones gave nothing back: a call of some hundred messages a
    // second was ended with ENHANCE_YOUR_CALM within seconds.
    [Theory]
    [InlineData("memory")]
    [InlineData("epoll")]
    public async Task A_client_that_pings_for_each_message_of_a_call_goes_on_for_ever(string transport)
    {
        await using var host = await Http2Host.StartAsync(transport, static server => server.MapPost("/talk", static async (request, response) =>
        {
            while (await request.Body.ReadAsync() is var read && !(read.IsCompleted && read.Buffer.IsEmpty))
            {
                request.Body.AdvanceTo(read.Buffer.End);
                response.Body.GetSpan(1)[0] = (byte)'m';
                response.Body.Advance(1);
                await response.Body.FlushAsync();
            }
        }));
        await using var client = await host.ConnectAsync();
        client.OpensWindows = false;
        var call = await client.OpenAsync("POST", "/talk");
        for (var message = 1; message <= 1500; message++) // of 6 each: more than four times what there is
        {
            await client.SendDataAsync(call, "m"u8.ToArray(), end: false);
            await client.UntilAsync(() => client.Responses[call].BodyLength == message, "the answer to a message");
            await client.SendAsync(Http2Frame.WindowUpdate(0, 1), Http2Frame.WindowUpdate(call, 1));
            await client.PingAsync();
        }

        await client.SendDataAsync(call, default);
        Assert.Equal(200, (await client.ResponseAsync(call)).Status);
    }
}
