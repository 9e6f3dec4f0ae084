namespace PipeServer.Tests.Server.Http2;

public sealed class Http2CaseProtocolOverOpenSslTests() : Http2CaseProtocolTests("epoll/openssl");
