namespace PipeServer.Tests.Server;

public sealed class ActivityOverEpollTests() : ActivityTests("epoll");
