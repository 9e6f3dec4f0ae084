using System.Globalization;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>For people: the time in front (UTC, RFC 3339, milliseconds), the level from warning on, the message.</summary>
/// <param name="timeProvider">The clock.</param>
internal sealed class TimedLineFormat(TimeProvider timeProvider) : ILineFormat
{
    private readonly PlainLineFormat _behind = new(namesCategories: false);

    /// <inheritdoc/>
    public string Format(in LogEvent logged) => $"{TimeStamp(timeProvider.GetUtcNow())} {_behind.Format(logged)}";

    /// <summary>RFC 3339 §5.6, in UTC.</summary>
    public static string TimeStamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
