namespace PipeServer.Instructions;

/// <summary>A run: what each request of each workload costs, and in which functions.</summary>
/// <param name="Commit">What was measured.</param>
/// <param name="Tools">What the figures depend on beside the code; only runs with the same tools can be compared.</param>
/// <param name="Workloads">The figures.</param>
internal sealed record CountResult(string Commit, string Tools, IReadOnlyList<WorkloadCount> Workloads);
