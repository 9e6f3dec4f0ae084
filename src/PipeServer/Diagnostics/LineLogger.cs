using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>
/// One log event, one line: its level in front from warning on, the message as it is, and behind it the exception with its stack.
/// </summary>
/// <param name="prefix">What stands in front of each line.</param>
/// <param name="minimum">The lowest level that is logged.</param>
/// <param name="write">Takes a line, from any thread; neither waits nor throws.</param>
internal sealed class LineLogger(string prefix, LogLevel minimum, Action<string> write) : ILogger
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
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var level = logLevel switch
        {
            LogLevel.Warning => "warning: ",
            LogLevel.Error => "error: ",
            LogLevel.Critical => "critical: ",
            _ => "",
        };
        write($"{prefix}{level}{formatter(state, exception)}{(exception is null ? "" : " " + Describe(exception))}");
    }

    /// <summary>An exception with its stack, even if it cannot say what it is.</summary>
    public static string Describe(Exception exception)
    {
        try
        {
            return exception.ToString();
        }
#pragma warning disable CA1031 // Message and ToString of an exception are foreign code, and a fault in them must not hide the first one.
        catch (Exception other)
#pragma warning restore CA1031
        {
            return $"{exception.GetType()} (its description failed: {other.GetType()})";
        }
    }
}
