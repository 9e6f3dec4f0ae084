using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Tests.Support;

/// <summary>A logger that remembers its lines.</summary>
internal sealed class TestLog : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message, Exception? Exception)> _entries = [];
    private int _refusals;

    public IReadOnlyList<(LogLevel Level, string Message, Exception? Exception)> Entries => [.. _entries];

    public IReadOnlyList<string> Messages => [.. _entries.Select(static entry => entry.Message)];

    /// <summary>How many lines are at least of this level; those that tell of refused clients are not counted, for they are no fault of the server.</summary>
    public int CountFrom(LogLevel level) =>
        _entries.Count(entry => entry.Level >= level) - (level <= LogLevel.Warning ? Volatile.Read(ref _refusals) : 0);

    /// <summary>How many lines begin with a text.</summary>
    public int CountOf(string beginning) => _entries.Count(entry => entry.Message.StartsWith(beginning, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id is EventIds.ClientRefused or EventIds.MoreClientsRefused)
        {
            Interlocked.Increment(ref _refusals);
        }

        _entries.Enqueue((logLevel, formatter(state, exception), exception));
    }

    public void Dispose()
    {
    }
}
