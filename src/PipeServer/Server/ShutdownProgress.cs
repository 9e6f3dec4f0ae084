namespace PipeServer.Server;

/// <summary>How far a stop has come: see <see cref="ServerShutdown"/>. Immutable.</summary>
internal sealed class ShutdownProgress(string phase, long started, long phaseStarted, TimeSpan limit, ShutdownReport? report = null)
{
    /// <summary>What it is at: <c>delay</c>, <c>drain</c>, <c>abort</c>, <c>workers</c>, <c>transport</c>; at its end <c>stopped</c>.</summary>
    public string Phase => phase;

    /// <summary>When the stop began: a timestamp of the server's clock.</summary>
    public long Started => started;

    /// <summary>When this part of it began.</summary>
    public long PhaseStarted => phaseStarted;

    /// <summary>How long this part may take.</summary>
    public TimeSpan Limit => limit;

    /// <summary>The report, once it has ended.</summary>
    public ShutdownReport? Report => report;

    /// <summary>The phase in which requests in flight are waited for.</summary>
    public const string Drain = "drain";

    /// <summary>All has ended.</summary>
    public const string Stopped = "stopped";
}
