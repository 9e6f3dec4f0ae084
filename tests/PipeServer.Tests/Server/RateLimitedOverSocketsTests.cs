namespace PipeServer.Tests.Server;

public sealed class RateLimitedOverSocketsTests() : RateLimitedTests("sockets");
