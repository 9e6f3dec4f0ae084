namespace PipeServer;

/// <summary>One phase of a stop.</summary>
/// <param name="Name">What was done: <c>delay</c>, <c>drain</c>, <c>abort</c>, <c>workers</c>, <c>transport</c>.</param>
/// <param name="Elapsed">How long it took.</param>
public readonly record struct ShutdownPhase(string Name, TimeSpan Elapsed);
