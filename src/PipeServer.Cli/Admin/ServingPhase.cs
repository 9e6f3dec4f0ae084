namespace PipeServer.Cli.Admin;

/// <summary>How far the public side is, in the order in which it gets there.</summary>
internal enum ServingPhase
{
    /// <summary>It does not listen yet.</summary>
    Starting,

    /// <summary>It serves.</summary>
    Serving,

    /// <summary>A stop has begun, or was asked for.</summary>
    Draining,
}
