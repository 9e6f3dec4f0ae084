namespace PipeServer.Tests.Server;

public sealed class ProxyProtocolOverEpollTests() : ProxyProtocolTests("epoll");
