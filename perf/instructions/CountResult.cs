namespace PipeServer.Instructions;

/// <summary>A run: what each request of each workload costs, and in which functions. The file of budgets has this form too.</summary>
/// <param name="Commit">What was measured.</param>
/// <param name="Tools">What the figures depend on beside the code.</param>
/// <param name="Workloads">The figures.</param>
internal sealed record CountResult(string Commit, Toolchain Tools, IReadOnlyList<WorkloadCount> Workloads);
