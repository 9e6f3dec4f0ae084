namespace PipeServer.Tests.Server;

public sealed class OverloadOverTlsTests() : OverloadTests("epoll/sslstream");
