namespace PipeServer.Tests.Server;

public sealed class ProtocolOverEpollTests() : ProtocolTests("epoll");
