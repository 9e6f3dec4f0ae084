namespace PipeServer.Server;

/// <summary>How far a stop has come: see <see cref="ServerShutdown"/>. Immutable.</summary>
/// <param name="phase">What it is at: <c>delay</c>, <c>drain</c>, <c>abort</c>, <c>workers</c>, <c>transport</c>; at its end <c>stopped</c>.</param>
/// <param name="started">When the stop began: a timestamp of the server's clock.</param>
/// <param name="phaseStarted">When this part of it began.</param>
/// <param name="limit">How long this part may take.</param>
/// <param name="report">The report, once it has ended.</param>
internal sealed class ShutdownProgress(string phase, long started, long phaseStarted, TimeSpan limit, ShutdownReport? report = null)
{
    public string Phase => phase;

    public long Started => started;

    public long PhaseStarted => phaseStarted;

    public TimeSpan Limit => limit;

    public ShutdownReport? Report => report;

    /// <summary>The phase in which requests in flight are waited for.</summary>
    public const string Drain = "drain";

    /// <summary>All has ended.</summary>
    public const string Stopped = "stopped";
}
