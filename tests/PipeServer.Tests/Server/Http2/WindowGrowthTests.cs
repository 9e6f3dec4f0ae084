using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>Windows over a simulated link: a client that sends as much as it may, a rate, a distance, and a reader.</summary>
public sealed class WindowGrowthTests
{
    private const long Frequency = 1_000_000; // microseconds

    private readonly WindowGrowth _growth = new(Frequency);

    [Theory]
    [InlineData(1_000_000_000, 0.0001, FlowControl.StreamWindow)] // 100 kB on the way
    [InlineData(10_000_000, 0.02, 512 * 1024)] // 200 kB on the way: half a window is less than that
    [InlineData(10_000_000, 0.1, FlowControl.MaxStreamWindow)] // 1 MB
    [InlineData(125_000_000, 0.1, FlowControl.MaxStreamWindow)] // 12.5 MB
    [InlineData(100_000, 0.3, FlowControl.StreamWindow)] // 30 kB
    public void A_window_grows_to_what_the_way_holds(long bytesPerSecond, double roundTrip, int size) =>
        Assert.Equal(size, Simulate(bytesPerSecond, roundTrip, long.MaxValue, seconds: 30).Window.Size);

    // Once it has grown, its client does not wait: the way is used as fully as by an endless window.
    [Fact]
    public void A_grown_window_lets_its_client_never_wait()
    {
        var (_, sentAtFirst) = Simulate(10_000_000, 0.04, long.MaxValue, seconds: 5);
        Assert.InRange(sentAtFirst, 45_000_000, 50_000_000);
    }

    [Fact]
    public void A_slow_reader_makes_no_window_grow() =>
        Assert.Equal(FlowControl.StreamWindow, Simulate(125_000_000, 0.1, readerPerSecond: 500_000, seconds: 30).Window.Size);

    [Fact]
    public void A_few_pings_are_sent_and_only_while_data_comes()
    {
        Assert.False(_growth.ShouldPing(1));
        var window = new ReceiveWindow(FlowControl.StreamWindow);
        var pings = 0;
        for (var second = 1; second < 100; second++)
        {
            Assert.True(window.TryTake(FlowControl.StreamWindow / 2));
            window.Release(FlowControl.StreamWindow / 2);
            window.TakeUpdate(_growth, second * Frequency);
            if (_growth.ShouldPing(second * Frequency))
            {
                pings++;
                Assert.False(_growth.ShouldPing(second * Frequency));
                _growth.OnPong((second * Frequency) + 5000);
            }
        }

        Assert.Equal(WindowGrowth.MaxPings, pings);
        Assert.Equal(TimeSpan.FromMilliseconds(5), _growth.RoundTrip);
        _growth.Start();
        Assert.Equal(TimeSpan.Zero, _growth.RoundTrip);
    }

    [Fact]
    public void A_pong_that_nobody_has_asked_for_says_nothing()
    {
        _growth.OnPong(10);
        Assert.Equal(TimeSpan.Zero, _growth.RoundTrip);
    }

    [Fact]
    public void The_shortest_round_trip_counts()
    {
        foreach (var (start, milliseconds) in new[] { (0, 30), (10, 20), (20, 90) })
        {
            _growth.NewSize(100, 50, 0, start * Frequency, 1000);
            Assert.True(_growth.ShouldPing(start * Frequency));
            _growth.OnPong((start * Frequency) + (milliseconds * Frequency / 1000));
        }

        Assert.Equal(TimeSpan.FromMilliseconds(20), _growth.RoundTrip);
    }

    [Fact]
    public void A_connections_window_grows_where_unread_bodies_hold_most_of_it()
    {
        var window = new ConnectionWindow();
        window.Start(FlowControl.ConnectionWindow);
        Assert.True(window.TakeUpdate(_growth, TimeProvider.System) > 0);
        Assert.True(window.TryTake(FlowControl.ConnectionWindow - 1000));
        window.Release(2000);
        Assert.Equal(FlowControl.ConnectionWindow + 2000, window.TakeUpdate(_growth, TimeProvider.System));
        Assert.Equal(2 * FlowControl.ConnectionWindow, window.Size);
        for (var i = 0; i < 10; i++)
        {
            Assert.True(window.TryTake(window.Left));
            window.Release(1);
            window.TakeUpdate(_growth, TimeProvider.System);
        }

        Assert.Equal(FlowControl.MaxConnectionWindow, window.Size);
    }

    // In steps of a tenth of a millisecond: what is sent arrives half a round trip later, and so do updates and PINGs on their way back.
    private (ReceiveWindow Window, long Sent) Simulate(long bytesPerSecond, double roundTrip, long readerPerSecond, int seconds)
    {
        const long Step = Frequency / 10_000;
        var half = (long)(roundTrip * Frequency / 2);
        var window = new ReceiveWindow(FlowControl.StreamWindow);
        var (allowed, unread, sent) = ((long)FlowControl.StreamWindow, 0L, 0L);
        var data = new Queue<(long At, int Bytes)>();
        var updates = new Queue<(long At, int Bytes)>();
        var pong = long.MaxValue;
        for (var now = Step; now < seconds * Frequency; now += Step)
        {
            while (updates.TryPeek(out var update) && update.At <= now)
            {
                allowed += updates.Dequeue().Bytes;
            }

            var bytes = (int)Math.Min(allowed, bytesPerSecond * Step / Frequency);
            if (bytes > 0)
            {
                allowed -= bytes;
                sent += bytes;
                data.Enqueue((now + half, bytes));
            }

            while (data.TryPeek(out var frame) && frame.At <= now)
            {
                Assert.True(window.TryTake(data.Dequeue().Bytes));
                unread += frame.Bytes;
            }

            var read = (int)(readerPerSecond == long.MaxValue ? unread : Math.Min(unread, readerPerSecond * Step / Frequency));
            unread -= read;
            window.Release(read);
            if (now >= pong)
            {
                _growth.OnPong(now);
                pong = long.MaxValue;
            }

            if (window.IsUpdateDue)
            {
                updates.Enqueue((now + half, window.TakeUpdate(_growth, now)));
                if (_growth.ShouldPing(now))
                {
                    pong = now + (2 * half);
                }
            }
        }

        return (window, sent);
    }
}
