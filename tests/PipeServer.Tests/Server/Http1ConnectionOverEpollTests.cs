namespace PipeServer.Tests.Server;

public sealed class Http1ConnectionOverEpollTests() : Http1ConnectionOverNetworkTests("epoll");
