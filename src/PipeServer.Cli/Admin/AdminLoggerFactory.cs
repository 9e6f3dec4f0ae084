using Microsoft.Extensions.Logging;

namespace PipeServer.Cli.Admin;

/// <summary>
/// The log of the admin side: what is wrong there, from warning on, under names of its own. What the public side tells of its start, its drain and
/// its workers is not told a second time.
/// </summary>
/// <param name="inner">Where the lines go.</param>
internal sealed class AdminLoggerFactory(ILoggerFactory inner) : ILoggerFactory
{
    private const string Product = "PipeServer.";

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new AdminLogger(inner.CreateLogger(
        categoryName.StartsWith(Product, StringComparison.Ordinal) ? $"{Product}Admin.{categoryName[Product.Length..]}" : categoryName));

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <inheritdoc/>
    public void Dispose()
    {
        // The inner one is its owner's.
    }

    private sealed class AdminLogger(ILogger inner) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && inner.IsEnabled(logLevel);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
