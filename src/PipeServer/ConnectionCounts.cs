namespace PipeServer;

/// <summary>The ledger of connections. When the server has stopped, <c>Accepted = Closed + Refused + Aborted</c>.</summary>
/// <param name="Accepted">Taken from the listeners.</param>
/// <param name="Closed">Ended in order, by either side.</param>
/// <param name="Aborted">Cut off, by a reset, a time-out in mid-response or the end of the grace period.</param>
/// <param name="Refused">Answered with 503 before a byte was read, because there were too many.</param>
public readonly record struct ConnectionCounts(long Accepted, long Closed, long Aborted, long Refused = 0);
