namespace PipeServer.Tests.Server;

public sealed class ForwardedClientOverEpollTests() : ForwardedClientTests("epoll");
