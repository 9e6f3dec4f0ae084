namespace PipeServer.Tests.Server;

public sealed class SynchronousOverMemoryTests() : SynchronousTests("memory");
