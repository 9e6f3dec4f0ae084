namespace PipeServer.Load;

/// <summary>Medians over the rounds of one workload on one server. Null: not measured, or not told by that server.</summary>
internal sealed record Measurement(
    string Workload,
    string Server,
    double? RequestsPerSecond = null,
    double? CpuMicrosecondsPerRequest = null,
    double? P50Milliseconds = null,
    double? P99Milliseconds = null,
    double? ContextSwitchesPerRequest = null,
    double? AllocatedBytesPerRequest = null,
    long? ResidentKilobytes = null,
    double? ResidentKilobytesPerConnection = null,
    bool HadErrors = false);
