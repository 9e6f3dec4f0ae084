namespace PipeServer.Tests.Server;

public sealed class TimeoutOverMemoryTests() : TimeoutTests("memory");
