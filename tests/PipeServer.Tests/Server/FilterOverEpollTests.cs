namespace PipeServer.Tests.Server;

public sealed class FilterOverEpollTests() : FilterTests("epoll");
