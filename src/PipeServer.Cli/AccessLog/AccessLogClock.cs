using System.Globalization;

namespace PipeServer.Cli.AccessLog;

/// <summary>The time as logs write it, made once for each second or millisecond. For one thread: each has its own.</summary>
internal sealed class AccessLogClock(TimeProvider timeProvider)
{
    private readonly bool _isSystem = timeProvider == TimeProvider.System;
    private readonly Stamp _common = new("'['dd'/'MMM'/'yyyy':'HH':'mm':'ss' +0000]'", TimeSpan.TicksPerSecond);
    private readonly Stamp _rfc3339 = new(TimedLineFormat.Rfc3339, TimeSpan.TicksPerMillisecond);
    private long _lookedAt = -1;

    /// <summary>As the Common Log Format has it, in UTC: <c>[26/Nov/2026:09:36:56 +0000]</c>. Valid until the next call.</summary>
    /// <remarks>At most a few milliseconds late, by the system's coarse clock: the exact one costs as much as half of a line.</remarks>
    public ReadOnlySpan<byte> CommonLog()
    {
        var tick = Environment.TickCount64;
        if (_isSystem && tick == _lookedAt)
        {
            return _common.Last;
        }

        _lookedAt = tick;
        return _common.At(timeProvider.GetUtcNow());
    }

    /// <summary>As RFC 3339 has it, in UTC, with milliseconds. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Rfc3339() => _rfc3339.At(timeProvider.GetUtcNow());

    private sealed class Stamp(string format, long unitTicks)
    {
        private readonly byte[] _text = new byte[32]; // more than either form needs
        private int _length;
        private long _unit = -1;

        public ReadOnlySpan<byte> Last => _text.AsSpan(0, _length);

        public ReadOnlySpan<byte> At(DateTimeOffset now)
        {
            var unit = now.UtcTicks / unitTicks;
            if (unit != _unit)
            {
                _unit = unit;
                now.UtcDateTime.TryFormat(_text, out _length, format, CultureInfo.InvariantCulture);
            }

            return Last;
        }
    }
}
