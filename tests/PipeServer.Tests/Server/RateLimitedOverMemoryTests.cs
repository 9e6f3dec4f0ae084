namespace PipeServer.Tests.Server;

public sealed class RateLimitedOverMemoryTests() : RateLimitedTests("memory");
