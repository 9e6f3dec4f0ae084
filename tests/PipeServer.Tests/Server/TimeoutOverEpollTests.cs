namespace PipeServer.Tests.Server;

public sealed class TimeoutOverEpollTests() : TimeoutTests("epoll");
