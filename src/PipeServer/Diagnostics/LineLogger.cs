using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>One log event, one line.</summary>
/// <param name="category">The logger's name.</param>
/// <param name="minimum">The lowest level that is logged.</param>
/// <param name="write">Takes a line, from any thread; neither waits nor throws.</param>
/// <param name="format">What the line looks like.</param>
internal sealed class LineLogger(string category, LogLevel minimum, Action<string> write, ILineFormat format) : ILogger
{
    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= minimum && logLevel != LogLevel.None;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        if (IsEnabled(logLevel))
        {
            var values = state as IReadOnlyList<KeyValuePair<string, object?>>;
            write(format.Format(new LogEvent(logLevel, eventId, category, formatter(state, exception), values, exception)));
        }
    }
}
