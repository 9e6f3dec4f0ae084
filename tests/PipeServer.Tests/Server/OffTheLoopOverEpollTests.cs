namespace PipeServer.Tests.Server;

public sealed class OffTheLoopOverEpollTests() : OffTheLoopTests("epoll");
