namespace PipeServer;

/// <summary>How a stop ended.</summary>
public enum ShutdownOutcome
{
    /// <summary>Every request in flight was answered and every worker joined.</summary>
    Drained,

    /// <summary>The caller cut the drain short.</summary>
    Forced,

    /// <summary>The grace period ended, or a worker was stuck, with work unfinished.</summary>
    TimedOut,
}
