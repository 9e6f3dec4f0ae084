namespace PipeServer.Tests.Server;

public sealed class DispatchOverEpollTests() : DispatchTests("epoll");
