namespace PipeServer.Tests.Server;

public sealed class ThreadPoolOverEpollTests() : ThreadPoolTests("epoll");
