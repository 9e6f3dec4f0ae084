namespace PipeServer.AspNetCore;

/// <summary>
/// The server that the host runs, by dependency injection: to look at its ledgers, to reload its limits, to read its report. A singleton. Thread-safe.
/// </summary>
public sealed class PipeServerInstance
{
    private volatile HttpServer? _server;
    private volatile ShutdownReport? _report;

    /// <summary>The server once it listens, and from then on; null before.</summary>
    /// <remarks>Its life is the host's: do not start, stop or dispose of it.</remarks>
    public HttpServer? Server { get => _server; internal set => _server = value; }

    /// <summary>What the stop did, once it has ended; null before.</summary>
    public ShutdownReport? ShutdownReport { get => _report; internal set => _report = value; }
}
