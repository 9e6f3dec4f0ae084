namespace PipeServer.Cli;

/// <summary>What the process ends with.</summary>
internal static class ExitCode
{
    /// <summary>Every request in flight was answered and every worker joined.</summary>
    public const int Drained = 0;

    /// <summary>A health check got the answer that it wants.</summary>
    public const int Healthy = 0;

    /// <summary>A health check got no answer, or another one.</summary>
    public const int Unhealthy = 1;

    /// <summary>The server could not start, or could not go on accepting; the one line on standard error says why.</summary>
    public const int CouldNotStart = 1;

    /// <summary>A second signal cut the drain short.</summary>
    public const int Forced = 2;

    /// <summary>The grace period passed, or a worker was stuck, with work unfinished.</summary>
    public const int TimedOut = 3;

    public static int For(ShutdownOutcome outcome) => outcome switch
    {
        ShutdownOutcome.Drained => Drained,
        ShutdownOutcome.Forced => Forced,
        _ => TimedOut,
    };
}
