using Microsoft.Extensions.Logging;

namespace PipeServer.Hosting;

/// <summary>What is said of the server as a part of its host; the rest the server says itself.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "PipeServer listens on {Addresses}")]
    public static partial void Listening(ILogger logger, string addresses);

    [LoggerMessage(2, LogLevel.Error, "PipeServer could not accept any more: the host stops")]
    public static partial void Failed(ILogger logger);

    [LoggerMessage(3, LogLevel.Information, "PipeServer has accepted as many connections as it may: the host stops")]
    public static partial void LimitReached(ILogger logger);

    /// <summary>The report; at a level that says whether everybody had their answers.</summary>
    [LoggerMessage(
        EventId = 4,
        Message = "PipeServer stopped: {Outcome} after {Seconds:0.000} s; {Connections} connections accepted, {Requests} requests completed, {CutOff} cut off")]
    public static partial void Stopped(ILogger logger, LogLevel level, ShutdownOutcome outcome, double seconds, long connections, long requests, int cutOff);

    [LoggerMessage(5, LogLevel.Information, "PipeServer has its options anew")]
    public static partial void Reloaded(ILogger logger);

    [LoggerMessage(6, LogLevel.Warning, "PipeServer has its options anew, but for those that cannot change before it is started again: {Options}")]
    public static partial void ReloadedInPart(ILogger logger, string options);

    [LoggerMessage(7, LogLevel.Warning, "PipeServer keeps the options that it has, because it cannot take the new ones: {Problem}")]
    public static partial void NotReloaded(ILogger logger, string problem);
}
