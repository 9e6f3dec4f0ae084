using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>One event of a log, before it has a form.</summary>
/// <param name="Level">How bad it is.</param>
/// <param name="Id">Its number and name; zero and null for what the program itself says.</param>
/// <param name="Category">The name of the logger.</param>
/// <param name="Message">The text, its values in place.</param>
/// <param name="Values">The values by their names, or null.</param>
/// <param name="Exception">What was thrown, or null.</param>
internal readonly record struct LogEvent(
    LogLevel Level, EventId Id, string Category, string Message, IReadOnlyList<KeyValuePair<string, object?>>? Values, Exception? Exception)
{
    /// <summary>An event that is nothing but a text.</summary>
    public LogEvent(LogLevel level, string category, string message)
        : this(level, default, category, message, Values: null, Exception: null)
    {
    }
}
