namespace PipeServer.Tests.Server.Http2;

public sealed class Http2CaseProtocolOverTlsTests() : Http2CaseProtocolTests("epoll/sslstream");
