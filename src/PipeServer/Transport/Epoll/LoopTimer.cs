using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// A timer as a descriptor, timerfd_create(2), that every loop watches: an event like any other, which costs a loop nothing between two of
/// them. The system wakes one loop that waits; a loop that is stuck in a handler keeps no beat from the others.
/// </summary>
/// <remarks>
/// Whoever reads the descriptor first has the beat, so the callback is called once. It may be called while an earlier call of it is still at
/// work on another loop. Thread-safe.
/// </remarks>
internal sealed partial class LoopTimer : ITimer, IEventHandler
{
    private const int CLOCK_MONOTONIC = 1;
    private const int TFD_NONBLOCK = 0x800;
    private const int TFD_CLOEXEC = 0x80000;

    private readonly TimerCallback _callback;
    private readonly object? _state;
    private readonly Descriptor _descriptor;
    private readonly List<(EventLoop Loop, ulong Key)> _registrations = [];

    private LoopTimer(Descriptor descriptor, TimerCallback callback, object? state) =>
        (_descriptor, _callback, _state) = (descriptor, callback, state);

    /// <summary>A timer that runs; null when the system has nothing left for it, or no loop runs.</summary>
    public static LoopTimer? TryCreate(EventLoop[] loops, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var descriptor = new Descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
        if (descriptor.IsInvalid)
        {
            descriptor.Dispose();
            return null;
        }

        var timer = new LoopTimer(descriptor, callback, state);
        foreach (var loop in loops)
        {
            try
            {
                timer._registrations.Add((loop, loop.Add(timer, descriptor, EventCalls.EPOLLIN | EventCalls.EPOLLEXCLUSIVE)));
            }
            catch (SocketException)
            {
                // This loop has ended, or the user may not watch any more. The others will do.
            }
        }

        if (timer._registrations.Count > 0 && timer.Change(dueTime, period))
        {
            return timer;
        }

        timer.Dispose();
        return null;
    }

    /// <inheritdoc/>
    // SAFETY: struct itimerspec, the period and then the first time, each in seconds and nanoseconds, lives on this stack frame for the whole call.
    public unsafe bool Change(TimeSpan dueTime, TimeSpan period)
    {
        // No time at all would stop the timer.
        var first = dueTime < TimeSpan.Zero ? 0 : Math.Max(1, dueTime.Ticks * TimeSpan.NanosecondsPerTick);
        var next = period <= TimeSpan.Zero ? 0 : period.Ticks * TimeSpan.NanosecondsPerTick;
        const long Second = 1_000_000_000;
        var times = stackalloc long[] { next / Second, next % Second, first / Second, first % Second };
        try
        {
            return timerfd_settime(_descriptor, 0, times, null) == 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (loop, key) in _registrations)
        {
            loop.Remove(key);
        }

        _descriptor.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void OnEvents(uint events)
    {
        if (TryTakeBeat())
        {
            _callback(_state);
        }
    }

    /// <inheritdoc/>
    public void OnDue()
    {
        // It is not one of EventLoop.CallLater.
    }

    /// <inheritdoc/>
    public void OnHangUp(uint events)
    {
        // A timer has no other side.
    }

    /// <inheritdoc/>
    public void OnLost()
    {
        // The other loops go on.
    }

    // SAFETY: a timer gives eight bytes, how often it has gone off since, into this stack frame.
    private unsafe bool TryTakeBeat()
    {
        ulong count;
        try
        {
            return read(_descriptor, &count, sizeof(ulong)) == sizeof(ulong);
        }
        catch (ObjectDisposedException)
        {
            return false; // a moment ago
        }
    }

    [LibraryImport("libc")]
    private static partial int timerfd_create(int clock, int flags);

    [LibraryImport("libc")]
    // SAFETY: see Change.
    private static unsafe partial int timerfd_settime(Descriptor descriptor, int flags, long* times, void* old);

    [LibraryImport("libc")]
    // SAFETY: see TryTakeBeat.
    private static unsafe partial nint read(Descriptor descriptor, void* buffer, nuint length);
}
