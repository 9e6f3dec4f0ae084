using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace PipeServer.Fuzz;

/// <summary>A log that keeps what a server calls a fault of its own: nothing that clients do should be one.</summary>
internal sealed class FaultLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _faults = [];

    public IReadOnlyCollection<string> Faults => _faults;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            _faults.Enqueue($"{formatter(state, exception)} {exception}");
        }
    }

    public void Dispose()
    {
    }
}
