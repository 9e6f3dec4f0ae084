namespace PipeServer.Tests.Server;

public sealed class BatchOverMemoryTests() : BatchTests("memory");
