using PipeServer.Server.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>What a window allows, and when its client is told more.</summary>
public sealed class ReceiveWindowTests
{
    [Fact]
    public void Left_unread_and_released_are_the_size()
    {
        var random = new Random(3);
        var window = new ReceiveWindow(1000);
        var unread = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var bytes = random.Next(1, 200);
            Assert.Equal(bytes <= window.Left, window.TryTake(bytes));
            unread = window.Size - window.Left - window.Released;
            Assert.InRange(unread, 0, window.Size);
            var read = random.Next(unread + 1);
            window.Release(read);
            Assert.Equal(window.Released >= 500, window.IsUpdateDue);
            if (window.IsUpdateDue)
            {
                var left = window.Left;
                Assert.Equal(left + window.Released, left + window.TakeUpdate());
                Assert.Equal(0, window.Released);
            }
        }
    }

    [Fact]
    public void A_connection_has_the_standards_window_until_it_is_told_the_rest()
    {
        var window = new ConnectionWindow();
        window.Start(1_000_000);
        Assert.False(window.TryTake(FlowControl.StandardWindow + 1));
        Assert.Equal(1_000_000 - FlowControl.StandardWindow, window.TakeUpdate());
        Assert.Equal((1_000_000, 0), (window.Left, window.TakeUpdate()));
    }

    [Fact]
    public void An_update_of_a_connection_is_due_at_half_the_window_where_all_is_read()
    {
        var window = Started(1000);
        Assert.True(window.TryTake(499));
        Assert.False(window.Release(499));
        Assert.Equal(0, window.TakeUpdate());
        Assert.True(window.TryTake(1));
        Assert.True(window.Release(1));
        Assert.Equal((500, 1000), (window.TakeUpdate(), window.Left));
    }

    // Streams that nobody reads hold nine tenths: the one that is read must not wait until half a window is given back, which never comes.
    [Fact]
    public void What_is_held_by_others_makes_updates_come_sooner()
    {
        var window = Started(1000);
        Assert.True(window.TryTake(900));
        Assert.True(window.TryTake(100));
        Assert.False(window.TryTake(1));
        Assert.True(window.Release(30));
        Assert.Equal(30, window.TakeUpdate());
        for (var i = 0; i < 20; i++)
        {
            Assert.True(window.TryTake(10));
            window.Release(10);
            window.TakeUpdate();
            Assert.InRange(window.Left, 10, 100);
        }
    }

    // Readers on many threads and an owner that waits for signals only: whatever was given back is told in the end.
    [Fact]
    public async Task No_update_is_lost_between_threads()
    {
        const int Readers = 4;
        const int Rounds = 20_000;
        var window = Started(4096);
        var unread = 0;
        using var signal = new SemaphoreSlim(0);
        var isOver = false;
        var readers = Enumerable.Range(0, Readers).Select(_ => OwnThread.Run(() =>
        {
            while (!Volatile.Read(ref isOver))
            {
                if (Interlocked.Decrement(ref unread) < 0)
                {
                    Interlocked.Increment(ref unread);
                    Thread.Yield();
                }
                else if (window.Release(64))
                {
                    signal.Release();
                }
            }
        })).ToArray();

        for (var sent = 0; sent < Rounds;)
        {
            if (window.TryTake(64))
            {
                sent++;
                Interlocked.Increment(ref unread);
                window.TakeUpdate();
            }
            else
            {
                Assert.True(await signal.WaitAsync(TimeSpan.FromSeconds(60)), "nobody has told the owner");
                window.TakeUpdate();
            }
        }

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(readers);
    }

    private static ConnectionWindow Started(int size)
    {
        var window = new ConnectionWindow();
        window.Start(size + FlowControl.StandardWindow);
        Assert.True(window.TryTake(FlowControl.StandardWindow)); // held for ever, so that the numbers are round
        Assert.Equal(size, window.TakeUpdate());
        return window;
    }
}
