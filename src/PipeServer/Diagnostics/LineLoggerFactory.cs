using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>Makes loggers that write a line for each event.</summary>
/// <param name="minimum">The lowest level that is logged.</param>
/// <param name="write">Takes a line, from any thread; neither waits nor throws.</param>
/// <param name="format">What a line looks like.</param>
internal sealed class LineLoggerFactory(LogLevel minimum, Action<string> write, ILineFormat format) : ILoggerFactory
{
    private volatile ILineFormat _format = format;
    private volatile LogLevel _minimum = minimum;

    // Long enough for a reader that reads; one that does not is not waited for.
    private static readonly TimeSpan AtExit = TimeSpan.FromSeconds(2);

    private static readonly Lazy<LimitedLines> StandardErrorLines = new(OpenStandardError);

    /// <summary>
    /// The log of a server that was given none: faults only, to standard error, limited in rate. Nothing is opened before the first one.
    /// </summary>
    public static LineLoggerFactory StandardError { get; } = new(
        LogLevel.Error, static line => StandardErrorLines.Value.Write(line), new PlainLineFormat(namesCategories: true));

    /// <summary>The lowest level that is logged.</summary>
    public LogLevel Minimum => _minimum;

    /// <summary>What a line looks like.</summary>
    public ILineFormat Format => _format;

    /// <summary>Takes a line, from any thread; neither waits nor throws.</summary>
    public Action<string> Write => write;

    /// <summary>Changes that for all loggers, those that there are already too. From any thread.</summary>
    public void Change(LogLevel lowest, ILineFormat lines) => (_format, _minimum) = (lines, lowest);

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new LineLogger(categoryName, this);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) =>
        throw new NotSupportedException("This factory writes to one place only: set LoggerFactory to one of your own, to which providers can be added.");

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held; what lies behind the action is its owner's.
    }

    private static LimitedLines OpenStandardError()
    {
        var writer = new LineWriter(new StandardStream(StandardStream.Error), "PipeServer log");
        var limited = new LimitedLines(writer.Write, TimeProvider.System);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            limited.Tell();
            writer.Drain(AtExit, new CancellationToken(canceled: true));
        };
        return limited;
    }
}
