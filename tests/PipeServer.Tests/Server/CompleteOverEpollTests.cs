namespace PipeServer.Tests.Server;

public sealed class CompleteOverEpollTests() : CompleteTests("epoll");
