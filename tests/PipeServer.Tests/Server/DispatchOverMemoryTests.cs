namespace PipeServer.Tests.Server;

public sealed class DispatchOverMemoryTests() : DispatchTests("memory");
