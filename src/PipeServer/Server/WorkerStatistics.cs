namespace PipeServer.Server;

/// <summary>What the workers have done and are doing.</summary>
/// <param name="Total">How many there are once jobs have needed them all.</param>
/// <param name="Busy">How many are running a job.</param>
/// <param name="Executed">How many jobs have run to their end, those that threw included.</param>
/// <param name="Faulted">How many jobs have thrown. A handler's fault is contained in its request, and is none.</param>
internal readonly record struct WorkerStatistics(int Total, int Busy, long Executed, long Faulted);
