namespace PipeServer.Tests.Server;

public sealed class RateLimitedOverEpollTests() : RateLimitedTests("epoll");
