namespace PipeServer.Tests.Server;

public sealed class RateLimitedOverOpenSslTests() : RateLimitedTests("epoll/openssl");
