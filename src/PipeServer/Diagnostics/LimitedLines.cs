using System.Globalization;

namespace PipeServer.Diagnostics;

/// <summary>
/// Passes on a few lines a second, so that a fault which every request meets does not bury what else is written there. Those beyond are
/// counted, and told in a line when the second is over.
/// </summary>
/// <param name="write">Takes a line; neither waits nor throws.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class LimitedLines(Action<string> write, TimeProvider timeProvider)
{
    /// <summary>How many lines are passed on in a second: enough to see what happens, few enough to read.</summary>
    public const int LinesPerSecond = 10;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private ITimer? _timer;
    private long _opened;
    private int _passed;
    private long _suppressed;

    /// <summary>Passes a line on, or counts it. May be called from any thread.</summary>
    public void Write(string line)
    {
        lock (_gate)
        {
            var now = timeProvider.GetTimestamp();
            if (_passed == 0 || timeProvider.GetElapsedTime(_opened, now) >= Window)
            {
                TellSuppressed();
                (_opened, _passed) = (now, 0);
            }

            if (_passed < LinesPerSecond)
            {
                _passed++;
                write(line);
                return;
            }

            if (_suppressed++ == 0)
            {
                _timer ??= timeProvider.CreateTimer(static state => ((LimitedLines)state!).Tell(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(Window - timeProvider.GetElapsedTime(_opened, now), Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Tells now how many lines were not passed on, if any.</summary>
    public void Tell()
    {
        lock (_gate)
        {
            TellSuppressed();
        }
    }

    private void TellSuppressed()
    {
        if (_suppressed > 0)
        {
            var lines = _suppressed == 1 ? "line of the log is" : "lines of the log are";
            write(string.Create(CultureInfo.InvariantCulture, $"PipeServer: {_suppressed} more {lines} not shown: at most {LinesPerSecond} a second."));
            _suppressed = 0;
        }
    }
}
