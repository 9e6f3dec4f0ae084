namespace PipeServer.Tests.Server;

public sealed class HalfClosedOverOpenSslTests() : HalfClosedTests("epoll/openssl");
