namespace PipeServer.Tests.Server;

public sealed class SourceOverMemoryTests() : SourceTests("memory");
