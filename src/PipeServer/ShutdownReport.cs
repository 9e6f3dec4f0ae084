using PipeServer.Workers;

namespace PipeServer;

/// <summary>What <see cref="HttpServer.StopAsync"/> did, with the ledger of the server's whole life.</summary>
/// <param name="Outcome">How the stop ended.</param>
/// <param name="Elapsed">From the call to the last worker joined.</param>
/// <param name="Connections">The ledger of connections.</param>
/// <param name="Requests">The ledger of requests.</param>
/// <param name="Workers">How each worker ended.</param>
/// <param name="Phases">How long each phase took, in their order.</param>
/// <param name="CutOff">
/// What was aborted at the deadline, a line each: the request, how long it had been running, and its worker, as in
/// <c>GET /sleep, 12.3 s, worker-3</c>.
/// </param>
public sealed record ShutdownReport(
    ShutdownOutcome Outcome,
    TimeSpan Elapsed,
    ConnectionCounts Connections,
    RequestCounts Requests,
    IReadOnlyList<WorkerStopResult> Workers,
    IReadOnlyList<ShutdownPhase> Phases,
    IReadOnlyList<string> CutOff);
