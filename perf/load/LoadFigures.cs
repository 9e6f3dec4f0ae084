namespace PipeServer.Load;

/// <summary>What a load generator saw.</summary>
/// <param name="Requests">Answers in all.</param>
/// <param name="RequestsPerSecond">Answers a second.</param>
/// <param name="P50">Half of the answers took at most so many milliseconds; null where the load generator does not tell.</param>
/// <param name="P99">99 of 100 answers took at most so many milliseconds; null as before.</param>
/// <param name="Errors">It saw errors, or statuses other than 2xx and 3xx.</param>
internal sealed record LoadFigures(long Requests, double RequestsPerSecond, double? P50, double? P99, bool Errors);
