namespace PipeServer.Tests.Server;

public sealed class FilterOverMemoryTests() : FilterTests("memory");
