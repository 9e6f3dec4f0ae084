namespace PipeServer.Tests.Server;

public sealed class ProtocolOverTlsTests() : ProtocolTests("epoll/sslstream");
