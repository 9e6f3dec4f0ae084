namespace PipeServer.Tests.Server;

public sealed class DrainOverEpollTests() : DrainTests("epoll");
