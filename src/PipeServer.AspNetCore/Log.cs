using Microsoft.Extensions.Logging;

namespace PipeServer.AspNetCore;

/// <summary>Every line that the adapter logs; the server has its own.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information,
        "PipeServer has stopped: {Outcome} in {Seconds:F1} s; {Completed} requests completed, {Aborted} aborted, {CutOff} of them at the deadline")]
    public static partial void Stopped(ILogger logger, ShutdownOutcome outcome, double seconds, long completed, long aborted, int cutOff);

    [LoggerMessage(2, LogLevel.Warning, "The addresses {Addresses} are not used: PipeServerOptions.Server.Endpoints say where to listen")]
    public static partial void AddressesIgnored(ILogger logger, string addresses);

    [LoggerMessage(3, LogLevel.Error, "A callback of OnCompleted has failed")]
    public static partial void CompletedCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(4, LogLevel.Debug, "The application has refused a request with {StatusCode}")]
    public static partial void RequestRefused(ILogger logger, int statusCode, Exception exception);

    [LoggerMessage(5, LogLevel.Error, "The application has failed behind its response, which was complete")]
    public static partial void FailedBehindResponse(ILogger logger, Exception exception);
}
