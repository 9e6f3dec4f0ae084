namespace PipeServer.Tests.Server.Http2;

public sealed class Http2CaseProtocolOverEpollTests() : Http2CaseProtocolTests("epoll");
