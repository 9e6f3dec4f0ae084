namespace PipeServer.Routing;

/// <summary>The answer of the <see cref="RouteTable"/>. Immutable; those with a handler are made with the table.</summary>
/// <param name="Outcome">What was found.</param>
/// <param name="Handler">With <see cref="RouteOutcome.Found"/>: the handler.</param>
/// <param name="Pattern">With <see cref="RouteOutcome.Found"/>: the pattern that matched; null for the fallback.</param>
/// <param name="Allow">With MethodNotAllowed and Options: the value of the Allow field.</param>
internal sealed record RouteMatch(
    RouteOutcome Outcome, RouteHandler? Handler = null, RoutePattern? Pattern = null, string? Allow = null);
