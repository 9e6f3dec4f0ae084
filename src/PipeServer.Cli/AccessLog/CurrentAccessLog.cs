using Microsoft.Extensions.Logging;

namespace PipeServer.Cli.AccessLog;

/// <summary>
/// The access log of a server, whose lines can change their form and go elsewhere while requests end. No line is lost by that, and each is of one
/// form. Members may be used from any thread.
/// </summary>
internal sealed class CurrentAccessLog
{
    private readonly AccessLogWriter _writer;
    private volatile AccessLogLines? _lines; // null: turned off
    private ServeSettings _settings;

    private CurrentAccessLog(AccessLogWriter writer, ServeSettings settings)
    {
        (_writer, _settings) = (writer, settings);
        _lines = Lines(settings);
    }

    /// <summary>How many lines have been lost so far. It never goes back: a line that still waits may yet be written.</summary>
    public long LinesDropped => _writer.LinesLost;

    /// <summary>The same with the lines that still wait, for the end of the process.</summary>
    public long LinesLost => _writer.LinesLost + _writer.LinesPending;

    /// <summary>Opens the log, if there is to be one.</summary>
    /// <param name="settings">Where it is, and what its lines look like: checked.</param>
    /// <param name="logger">Is told what goes wrong later.</param>
    /// <param name="log">The log; null where none is wanted, or there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? TryOpen(ServeSettings settings, ILogger logger, out CurrentAccessLog? log)
    {
        log = null;
        if (settings.AccessLogPath is not { } path)
        {
            return null;
        }

        if (AccessLogTarget.TryOpen(path, out var target) is { } problem)
        {
            return $"--access-log {path}: {problem}";
        }

        log = new CurrentAccessLog(new AccessLogWriter(target!, logger), settings);
        return null;
    }

    /// <summary>For <see cref="HttpServerOptions.OnCompleted"/>.</summary>
    public void Write(in RequestCompletion completion) => _lines?.Write(in completion);

    /// <inheritdoc cref="AccessLogWriter.Reopen"/>
    public void Reopen() => _writer.Reopen();

    /// <summary>The first half of a change: opens what other settings want, and changes nothing.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="target">For <see cref="Change"/>; null where the lines go where they went.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public string? TryPrepare(ServeSettings settings, out AccessLogTarget? target)
    {
        target = null;
        if (settings.AccessLogPath == _settings.AccessLogPath)
        {
            return null;
        }

        if (settings.AccessLogPath is not { } path)
        {
            target = AccessLogTarget.Nothing();
            return null;
        }

        return AccessLogTarget.TryOpen(path, out target) is { } problem ? $"--access-log {path}: {problem}" : null;
    }

    /// <summary>The second half. One call at a time.</summary>
    public void Change(ServeSettings settings, AccessLogTarget? target)
    {
        var isAlike = settings.AccessLogFormat == _settings.AccessLogFormat
            && settings.AccessLogSkip.SequenceEqual(_settings.AccessLogSkip, StringComparer.Ordinal);
        _settings = settings;
        if (target is not null)
        {
            _writer.SwitchTo(target);
        }

        if (target is not null || !isAlike)
        {
            _lines = settings.AccessLogPath is null ? null : Lines(settings);
        }
    }

    /// <inheritdoc cref="AccessLogWriter.Close"/>
    public void Close(TimeSpan most) => _writer.Close(most);

    private AccessLogLines Lines(ServeSettings settings)
    {
        _ = AccessLogFormat.TryParse(settings.AccessLogFormat, out var format); // the option has been checked
        return new AccessLogLines(
            _writer, format!, [.. settings.AccessLogSkip.Select(static pattern => new PathPattern(pattern))], TimeProvider.System);
    }
}
