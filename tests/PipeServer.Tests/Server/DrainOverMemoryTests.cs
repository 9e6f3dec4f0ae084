namespace PipeServer.Tests.Server;

public sealed class DrainOverMemoryTests() : DrainTests("memory");
