using Microsoft.Extensions.Logging.Abstractions;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

/// <summary>Timers of the event loops: each beat comes once, on a loop, whatever the other loops are doing.</summary>
public sealed class LoopTimerTests : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(10);

    private readonly List<EventLoop> _loops = [];

    public void Dispose() => _loops.ForEach(static loop => loop.Stop());

    [Fact]
    public async Task A_beat_comes_once_on_a_loop_and_none_after_the_end()
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "epoll is needed.");
        var loops = StartLoops(3);
        var (beats, elsewhere) = (0, 0);
        var started = TimeProvider.System.GetTimestamp();
        using var timer = new LoopClock(loops).CreateTimer(
            _ =>
            {
                Interlocked.Increment(ref beats);
                elsewhere += EventLoop.IsCurrentThread ? 0 : 1;
            },
            null, Period, Period);
        Assert.IsType<LoopTimer>(timer);
        await Eventually.TrueAsync(() => Volatile.Read(ref beats) >= 5, "it beats");
        Assert.True(timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        Assert.InRange(beats, 5, (TimeProvider.System.GetElapsedTime(started) / Period) + 1);
        Assert.Equal(0, elsewhere);

        // No time at all is at once, as for any timer; and once is once.
        await Task.Delay(Period * 3);
        var before = Volatile.Read(ref beats);
        Assert.True(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        await Eventually.TrueAsync(() => Volatile.Read(ref beats) > before, "it goes off at once");
        await Task.Delay(Period * 3);
        Assert.Equal(before + 1, Volatile.Read(ref beats));
        timer.Dispose();
        Assert.False(timer.Change(Period, Period));
        Assert.All(loops, static loop => Assert.Equal(0, loop.Registered));
    }

    // A timer of one loop would beat no more while a handler holds that loop, and no client of the others would ever time out.
    [Fact]
    public async Task A_loop_that_is_stuck_keeps_no_beat_from_the_others()
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "epoll is needed.");
        var loops = StartLoops(2);
        foreach (var stuck in loops)
        {
            var release = new ManualResetEventSlim(); // of this loop, which may still be in it at the end
            var isStuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            stuck.Post(new Item(() =>
            {
                isStuck.SetResult();
                release.Wait();
            }));
            await isStuck.Task.WaitAsync(TestClient.Patience);
            var beats = 0;
            using var timer = new LoopClock(loops).CreateTimer(_ => Interlocked.Increment(ref beats), null, Period, Period);
            await Eventually.TrueAsync(() => Volatile.Read(ref beats) >= 3, "it beats on the other loop");
            release.Set();
        }
    }

    [Fact]
    public async Task Without_a_loop_the_runtime_has_the_timer()
    {
        Assert.SkipUnless(EpollTransport.IsSupported, "epoll is needed.");
        var loop = new EventLoop(0, NullLogger.Instance);
        loop.Start();
        loop.Stop();
        await loop.Ended.WaitAsync(TestClient.Patience);
        var beat = new TaskCompletionSource();
        using var timer = new LoopClock([loop]).CreateTimer(_ => beat.SetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        Assert.IsNotType<LoopTimer>(timer);
        await beat.Task.WaitAsync(TestClient.Patience);
    }

    private EventLoop[] StartLoops(int count)
    {
        for (var index = 0; index < count; index++)
        {
            var loop = new EventLoop(index, NullLogger.Instance);
            _loops.Add(loop);
            loop.Start();
        }

        return [.. _loops];
    }

    private sealed class Item(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }
}
