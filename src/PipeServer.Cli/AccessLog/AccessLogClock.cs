using System.Globalization;
using System.Text;

namespace PipeServer.Cli.AccessLog;

/// <summary>The time as logs write it, made once for each second or millisecond. For one thread: each has its own.</summary>
internal sealed class AccessLogClock(TimeProvider timeProvider)
{
    private readonly byte[] _common = Encoding.ASCII.GetBytes("[01/Jan/1970:00:00:00 +0000]");
    private readonly byte[] _rfc3339 = Encoding.ASCII.GetBytes("1970-01-01T00:00:00.000Z");
    private long _commonSecond = -1;
    private long _rfc3339Millisecond = -1;

    /// <summary>As the Common Log Format has it, in UTC: <c>[26/Nov/2026:09:36:56 +0000]</c>. Valid until the next call.</summary>
    public ReadOnlySpan<byte> CommonLog()
    {
        var now = timeProvider.GetUtcNow();
        if (now.ToUnixTimeSeconds() is var second && second != _commonSecond)
        {
            _commonSecond = second;
            now.UtcDateTime.TryFormat(_common, out _, "'['dd'/'MMM'/'yyyy':'HH':'mm':'ss' +0000]'", CultureInfo.InvariantCulture);
        }

        return _common;
    }

    /// <summary>As RFC 3339 has it, in UTC, with milliseconds. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Rfc3339()
    {
        var now = timeProvider.GetUtcNow();
        if (now.ToUnixTimeMilliseconds() is var millisecond && millisecond != _rfc3339Millisecond)
        {
            _rfc3339Millisecond = millisecond;
            now.UtcDateTime.TryFormat(_rfc3339, out _, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        }

        return _rfc3339;
    }
}
