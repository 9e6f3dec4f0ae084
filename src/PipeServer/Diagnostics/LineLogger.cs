using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>One log event, one line.</summary>
/// <param name="category">The logger's name.</param>
/// <param name="factory">Says which levels are logged, what a line looks like and where it goes; the first two may change.</param>
internal sealed class LineLogger(string category, LineLoggerFactory factory) : ILogger
{
    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= factory.Minimum && logLevel != LogLevel.None;

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
            factory.Write(factory.Format.Format(new LogEvent(logLevel, eventId, category, formatter(state, exception), values, exception)));
        }
    }
}
