using System.Globalization;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>For people: the time in front (UTC, RFC 3339, milliseconds), the level from warning on, the message.</summary>
/// <param name="timeProvider">The clock.</param>
internal sealed class TimedLineFormat(TimeProvider timeProvider) : ILineFormat
{
    /// <summary>The form of RFC 3339 §5.6 for a time in UTC, with milliseconds.</summary>
    public const string Rfc3339 = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private readonly PlainLineFormat _behind = new(namesCategories: false);

    /// <inheritdoc/>
    public string Format(in LogEvent logged) => $"{TimeStamp(timeProvider.GetUtcNow())} {_behind.Format(logged)}";

    /// <summary>A time in that form.</summary>
    public static string TimeStamp(DateTimeOffset time) => time.UtcDateTime.ToString(Rfc3339, CultureInfo.InvariantCulture);
}
