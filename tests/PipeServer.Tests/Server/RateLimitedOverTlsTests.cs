namespace PipeServer.Tests.Server;

public sealed class RateLimitedOverTlsTests() : RateLimitedTests("epoll/sslstream");
