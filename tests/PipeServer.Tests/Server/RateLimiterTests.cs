using System.Collections.Concurrent;
using System.Net;
using PipeServer.Server;

namespace PipeServer.Tests.Server;

/// <summary>The token buckets: exact by a clock of the test's own, bounded whatever comes, and right among threads.</summary>
public sealed class RateLimiterTests
{
    private readonly ManualTimeProvider _time = new();

    [Theory]
    [InlineData("10/s", 10, 100)]
    [InlineData("10/s:1", 1, 100)]
    [InlineData("10/s:25", 25, 100)]
    [InlineData("3/s", 3, 334)]
    [InlineData("0.5/s", 1, 2000)]
    [InlineData("60/m", 60, 1000)]
    [InlineData("1/m:5", 5, 60_000)]
    public void A_burst_then_the_rate(string rate, int burst, int perTokenMilliseconds)
    {
        var limiter = new RateLimiter(RateLimit.Parse(rate), _time);
        Assert.Equal(burst, TakeAll(limiter, "192.0.2.1"));
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(perTokenMilliseconds));
            Assert.Equal(1, TakeAll(limiter, "192.0.2.1"));
        }

        // It fills up to the burst and no further.
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(burst, TakeAll(limiter, "192.0.2.1"));
    }

    // A rate that no tick of the clock is a whole part of: nothing is lost or won by rounding in the long run.
    [Theory]
    [InlineData("7/s:1", 7 * 3600)]
    [InlineData("999999/s:1000000", 999_999)]
    [InlineData("0.7/m:1", 42)]
    public void A_rate_is_kept_exactly(string rate, int expected)
    {
        var limiter = new RateLimiter(RateLimit.Parse(rate), _time);
        TakeAll(limiter, "192.0.2.1");
        var admitted = 0;
        var (span, step) = rate.StartsWith('9') ? (TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(1)) : (TimeSpan.FromHours(1), TimeSpan.FromMilliseconds(7.5));
        for (var gone = TimeSpan.Zero; gone < span; gone += step)
        {
            _time.Advance(step);
            admitted += TakeAll(limiter, "192.0.2.1");
        }

        // With a burst of one, what has come while nobody looked is lost: at most a step for each token.
        Assert.InRange(admitted, expected * 94 / 100, expected);
    }

    [Fact]
    public void What_is_refused_takes_nothing()
    {
        var limiter = new RateLimiter(RateLimit.Parse("1/s:2"), _time);
        TakeAll(limiter, "192.0.2.1");
        for (var i = 0; i < 1000; i++)
        {
            Assert.False(limiter.TryTake(IPAddress.Parse("192.0.2.1"), out var seconds));
            Assert.Equal(1, seconds);
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, TakeAll(limiter, "192.0.2.1"));
    }

    // Whoever floods with new addresses fills the table, and does not make it larger; those who are over their limit stay in it.
    [Fact]
    public void A_flood_of_addresses_stays_within_the_table_and_frees_nobody()
    {
        var limiter = new RateLimiter(RateLimit.Parse("1/m:10"), _time);
        Assert.Equal(10, TakeAll(limiter, "203.0.113.1"));
        for (var i = 0u; i < 4 * RateLimiter.MaxClients; i++)
        {
            Assert.True(limiter.TryTake(Address(i), out _)); // newcomers are let in
            if (i % 10_000 == 0)
            {
                Assert.InRange(limiter.Count, 1, RateLimiter.MaxClients);
                Assert.Equal(0, TakeAll(limiter, "203.0.113.1"));
            }
        }

        Assert.InRange(limiter.Count, RateLimiter.MaxClients * 9 / 10, RateLimiter.MaxClients);
        Assert.Equal(0, TakeAll(limiter, "203.0.113.1"));
    }

    // Full buckets go first: addresses that are limited outlive any number of others that are quiet again, though they came one behind the other.
    [Fact]
    public void A_bucket_that_is_full_again_goes_first()
    {
        const int Seconds = 6, NewAddressesPerSecond = 20_000;
        var limiter = new RateLimiter(RateLimit.Parse("1/s:20"), _time);
        for (var i = 0u; i < 2 * RateLimiter.MaxClients; i++)
        {
            limiter.TryTake(Address(i), out _);
        }

        _time.Advance(TimeSpan.FromSeconds(1)); // all are full again
        var limited = Enumerable.Range(0, 1000).Select(static i => $"{Address(0x8000_0000u + (uint)i)}").ToList();
        Assert.All(limited, address => Assert.Equal(20, TakeAll(limiter, address)));
        for (var i = 0u; i < Seconds * NewAddressesPerSecond; i++)
        {
            limiter.TryTake(Address(0x4000_0000u + i), out _);
            if (i % NewAddressesPerSecond == 0)
            {
                _time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.All(limited, address => Assert.Equal(Seconds, TakeAll(limiter, address)));
    }

    // As many addresses as half the table has room for: each is held to its own.
    [Fact]
    public void Addresses_do_not_disturb_each_other()
    {
        var limiter = new RateLimiter(RateLimit.Parse("1/m:2"), _time);
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0u; i < RateLimiter.MaxClients / 2; i++)
            {
                Assert.Equal(round < 2, limiter.TryTake(i % 2 == 0 ? Address(i) : Network(i), out _));
            }
        }
    }

    [Fact]
    public void Addresses_of_one_network_share_and_those_of_two_do_not()
    {
        var limiter = new RateLimiter(RateLimit.Parse("1/m:3"), _time);
        Assert.True(limiter.TryTake(IPAddress.Parse("2001:db8:1:1::1"), out _));
        Assert.True(limiter.TryTake(IPAddress.Parse("2001:db8:1:1:ffff:ffff:ffff:ffff"), out _));
        Assert.True(limiter.TryTake(IPAddress.Parse("2001:db8:1:1::%7"), out _));
        Assert.False(limiter.TryTake(IPAddress.Parse("2001:db8:1:1:8000::"), out _));
        Assert.True(limiter.TryTake(IPAddress.Parse("2001:db8:1:2::1"), out _));
        Assert.True(limiter.TryTake(IPAddress.Parse("2001:db8:1::1"), out _));
    }

    // Many threads, many addresses, a clock that goes meanwhile: of each address no more than its burst and what the time has brought, and, as all
    // ask again and again, no less.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Among_threads_each_address_gets_its_burst_and_the_rate()
    {
        const int Threads = 8, Addresses = 200, Burst = 5, PerSecond = 2, Seconds = 30;
        for (var round = 0; round < Stress.Rounds(2); round++)
        {
            var time = new ManualTimeProvider();
            var limiter = new RateLimiter(RateLimit.PerSecond(PerSecond, Burst), time);
            var admitted = new ConcurrentDictionary<int, int>();
            using var start = new Barrier(Threads + 1);
            var isOver = false;
            var threads = Enumerable.Range(0, Threads).Select(number => OwnThread.Run(() =>
            {
                var random = new Random(number);
                start.SignalAndWait();
                for (var last = false; !last;)
                {
                    last = Volatile.Read(ref isOver); // one time more, when the clock stands still
                    for (var i = 0; i < Addresses; i++)
                    {
                        var which = last ? i : random.Next(Addresses);
                        while (limiter.TryTake(which % 2 == 0 ? Address((uint)which) : Network((uint)which), out _))
                        {
                            admitted.AddOrUpdate(which, 1, static (_, count) => count + 1);
                        }
                    }
                }
            })).ToList();
            start.SignalAndWait();
            for (var i = 0; i < Seconds * 4; i++)
            {
                time.Advance(TimeSpan.FromMilliseconds(250));
                await Task.Yield();
            }

            Volatile.Write(ref isOver, true);
            await Task.WhenAll(threads).WaitAsync(TestClient.Patience);
            Assert.Equal(Addresses, admitted.Count);

            // At least the burst; more where a thread has looked before the bucket was full.
            Assert.All(admitted.Values, static count => Assert.InRange(count, Burst, Burst + (PerSecond * Seconds)));
        }
    }

    // The table among threads: more addresses than it has room for, of which each asks once.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Among_threads_the_table_stays_whole()
    {
        const int Threads = 4;
        var limiter = new RateLimiter(RateLimit.Parse("1/m:1"), TimeProvider.System);
        var threads = Enumerable.Range(0, Threads).Select(number => Task.Run(() =>
        {
            for (var i = 0u; i < RateLimiter.MaxClients; i++)
            {
                limiter.TryTake(Address((uint)(number << 24) + i), out _);
            }
        })).ToList();
        await Task.WhenAll(threads).WaitAsync(TestClient.Patience);
        Assert.InRange(limiter.Count, RateLimiter.MaxClients * 9 / 10, RateLimiter.MaxClients);
        Assert.True(limiter.TryTake(IPAddress.Parse("203.0.113.1"), out _));
        Assert.False(limiter.TryTake(IPAddress.Parse("203.0.113.1"), out _));
    }

    private static IPAddress Address(uint number) => new([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]);

    private static IPAddress Network(uint number) => IPAddress.Parse($"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1");

    private static int TakeAll(RateLimiter limiter, string address)
    {
        var parsed = IPAddress.Parse(address);
        var taken = 0;
        while (limiter.TryTake(parsed, out _))
        {
            taken++;
        }

        return taken;
    }
}
