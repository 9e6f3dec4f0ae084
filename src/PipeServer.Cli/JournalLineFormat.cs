using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>
/// For journald, which takes a line's priority from a number in front (sd-daemon(3)) and has a time of its own for it: the levels of syslog,
/// RFC 5424 §6.2.1.
/// </summary>
internal sealed class JournalLineFormat : ILineFormat
{
    /// <inheritdoc/>
    public string Format(in LogEvent logged) => $"<{Priority(logged.Level)}>{PlainLineFormat.WithException(logged)}";

    private static char Priority(LogLevel level) => level switch
    {
        LogLevel.Critical => '2',
        LogLevel.Error => '3',
        LogLevel.Warning => '4',
        LogLevel.Information => '6',
        _ => '7',
    };
}
