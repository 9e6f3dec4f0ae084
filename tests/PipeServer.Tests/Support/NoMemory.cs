namespace PipeServer.Tests.Support;

/// <summary>What a limit of the heap brings at any place, at the place that a test wants.</summary>
internal static class NoMemory
{
#pragma warning disable MA0012, CA2201 // The runtime's own, made up: what is caught by its type has to be it.
    public static Exception MadeUp() => new OutOfMemoryException("Made up.");
#pragma warning restore MA0012, CA2201
}
