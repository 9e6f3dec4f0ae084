namespace PipeServer.Server;

/// <summary>How far a stop has come: see <see cref="ServerShutdown"/>. Immutable.</summary>
/// <param name="Phase">What it is at: <c>delay</c>, <c>drain</c>, <c>abort</c>, <c>workers</c>, <c>transport</c>; at its end <c>stopped</c>.</param>
/// <param name="Started">When the stop began: a timestamp of the server's clock.</param>
/// <param name="PhaseStarted">When this part of it began.</param>
/// <param name="Limit">How long this part may take.</param>
/// <param name="Report">The report, once it has ended.</param>
internal sealed record ShutdownProgress(string Phase, long Started, long PhaseStarted, TimeSpan Limit, ShutdownReport? Report = null)
{
    /// <summary>The phase in which requests in flight are waited for.</summary>
    public const string Drain = "drain";

    /// <summary>All has ended.</summary>
    public const string Stopped = "stopped";
}
