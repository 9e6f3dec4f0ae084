using PipeServer.Cli;

namespace PipeServer.Tests.Cli;

/// <summary>Timers that run on the thread that waits for the program's end.</summary>
public sealed class MainThreadClockTests
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(5);

    [Fact]
    public void Timers_run_on_the_thread_that_waits_until_the_task_has_completed()
    {
        var clock = new MainThreadClock();
        var threads = new List<int>();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var once = 0;
        var never = 0;
        var stopped = 0;
        ITimer? toStop = null;
        using var atOnce = clock.CreateTimer(_ => once++, null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        using var unset = clock.CreateTimer(_ => never++, null, Timeout.InfiniteTimeSpan, Period);
        toStop = clock.CreateTimer(
            _ =>
            {
                stopped++;
                toStop!.Dispose();
            },
            null, TimeSpan.Zero, Period);
        using var periodic = clock.CreateTimer(
            _ =>
            {
                threads.Add(Environment.CurrentManagedThreadId);
                if (threads.Count == 5)
                {
                    end.SetResult();
                }
            },
            null, Period, Period);
        clock.RunUntil(end.Task);
        Assert.Equal(Enumerable.Repeat(Environment.CurrentManagedThreadId, 5), threads);
        Assert.Equal((1, 0, 1), (once, never, stopped));
        Assert.False(toStop.Change(Period, Period));
    }

    [Fact]
    public async Task A_timer_that_another_thread_makes_or_changes_is_seen_by_the_one_that_waits()
    {
        var clock = new MainThreadClock();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var waiting = new Thread(() => clock.RunUntil(end.Task)) { IsBackground = true };
        waiting.Start();
        var name = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = clock.CreateTimer(_ => name.TrySetResult(Environment.CurrentManagedThreadId), null, TimeSpan.FromHours(1), Period);
        Assert.True(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        Assert.Equal(waiting.ManagedThreadId, await name.Task.WaitAsync(TestClient.Patience));
        end.SetResult();
        Assert.True(waiting.Join(TestClient.Patience));
        clock.RunUntil(end.Task); // at once
    }
}
