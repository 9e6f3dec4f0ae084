using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace PipeServer.Diagnostics;

/// <summary>A logger that was given to the library, whose faults stay with it: a log that fails must not change what becomes of a request.</summary>
internal sealed class GuardedLogger : ILogger
{
    private readonly ILogger _inner;

    private GuardedLogger(ILogger inner) => _inner = inner;

    /// <summary>Guards a logger, unless it is known not to throw: then it is called without a detour.</summary>
    public static ILogger Around(ILogger logger) => logger is LineLogger or NullLogger or GuardedLogger ? logger : new GuardedLogger(logger);

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return _inner.IsEnabled(logLevel);
        }
#pragma warning disable CA1031 // Foreign code; see the class.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null; // the library opens none

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        try
        {
            _inner.Log(logLevel, eventId, state, exception, formatter);
        }
#pragma warning disable CA1031 // Foreign code; see the class.
        catch (Exception)
#pragma warning restore CA1031
        {
            // A log that fails has no log to tell it.
        }
    }
}
