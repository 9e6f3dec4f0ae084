namespace PipeServer.Tests.Server;

public sealed class SourceOverTlsTests() : SourceTests("epoll/sslstream");
