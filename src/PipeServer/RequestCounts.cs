namespace PipeServer;

/// <summary>The ledger of requests. When the server has stopped, <c>Received = Completed + Refused + Aborted</c>.</summary>
/// <param name="Received">Requests of which the whole head arrived, or enough to refuse them.</param>
/// <param name="Completed">Answered, and the answer handed to the system whole.</param>
/// <param name="Refused">Answered by the server instead of a handler: malformed, over a limit, too slow, queue full.</param>
/// <param name="Aborted">Begun, and cut off before the answer was complete.</param>
public readonly record struct RequestCounts(long Received, long Completed, long Refused, long Aborted)
{
    /// <summary>Received and not ended yet.</summary>
    public long InFlight => Received - Completed - Refused - Aborted;
}
