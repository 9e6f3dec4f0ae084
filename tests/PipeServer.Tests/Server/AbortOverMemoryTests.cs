namespace PipeServer.Tests.Server;

public sealed class AbortOverMemoryTests() : AbortTests("memory");
