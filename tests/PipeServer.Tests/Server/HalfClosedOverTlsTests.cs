namespace PipeServer.Tests.Server;

public sealed class HalfClosedOverTlsTests() : HalfClosedTests("epoll/sslstream");
