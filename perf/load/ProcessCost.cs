namespace PipeServer.Load;

/// <summary>What a server has used up.</summary>
internal readonly record struct ProcessCost(long CpuMicroseconds, long ContextSwitches);
