namespace ServerSentEventsSample;

/// <summary>What was measured at a moment.</summary>
internal sealed record Reading(DateTimeOffset Time, double CpuPercent, double MemoryMegabytes, long Requests);
