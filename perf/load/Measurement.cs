namespace PipeServer.Load;

/// <summary>Medians over the rounds of one workload on one server. Null: not measured, or not told by that server.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Server">The server.</param>
/// <param name="RequestsPerSecond">Answers a second.</param>
/// <param name="CpuMicrosecondsPerRequest">Processor time of the server a request.</param>
/// <param name="P50Milliseconds">Half of the answers took at most so long.</param>
/// <param name="P99Milliseconds">99 of 100 took at most so long.</param>
/// <param name="ContextSwitchesPerRequest">Of the server's threads.</param>
/// <param name="AllocatedBytesPerRequest">Of the server's whole life.</param>
/// <param name="ResidentKilobytes">Proportional set size, with all connections idle or after the first answer.</param>
/// <param name="ResidentKilobytesPerConnection">What an idle connection adds to it.</param>
/// <param name="CpuPercent">Of one core, with all connections idle but for the server's pings.</param>
/// <param name="HadErrors">Some answers were none that were expected.</param>
/// <param name="StartMilliseconds">From the start of the process to its first answer.</param>
/// <param name="ResidentSetKilobytes">Resident set size after the first answer, as ps shows it, pages shared with other processes included.</param>
/// <param name="RoundRates">Answers a second in each round.</param>
/// <param name="RoundCpu">Processor time a request in each round.</param>
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
    double? CpuPercent = null,
    bool HadErrors = false,
    double? StartMilliseconds = null,
    long? ResidentSetKilobytes = null,
    IReadOnlyList<double>? RoundRates = null,
    IReadOnlyList<double>? RoundCpu = null);
