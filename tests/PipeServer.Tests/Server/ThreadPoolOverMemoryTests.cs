namespace PipeServer.Tests.Server;

public sealed class ThreadPoolOverMemoryTests() : ThreadPoolTests("memory");
