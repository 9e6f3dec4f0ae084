namespace PipeServer.Tests.Server;

public sealed class OverloadOverEpollTests() : OverloadTests("epoll");
