namespace PipeServer.Tests.Server;

public sealed class SynchronousOverEpollTests() : SynchronousTests("epoll");
