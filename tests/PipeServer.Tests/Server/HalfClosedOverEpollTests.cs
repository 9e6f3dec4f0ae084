namespace PipeServer.Tests.Server;

public sealed class HalfClosedOverEpollTests() : HalfClosedTests("epoll");
