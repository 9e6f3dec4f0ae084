namespace PipeServer.Load.Kestrel;

/// <summary>What the harness wants to know when it is over.</summary>
internal sealed record PeerReport(long AllocatedBytes);
