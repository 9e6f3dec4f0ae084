using System.Net;
using PipeServer.Server;

namespace PipeServer.Tests.Server;

/// <summary>What each client address may have HTTP/2 connections do beside answering requests.</summary>
public sealed class ClientBudgetsTests
{
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.1");

    private readonly ClientBudgets _budgets = new();

    [Fact]
    public void A_burst_then_the_rate()
    {
        Assert.True(_budgets.TryTake(Client, ClientBudgets.Burst, now: 1000));
        Assert.False(_budgets.TryTake(Client, 1, now: 1000));
        Assert.True(_budgets.TryTake(Client, ClientBudgets.PerSecond / 10, now: 1100));
        Assert.False(_budgets.TryTake(Client, 1, now: 1100));

        // It fills up to the burst and no further.
        Assert.False(_budgets.TryTake(Client, ClientBudgets.Burst + 1, now: 1_000_000));
        Assert.True(_budgets.TryTake(Client, ClientBudgets.Burst, now: 1_000_000));
    }

    [Fact]
    public void What_is_refused_takes_nothing()
    {
        Assert.True(_budgets.TryTake(Client, ClientBudgets.Burst - 1, now: 0));
        Assert.False(_budgets.TryTake(Client, 2, now: 0));
        Assert.True(_budgets.TryTake(Client, 1, now: 0));
    }

    [Fact]
    public void Each_address_has_its_own_and_a_network_of_IPv6_one()
    {
        Assert.True(_budgets.TryTake(Client, ClientBudgets.Burst, now: 0));
        Assert.False(_budgets.TryTake(Client.MapToIPv6(), 1, now: 0));
        Assert.True(_budgets.TryTake(IPAddress.Parse("192.0.2.2"), ClientBudgets.Burst, now: 0));
        Assert.True(_budgets.TryTake(IPAddress.Parse("2001:db8::1"), ClientBudgets.Burst, now: 0));
        Assert.False(_budgets.TryTake(IPAddress.Parse("2001:db8::2"), 1, now: 0));
        Assert.True(_budgets.TryTake(IPAddress.Parse("2001:db8:0:1::1"), 1, now: 0));
    }

    // A client of a hundred thousand addresses gets no more memory than anybody else.
    [Fact]
    public void Addresses_are_remembered_up_to_a_bound()
    {
        for (var i = 0; i < 100_000; i++)
        {
            _budgets.TryTake(new IPAddress(i), 1, now: i);
        }

        Assert.InRange(_budgets.Count, ClientBudgets.MaxClients / 2, ClientBudgets.MaxClients);
    }

    [Fact]
    public void To_take_allocates_nothing()
    {
        _budgets.TryTake(Client, 1, now: 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _budgets.TryTake(Client, 1, now: 0);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
