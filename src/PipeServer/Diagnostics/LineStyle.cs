using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>Which events are logged, and what their lines look like.</summary>
/// <param name="Minimum">The lowest level that is logged.</param>
/// <param name="Format">What a line looks like.</param>
internal sealed record LineStyle(LogLevel Minimum, ILineFormat Format);
